import { describe, expect, test } from 'vitest';
import type { Accept } from '../../../src/contract/command.ts';
import type { Answer, ExchangeFailure } from '../../../src/judging/exchange.ts';
import { answer, failure, judged, wholePdf } from './exchanges.ts';

describe('contract §6: statuses', () => {
  test.each<[number, Accept]>([
    [200, {}],
    [299, {}],
    [302, { statuses: ['2xx', 302] }],
    [404, { statuses: ['404'] }],
    [503, { statuses: ['5xx'] }],
  ])('%i is a success with %j', (status, accept) => {
    expect(judged(answer(status, { body: 'x' }), accept)).toMatchObject({ outcome: 'succeeded', status });
  });

  test.each([408, 425, 429, 500, 502, 503, 504])('%i is retryable', (status) => {
    const message = expect.stringContaining(`The server answered ${status} `);
    expect(judged(answer(status))).toEqual({
      outcome: 'retryable',
      failure: { code: 'unexpected-status', message, side: 'customer-server' },
    });
  });

  test.each([
    300, 301, 302, 303, 304, 307, 308, 400, 402, 404, 405, 406, 409, 410, 411, 413, 414, 415, 421, 422, 423, 424, 431,
    451, 418, 501, 505, 511, 599,
  ])('%i is permanent', (status) => {
    expect(judged(answer(status))).toMatchObject({ outcome: 'permanent', failure: { code: 'unexpected-status' } });
  });

  test.each([401, 403, 407])('%i is permanent and about the credentials', (status) => {
    expect(judged(answer(status))).toMatchObject({ outcome: 'permanent', failure: { side: 'credentials' } });
  });

  test('a redirect says what to do about it', () => {
    const message = expect.stringMatching(/^The server answered 302 Found; .*put the final address into the URL/);
    expect(judged(answer(302))).toMatchObject({ failure: { message, side: 'configuration' } });
  });

  test('a redirect that is not followed says why', () => {
    const notFollowed = 'its Location is not a valid URL';
    const message = `The server answered 302 Found; ${notFollowed}: put the final address into the URL.`;
    expect(judged({ ...answer(302), notFollowed })).toMatchObject({ failure: { message } });
    expect(JSON.stringify(judged(answer(300)))).not.toContain('GET');
  });

  test.each([99, 600, 999])('%i is no status of HTTP: a broken answer', (status) => {
    expect(judged(answer(status))).toMatchObject({ outcome: 'retryable', failure: { code: 'protocol-error' } });
  });

  test('a success with an error in its body is a success', () => {
    expect(judged(answer(200, { type: 'application/json', body: '{"error":true}' }))).toMatchObject({
      outcome: 'succeeded',
    });
  });

  test('an absent status is absent, even where it is retryable or accepted', () => {
    const accept: Accept = { statuses: ['2xx', '4xx'], absentStatuses: [404, 503] };
    for (const status of [404, 503]) {
      const verdict = judged(answer(status, { headers: { 'Retry-After': '5' } }), accept);
      expect(verdict).toEqual({
        outcome: 'permanent',
        failure: { code: 'absent', side: 'request', message: expect.stringContaining(`answered ${status} `) },
      });
    }
  });

  test('what is not accepted is said with what would be', () => {
    expect(judged(answer(204), { statuses: [200, '3xx'] })).toMatchObject({
      failure: { message: 'The server answered 204 No Content; accept.statuses takes 200, 3xx.' },
    });
  });
});

