import type { Enqueue, EnqueueRequest } from '../invocations/enqueue.ts';
import type { SendOptions } from '../invocations/execute.ts';
import type { Exchange } from '../judging/exchange.ts';
import { type Environment, processEnvironment } from '../platform/config.ts';
import { type Service, service } from '../platform/lifecycle.ts';
import type { Log } from '../platform/log.ts';
import type { RenderedRequest } from '../tokens/render.ts';

export type Source = 'http' | 'bullmq' | 'schedule';

/** Where an invocation comes from: a producer's own job, a page of a schedule's source, or HTTP. */
export function sourceOf(request: EnqueueRequest, job: Parameters<Enqueue>[2]): Source {
  if (job != null) return 'bullmq';
  return request.source === undefined ? 'http' : 'schedule';
}

export type Send = (request: RenderedRequest, options: SendOptions) => Promise<Exchange>;

/** Spans of what this process does. */
export type Tracing = {
  /** A span around accepting, within the producer's trace if there is one; `accept` is given the span's `traceparent`. */
  accepting<Accepted extends { id: string; created: boolean }>(
    request: EnqueueRequest,
    source: Source,
    accept: (traceparent: string) => Promise<Accepted>,
  ): Promise<Accepted>;
  /** A span around each exchange of an attempt: the one that the request's `traceparent` names. */
  sending(send: Send): Send;
  /** Exports what is left, for a moment at most. */
  stop(): Promise<void>;
};

const protocols = ['http/protobuf', 'http/json'] as const;
export type Protocol = (typeof protocols)[number];

/** Which protocol OpenTelemetry's variables ask for; `null`: they ask for no traces, `refused`: for what is not there. */
export function wantedProtocol(env: Environment): Protocol | { refused: string } | null {
  const of = (name: string) => env[name]?.trim() ?? '';
  if (of('OTEL_SDK_DISABLED').toLowerCase() === 'true') return null;
  const exporter = of('OTEL_TRACES_EXPORTER');
  const endpoint = of('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') || of('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (exporter === 'none' || (exporter === '' && endpoint === '')) return null;
  if (exporter !== '' && exporter !== 'otlp')
    return { refused: `OTEL_TRACES_EXPORTER=${exporter}: only otlp and none` };
  const asked = of('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') || of('OTEL_EXPORTER_OTLP_PROTOCOL') || 'http/protobuf';
  const protocol = protocols.find((each) => each === asked);
  return protocol ?? { refused: `OTEL_EXPORTER_OTLP_PROTOCOL=${asked}: only ${protocols.join(' and ')}` };
}

/** Begins to trace if OpenTelemetry's own variables ask for it; else nothing of it is even loaded. */
export async function startTracing(log: Log, env: Environment = processEnvironment()): Promise<Tracing | null> {
  const wanted = wantedProtocol(env);
  if (wanted === null) return null;
  if (typeof wanted === 'object') {
    log.warn('tracing.refused', { problem: wanted.refused }, 'Nothing is traced');
    return null;
  }
  const { openTelemetry } = await import('./open-telemetry.ts');
  return openTelemetry(wanted, env, log);
}

/** To be started before, and so stopped after, all that is traced. */
export function tracingService(tracing: Tracing | null): Service {
  return service('tracing', async () => ({ stop: async () => tracing?.stop() }));
}

/** Without tracing a producer's `traceparent` is not kept: requests carry what they always do. */
export function tracedEnqueue(tracing: Tracing | null, enqueue: Enqueue): Enqueue {
  if (tracing === null) return (principal, { traceparent: _, ...request }, job) => enqueue(principal, request, job);
  return (principal, request, job) => {
    return tracing.accepting(request, sourceOf(request, job), (traceparent) =>
      enqueue(principal, { ...request, traceparent }, job),
    );
  };
}
