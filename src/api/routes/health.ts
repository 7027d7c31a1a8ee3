import { z } from 'zod';
import type { Api } from '../instance.ts';
import { ProblemError } from '../problems.ts';

/** What must be there before requests are let in: each resolves to `null`, or to what is wrong; rejecting is wrong too. */
export type ReadinessChecks = Readonly<Record<string, () => Promise<string | null>>>;

/** Probes give up after a few seconds: an answer that names the culprit must come before that. */
const checkTimeoutMs = 2_000;

/** `/healthz`: the process answers. `/readyz`: it can also work. Neither needs a key or tells more than names. */
export function healthRoutes(app: Api, { readiness }: { readiness: ReadinessChecks }): void {
  app.get(
    '/healthz',
    {
      config: { permission: 'public' },
      schema: {
        summary: 'The process is alive',
        tags: ['health'],
        security: [],
        response: { 200: z.strictObject({ status: z.literal('ok') }) },
      },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      config: { permission: 'public' },
      schema: {
        summary: 'Database and queue can be reached and are of this version',
        tags: ['health'],
        security: [],
        response: {
          200: z.strictObject({ status: z.literal('ready'), checks: z.record(z.string(), z.literal('ok')) }),
        },
      },
    },
    async () => {
      const names = Object.keys(readiness);
      const wrongs = await Promise.all(Object.values(readiness).map(bounded));
      const errors = names.flatMap((path, index) => {
        const message = wrongs[index];
        return typeof message === 'string' ? [{ path, message }] : [];
      });
      if (errors.length > 0) {
        const detail = `Not ready: ${errors.map(({ path, message }) => `the ${path} ${message}`).join('; ')}.`;
        throw new ProblemError('unavailable', detail, { errors, headers: { 'retry-after': '5' } });
      }
      return { status: 'ready' as const, checks: Object.fromEntries(names.map((name) => [name, 'ok' as const])) };
    },
  );
}

async function bounded(check: () => Promise<string | null>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, checkTimeoutMs, `did not answer within ${checkTimeoutMs / 1000} s`);
  });
  try {
    return await Promise.race([check().catch(() => 'cannot be reached'), late]);
  } finally {
    clearTimeout(timer);
  }
}
