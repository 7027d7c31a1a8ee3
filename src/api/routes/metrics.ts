import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { metricsMediaType } from '../../contract/metrics.ts';
import { type Api, principalOf } from '../instance.ts';
import { ProblemError } from '../problems.ts';

export type MetricsDependencies = {
  metrics: {
    /** May everybody read them, without a key? */
    public: boolean;
    /** In Prometheus' text format. Never rejects. */
    text(): Promise<string>;
    /** Told of each answered request; `route` is its pattern. Never throws. */
    answered(request: { method: string; route: string; status: number; seconds: number }): void;
  };
};

/** `/metrics`: what happens now, for Prometheus and its like. */
export function metricsRoutes(app: Api, { metrics }: MetricsDependencies): void {
  app.get(
    '/metrics',
    {
      config: { permission: metrics.public ? 'public' : 'metrics.read' },
      schema: {
        summary: "Meters in Prometheus' text format",
        description: 'For keys of all accounts, or for everybody if the operator has set `ERRAND_METRICS_PUBLIC=1`.',
        tags: ['health'],
        ...(metrics.public ? { security: [] } : {}),
        response: { 200: { description: 'The meters.', content: { 'text/plain': { schema: z.string() } } } },
      },
    },
    async (request, reply) => {
      if (!metrics.public && principalOf(request).accounts !== '*') {
        throw new ProblemError('forbidden', 'The meters are of all accounts: this needs a key for "*".');
      }
      return (reply as FastifyReply).header('content-type', metricsMediaType).send(await metrics.text()) as never;
    },
  );
}

/** Tells the meters of every request. */
export function measureRequests(app: Pick<Api, 'addHook'>, { metrics }: MetricsDependencies): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    const route = request.routeOptions.url ?? 'none';
    metrics.answered({ method, route, status: reply.statusCode, seconds: reply.elapsedTime / 1000 });
  });
}
