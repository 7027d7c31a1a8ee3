import {
  acknowledgeBodySchema,
  problemGroupQuerySchema,
  problemGroupSchema,
  problemGroupsSchema,
} from '../../contract/problem-group.ts';
import type { Problems } from '../../invocations/problems.ts';
import { type Api, principalOf } from '../instance.ts';

const tags = ['problems'];

/** What is wrong now, and who has seen it. */
export function problemGroupRoutes(app: Api, { problems }: { problems: Problems }): void {
  app.get(
    '/v1/problems',
    {
      config: { permission: 'problems.read' },
      schema: {
        summary: 'What is wrong now: what has failed or is retried, by integration, command, code and whose move it is',
        description:
          'What nobody has acknowledged first, then what concerns most invocations; the 200 that have the newest. Where an ' +
          "invocation has a `cause`, `message` tells of it. Absent ones and cancelled ones are not among them, nor deleted integrations'.",
        tags,
        querystring: problemGroupQuerySchema,
        response: { 200: problemGroupsSchema },
      },
    },
    (request) => problems.list(principalOf(request).accounts, request.query),
  );

  app.post(
    '/v1/problems/acknowledge',
    {
      config: { permission: 'problems.acknowledge' },
      schema: {
        summary: 'Note that somebody has seen a problem, or take that back',
        description: 'It holds until something newer fails in the same way. 404 if nothing fails so.',
        tags,
        body: acknowledgeBodySchema,
        response: { 200: problemGroupSchema },
      },
    },
    (request) => {
      const { accounts, actor } = principalOf(request);
      return problems.acknowledge({ accounts, actor }, request.body);
    },
  );
}