describe('contract §6: Retry-After', () => {
  test.each([429, 503, 500])('is kept for a %i, and said', (status) => {
    const verdict = judged(answer(status, { headers: { 'retry-after': '3600' } }));
    expect(verdict).toMatchObject({
      outcome: 'retryable',
      retryAfterMs: 3_600_000,
      failure: { message: expect.stringContaining('It asked to wait 3,600 s (Retry-After).') },
    });
  });

  test('is ignored where it is garbage, and on permanent failures', () => {
    expect(judged(answer(503, { headers: { 'Retry-After': 'soon' } }))).not.toHaveProperty('retryAfterMs');
    expect(judged(answer(404, { headers: { 'Retry-After': '5' } }))).not.toHaveProperty('retryAfterMs');
  });

  test('of several, the longest holds', () => {
    const exchange = answer(503, { headers: { 'Retry-After': '5', 'retry-after': '7' } });
    expect(judged(exchange)).toMatchObject({ retryAfterMs: 7000 });
  });

  test('holds too where the body of the 503 broke off', () => {
    const headers = [{ key: 'Retry-After', value: '9' }];
    const exchange = failure({ code: 'protocol-error', status: 503, headers });
    expect(judged(exchange)).toMatchObject({ outcome: 'retryable', retryAfterMs: 9000 });
  });
});

describe('contract §6: exchanges without an answer', () => {
  test.each<[ExchangeFailure['code'], boolean, string]>([
    ['dns-failed', true, 'customer-server'],
    ['connect-failed', true, 'customer-server'],
    ['timeout', true, 'customer-server'],
    ['protocol-error', true, 'customer-server'],
    ['tls-failed', false, 'customer-server'],
    ['egress-blocked', false, 'configuration'],
    ['response-too-large', false, 'customer-server'],
  ])('%s keeps its code and message; retryable: %j', (code, retryable, side) => {
    expect(judged(failure({ code, retryable }))).toEqual({
      outcome: retryable ? 'retryable' : 'permanent',
      failure: { code, message: 'It broke.', side },
    });
  });

  test.each<[number, Accept, string, string]>([
    [503, {}, 'retryable', 'unexpected-status'],
    [404, { absentStatuses: [404] }, 'permanent', 'absent'],
    [200, {}, 'permanent', 'response-too-large'],
  ])('a %i whose body is too large is judged by its status', (status, accept, outcome, code) => {
    const exchange = failure({ code: 'response-too-large', retryable: false, status });
    expect(judged(exchange, accept)).toMatchObject({ outcome, failure: { code } });
  });
});

const pdf: Accept = { contentTypes: ['application/pdf'] };
const loginPage = '<!DOCTYPE html><html><form><input name="p" type="password"></form></html>';
const success = (contentType: string | null) => ({ outcome: 'succeeded', contentType });
const refused = (code: string, outcome = 'permanent') => ({ outcome, failure: { code } });

