import { can, permissions } from '../../access/permissions.ts';
import { sessionSchema } from '../../contract/session.ts';
import { type Api, principalOf } from '../instance.ts';

/** Who asks, and what they may do. */
export function sessionRoute(app: Api, { version }: { version: string }): void {
  app.get(
    '/v1/session',
    {
      config: { permission: 'session.read' },
      schema: { summary: 'Who asks, and what they may do', tags: ['keys'], response: { 200: sessionSchema } },
    },
    async (request) => {
      const { actor, role, accounts } = principalOf(request);
      const allowed = permissions.filter((permission) => can(role, permission));
      return { actor, role, accounts, permissions: allowed, version, egressIps: [], portal: false };
    },
  );
}
