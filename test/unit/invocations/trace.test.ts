import { describe, expect, it } from 'vitest';
import { wantedProtocol } from '../../../src/app/tracing.ts';
import { parseTraceparent, placeOfAttempt, traceparentOf } from '../../../src/invocations/trace.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const given = `00-${traceId}-${spanId}-01`;
const id = '01932f6e-7c1d-7000-8000-00000000002a';

describe('traces (contract §6)', () => {
  it.each([
    ['sampled', given, '01'],
    ['not sampled', `00-${traceId}-${spanId}-00`, '00'],
    ['with other flags', `00-${traceId}-${spanId}-03`, '01'],
    ['of a version to come', `01-${traceId}-${spanId}-01-more`, '01'],
  ])('reads a traceparent %s', (_what, text, flags) => {
    expect(parseTraceparent(text)).toEqual({ traceId, spanId, flags });
  });

  it.each([
    undefined,
    null,
    '',
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01\r\nx: y`,
    `${given}, ${given}`,
  ])('takes %j for none', (text) => {
    expect(parseTraceparent(text)).toBeNull();
  });

  it('gives attempts a trace of their own, or spans of their own in the one they were accepted in', () => {
    const own = { id, traceparent: null };
    expect(traceparentOf(placeOfAttempt(own, 10))).toBe(`00-${id.replaceAll('-', '')}-000000000000000a-01`);
    const accepted = { id, traceparent: given };
    const first = placeOfAttempt(accepted, 1);
    expect(first).toEqual(placeOfAttempt(accepted, 1));
    expect(first).toMatchObject({ traceId, flags: '01', spanId: expect.stringMatching(/^[0-9a-f]{16}$/) });
    const others = [placeOfAttempt(accepted, 2), placeOfAttempt({ ...accepted, id: id.replace('2a', '2b') }, 1)];
    expect(new Set([spanId, first.spanId, ...others.map((each) => each.spanId)]).size).toBe(4);
  });

  it.each([
    [{}, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, 'http/protobuf'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, 'http/json'],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http/protobuf'],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, null],
    [{ OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, null],
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, { refused: expect.stringContaining('zipkin') }],
    [{ OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, { refused: expect.any(String) }],
  ])('asked for by %j: %j', (env, wanted) => {
    expect(wantedProtocol(env)).toEqual(wanted);
  });
});