describe('contract §6: content', () => {
  test.each<[string, Answer, Accept, object]>([
    ['any type where none is asked for', answer(200, { type: 'text/x; a=b', body: 'x' }), {}, success('text/x; a=b')],
    ['no type where none is asked for', answer(200, { body: 'x' }), {}, success(null)],
    ['204 where no type is asked for', answer(204), {}, success(null)],
    ['204 where one is', answer(204), pdf, refused('unexpected-content')],
    [
      'an empty 200 where one is',
      answer(200, { type: 'text/csv' }),
      { contentTypes: ['text/csv'] },
      refused('unexpected-content'),
    ],
    [
      'the type asked for, in any case',
      answer(200, { type: 'Text/CSV; charset=x', body: 'a' }),
      { contentTypes: ['text/csv'] },
      success('Text/CSV; charset=x'),
    ],
    [
      'a type of the class asked for',
      answer(200, { type: 'image/png', body: 'a' }),
      { contentTypes: ['image/*'] },
      success('image/png'),
    ],
    [
      'another type',
      answer(200, { type: 'text/plain', body: 'a' }),
      { contentTypes: ['image/*'] },
      refused('unexpected-content'),
    ],
    [
      'no type where one is asked for',
      answer(200, { body: 'a' }),
      { contentTypes: ['image/*'] },
      refused('unexpected-content'),
    ],
    ['too many bytes', answer(200, { body: 'abc' }), { maxBytes: 2 }, refused('response-too-large')],
    ['as many bytes as allowed', answer(200, { body: 'abc' }), { maxBytes: 3 }, success(null)],
    ['a PDF', answer(200, { type: 'application/pdf', body: wholePdf }), pdf, success('application/pdf')],
    [
      'a PDF as octet-stream',
      answer(200, { type: 'application/octet-stream', body: wholePdf }),
      pdf,
      success('application/pdf'),
    ],
    ['a PDF without a type', answer(200, { body: wholePdf }), pdf, success('application/pdf')],
    ['a PDF as text/plain', answer(200, { type: 'text/plain', body: wholePdf }), pdf, refused('unexpected-content')],
    [
      'octet-stream that is no PDF',
      answer(200, { type: 'application/octet-stream', body: 'x' }),
      pdf,
      refused('unexpected-content'),
    ],
    [
      'octet-stream where it is asked for too',
      answer(200, { type: 'application/octet-stream', body: 'x' }),
      { contentTypes: ['application/pdf', 'application/octet-stream'] },
      success('application/octet-stream'),
    ],
    [
      'a PDF type without PDF',
      answer(200, { type: 'application/pdf', body: 'hello' }),
      pdf,
      refused('unexpected-content'),
    ],
    [
      'a PDF without its end',
      answer(200, { type: 'application/pdf', body: '%PDF-1.7 …' }),
      pdf,
      refused('unexpected-content'),
    ],
    [
      'a PDF whose end is too far from the end',
      answer(200, { type: 'application/pdf', body: `${wholePdf}${' '.repeat(1024)}` }),
      pdf,
      refused('unexpected-content'),
    ],
    ['an empty PDF', answer(200, { type: 'application/pdf' }), pdf, refused('unexpected-content')],
    [
      'a PDF where an image would do too',
      answer(200, { type: 'image/png', body: 'x' }),
      { contentTypes: ['application/pdf', 'image/png'] },
      success('image/png'),
    ],
    [
      'unframed: a PDF with its end',
      answer(200, { type: 'application/pdf', body: wholePdf, framed: false }),
      pdf,
      success('application/pdf'),
    ],
    [
      'unframed: a PDF without its end',
      answer(200, { type: 'application/pdf', body: '%PDF-1.7', framed: false }),
      pdf,
      refused('protocol-error', 'retryable'),
    ],
    [
      'unframed: the beginning of a beginning',
      answer(200, { type: 'application/pdf', body: '%P', framed: false }),
      pdf,
      refused('protocol-error', 'retryable'),
    ],
    ['unframed: nothing at all', answer(200, { framed: false }), pdf, refused('protocol-error', 'retryable')],
    [
      'unframed: no PDF',
      answer(200, { type: 'application/pdf', body: 'hello', framed: false }),
      pdf,
      refused('unexpected-content'),
    ],
    [
      'unframed: nothing to check',
      answer(200, { type: 'text/plain', body: 'x', framed: false }),
      {},
      success('text/plain'),
    ],
  ])('%s', (_what, exchange, accept, wanted) => {
    expect(judged(exchange, accept)).toMatchObject(wanted);
  });

  test.each([
    'text/html; charset=utf-8',
    'application/pdf',
    'application/octet-stream',
  ])('a login page as %s is not an invoice', (type) => {
    expect(judged(answer(200, { type, body: loginPage }), pdf)).toEqual({
      outcome: 'permanent',
      failure: {
        code: 'unexpected-content',
        message: 'The server answered with an HTML page instead of a PDF: a login page?',
        side: 'credentials',
      },
    });
  });

  test('another page is not about credentials', () => {
    const exchange = answer(200, { type: 'text/html', body: '<html>Maintenance</html>' });
    expect(judged(exchange, pdf)).toMatchObject({ failure: { side: 'customer-server' } });
  });

  test('the bytes come as they are', () => {
    const exchange = answer(200, { body: new Uint8Array([0, 255, 128]) });
    const verdict = judged(exchange);
    expect(verdict.outcome === 'succeeded' && verdict.bytes).toBe(exchange.body);
  });
});
