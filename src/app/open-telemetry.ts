import {
  type Attributes,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  type IdGenerator,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { parseTraceparent, placeOfAttempt, type SpanPlace, traceparentOf } from '../invocations/trace.ts';
import type { Exchange } from '../judging/exchange.ts';
import type { Environment } from '../platform/config.ts';
import type { Log } from '../platform/log.ts';
import type { Protocol, Tracing } from './tracing.ts';
import { version } from './version.ts';

/**
 * One export with its tries, unless the variables say otherwise: the process ends no sooner, so a stop would wait for a
 * receiver that is away by OpenTelemetry's own 10 s.
 */
const exportMs = 3_000;
/** A receiver that is away is told of once in so long. */
const tellEveryMs = 60_000;

/** Traces by OTLP; everything but the sampler's variables is read by the exporter and the resource themselves. */
export async function openTelemetry(protocol: Protocol, env: Environment, log: Log): Promise<Tracing> {
  tellFailures(log);
  const { OTLPTraceExporter } = await (protocol === 'http/json'
    ? import('@opentelemetry/exporter-trace-otlp-http')
    : import('@opentelemetry/exporter-trace-otlp-proto'));
  const named = resourceFromAttributes({ 'service.name': 'errand', 'service.version': version });
  const ids = chosenIds();
  const limited = env.OTEL_EXPORTER_OTLP_TRACES_TIMEOUT ?? env.OTEL_EXPORTER_OTLP_TIMEOUT;
  const timeLimit = limited === undefined ? { timeoutMillis: exportMs } : {};
  const provider = new TracerProvider({
    resource: named.merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(env, log),
    idGenerator: ids.generator,
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(timeLimit), ...batchesOf(env) })],
  });
  const tracer = provider.getTracer('errand', version);
  return {
    accepting: accepting(tracer),
    sending: sending(tracer, ids.as),
    async stop() {
      const late = new Promise((resolve) => setTimeout(resolve, exportMs).unref());
      await Promise.race([provider.shutdown().catch((error) => log.warn('tracing.failed', { error })), late]);
    },
  };
}

function accepting(tracer: Tracer): Tracing['accepting'] {
  const kinds = { http: SpanKind.SERVER, bullmq: SpanKind.CONSUMER, schedule: SpanKind.INTERNAL };
  return async ({ integration, command, lane, traceparent }, source, accept) => {
    const attributes = { 'errand.integration': integration, 'errand.command': command, 'errand.lane': lane };
    const parent = within(parseTraceparent(traceparent));
    const span = tracer.startSpan(`accept ${source}`, { kind: kinds[source], attributes }, parent);
    const { traceId, spanId, traceFlags } = span.spanContext();
    const flags = (traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01';
    return spanned(span, async () => {
      const accepted = await accept(traceparentOf({ traceId, spanId, flags }));
      span.setAttributes({ 'errand.invocation.id': accepted.id, 'errand.created': accepted.created });
      return accepted;
    });
  };
}

function sending(tracer: Tracer, as: <T>(place: SpanPlace, start: () => T) => T): Tracing['sending'] {
  return (send) => (request, options) => {
    if (options.attempt === undefined) return send(request, options);
    const { claimed: of, redact } = options.attempt;
    // Not the URL: who writes a command may put into it what is nobody else's business.
    const attributes = {
      'http.request.method': request.method,
      'server.address': redact(new URL(request.url).hostname),
      'errand.invocation.id': of.id,
      'errand.integration': of.integration,
      'errand.command': of.command,
      'errand.lane': of.lane,
      'errand.attempt': of.attempt,
      ...(of.batch === null ? {} : { 'errand.batch.id': of.batch }),
    };
    const kind = SpanKind.CLIENT;
    const parent = within(parseTraceparent(of.traceparent));
    const span = as(placeOfAttempt(of, of.attempt), () =>
      tracer.startSpan(request.method, { kind, attributes }, parent),
    );
    return spanned(span, async () => {
      const exchange = await send(request, options);
      const { outcome, failed } = described(exchange);
      span.setAttributes(outcome);
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      return exchange;
    });
  };
}

function described(exchange: Exchange): { outcome: Attributes; failed: boolean } {
  const { status } = exchange;
  const outcome: Attributes = status === undefined ? {} : { 'http.response.status_code': status };
  if (exchange.kind === 'failure') return { outcome: { ...outcome, 'error.type': exchange.code }, failed: true };
  if (exchange.status < 400) return { outcome, failed: false };
  return { outcome: { ...outcome, 'error.type': String(status) }, failed: true };
}

async function spanned<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

function within(place: SpanPlace | null) {
  if (place === null) return ROOT_CONTEXT;
  const { traceId, spanId, flags } = place;
  const traceFlags = flags === '01' ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** An attempt's span has the ids that its request carries, and those are known before; any other span has random ones. */
function chosenIds() {
  const random = new RandomIdGenerator();
  let chosen: SpanPlace | null = null;
  const generator: IdGenerator = {
    generateTraceId: () => chosen?.traceId ?? random.generateTraceId(),
    generateSpanId: () => chosen?.spanId ?? random.generateSpanId(),
  };
  const as = <T>(place: SpanPlace, start: () => T): T => {
    chosen = place;
    try {
      return start();
    } finally {
      chosen = null;
    }
  };
  return { generator, as };
}

/** By the `OTEL_BSP_` variables; what is no positive number counts as unset. */
function batchesOf(env: Environment) {
  const given = (option: string, name: string) => {
    const number = Number(env[`OTEL_BSP_${name}`]?.trim());
    return number > 0 ? { [option]: number } : {};
  };
  return {
    ...given('scheduledDelayMillis', 'SCHEDULE_DELAY'),
    ...given('exportTimeoutMillis', 'EXPORT_TIMEOUT'),
    ...given('maxQueueSize', 'MAX_QUEUE_SIZE'),
    ...given('maxExportBatchSize', 'MAX_EXPORT_BATCH_SIZE'),
  };
}

/** By `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`; what they do not say well is said by their default. */
function samplerOf(env: Environment, log: Log): Sampler {
  const name = env.OTEL_TRACES_SAMPLER?.trim() || 'parentbased_always_on';
  const given = Number(env.OTEL_TRACES_SAMPLER_ARG?.trim() || '1');
  const ratio = given >= 0 && given <= 1 ? given : 1;
  const roots: Record<string, () => Sampler> = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio),
  };
  const root = Object.hasOwn(roots, name.replace(/^parentbased_/, ''))
    ? roots[name.replace(/^parentbased_/, '')]
    : undefined;
  if (root === undefined || ratio !== given) {
    log.warn(
      'tracing.sampler',
      { sampler: name, ratio },
      'OTEL_TRACES_SAMPLER or its argument is none of the standard',
    );
  }
  const sampler = root?.() ?? new AlwaysOnSampler();
  return name.startsWith('parentbased_') || root === undefined ? new ParentBasedSampler({ root: sampler }) : sampler;
}

/** OpenTelemetry's own complaints, which would be silent. */
function tellFailures(log: Log): void {
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = (problem: string) => {
    if (performance.now() - toldAt < tellEveryMs) return;
    toldAt = performance.now();
    log.warn('tracing.failed', { problem }, 'Spans could not be exported; they are lost, and nothing else is');
  };
  const silent = () => undefined;
  const logger = { error: tell, warn: tell, info: silent, debug: silent, verbose: silent };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}
