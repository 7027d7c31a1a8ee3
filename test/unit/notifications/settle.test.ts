import { describe, expect, it } from 'vitest';
import { webhookUrlProblem } from '../../../src/contract/webhook-url.ts';
import { judgeDelivery } from '../../../src/notifications/deliver.ts';
import { retryDelaysMs, settleDelivery } from '../../../src/notifications/settle.ts';

const refused = {
  status: 500,
  error: { code: 'unexpected-status', message: 'no' },
  gone: false,
  durationMs: 1,
} as const;

describe('contract §6: what becomes of a notification', () => {
  it.each([0, 0.999])('waits between half and the whole of each delay, then fails (random %s)', (random) => {
    const asked = { ...refused, retryAfterMs: undefined };
    for (const [index, delayMs] of retryDelaysMs.entries()) {
      const next = settleDelivery(asked, index + 1, random);
      expect(next).toEqual({ status: 'pending', delayMs: Math.ceil(delayMs / 2 + (delayMs / 2) * random) });
    }
    expect(settleDelivery(asked, retryDelaysMs.length + 1, random)).toEqual({ status: 'failed' });
  });

  it('ends within a day or so', () => {
    const hours = retryDelaysMs.reduce((sum, each) => sum + each, 0) / 3_600_000;
    expect(hours).toBeGreaterThan(24);
    expect(hours).toBeLessThan(30);
  });

  it('is never tried sooner than it was asked to, but not put off for longer than the longest delay', () => {
    const wait = (retryAfterMs: number) => settleDelivery({ ...refused, retryAfterMs }, 1, 0);
    expect(wait(60_000)).toEqual({ status: 'pending', delayMs: 60_000 });
    expect(wait(1e12)).toEqual({ status: 'pending', delayMs: 36_000_000 });
  });

  it('is decided by the status alone, also of an answer that nobody reads to its end', () => {
    const failure = { kind: 'failure', message: 'm', retryable: true, requestSent: true } as const;
    expect(judgeDelivery({ ...failure, code: 'response-too-large', status: 200 }, 0).error).toBeNull();
    expect(judgeDelivery({ ...failure, code: 'timeout', status: 200 }, 0).error?.code).toBe('timeout');
    expect(judgeDelivery({ ...failure, code: 'response-too-large', status: 410 }, 0).gone).toBe(true);
  });
});

describe('contract §5: a URL that webhooks go to', () => {
  it.each([
    ['ftp://example.com/', /begin with http/],
    ['https://{{Host}}/', /takes no tokens/],
    ['https://example.com/?id={{ errand.invocationId }}', /takes no tokens/],
    ['example.com', /begin with http/],
    ['https://user:password@example.com/', /user:password/],
    ['https://example.com/#top', /fragment/],
    ['https://example.com/#', /fragment/],
    ['https://example.com:99999/', /not a URL/],
    ['https://example.com/a b', /spaces/],
    ['https://example.com/\r\nx', /spaces/],
    ['https:\\\\example.com', /backslashes/],
    ['https://example.com/\ud800', /surrogate/],
  ])('is refused: %j', (url, problem) => {
    expect(webhookUrlProblem(url)).toMatch(problem);
  });

  it.each(['http://127.0.0.1:8080/x?token=1', 'HTTPS://Example.com', 'https://[::1]/'])('may be %s', (url) => {
    expect(webhookUrlProblem(url)).toBeNull();
  });
});
