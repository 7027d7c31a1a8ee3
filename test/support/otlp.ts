import { EventEmitter, once } from 'node:events';
import { startEndpoint } from './endpoints/endpoint.ts';

export type ReceivedSpan = {
  service: string;
  name: string;
  traceId: string;
  spanId: string;
  parent: string | null;
  /** Unix nanoseconds, as far as a number tells them. */
  startedAt: number;
  attributes: Record<string, unknown>;
};

type Value = { stringValue?: string; intValue?: number | string; boolValue?: boolean };
type Attributes = { key: string; value: Value }[];
type Export = {
  resourceSpans: {
    resource: { attributes: Attributes };
    scopeSpans: {
      spans: {
        name: string;
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        startTimeUnixNano: string;
        attributes: Attributes;
      }[];
    }[];
  }[];
};

const plain = ({ stringValue, intValue, boolValue }: Value) =>
  stringValue ?? boolValue ?? (intValue === undefined ? undefined : Number(intValue));
const named = (attributes: Attributes) => Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));

/** An OTLP receiver of traces as JSON over HTTP. */
export async function startReceiver() {
  const spans: ReceivedSpan[] = [];
  const came = new EventEmitter();
  const endpoint = await startEndpoint(({ url, body }, response) => {
    if (url !== '/v1/traces') throw new Error(`nobody receives at ${url}`);
    const { resourceSpans } = JSON.parse(body.toString()) as Export;
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const { traceId, spanId, parentSpanId, ...span } of scopeSpans.flatMap((scope) => scope.spans)) {
        spans.push({
          service: String(named(resource.attributes)['service.name']),
          name: span.name,
          ...{ traceId, spanId, parent: parentSpanId ?? null },
          startedAt: Number(span.startTimeUnixNano),
          attributes: named(span.attributes),
        });
      }
    }
    came.emit('spans');
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });

  async function spansMatching(matches: (span: ReceivedSpan) => boolean, count: number): Promise<ReceivedSpan[]> {
    const signal = AbortSignal.timeout(20_000);
    for (;;) {
      const found = spans.filter(matches);
      if (found.length >= count) return found;
      await once(came, 'spans', { signal });
    }
  }
  return {
    url: endpoint.url,
    spans,
    /** Waits until so many have come. */
    spansMatching,
    spansOf: (trace: string, count: number) => spansMatching(({ traceId }) => traceId === trace, count),
    close: endpoint.close,
  };
}
