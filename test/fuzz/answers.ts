import { deepStrictEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { outgoingRequest } from '../../src/invocations/outgoing.ts';
import { compileAccept } from '../../src/judging/accept.ts';
import { extractBytes } from '../../src/judging/extract.ts';
import { judge } from '../../src/judging/judge.ts';
import { resolvePointer } from '../../src/judging/pointer.ts';
import { parseRetryAfter } from '../../src/judging/retry-after.ts';
import { hostileText, property } from './property.ts';

const now = Date.UTC(2026, 10, 24, 2);
const yearMs = 365 * 86_400_000;
const moment = fc.date({ min: new Date('1990-01-01'), max: new Date('2075-01-01'), noInvalidDate: true });

/** RFC 850 and asctime, the two obsolete forms that are still to be read (RFC 9110 §5.6.7). */
const dateForms: ((at: Date) => string)[] = [
  (at) => at.toUTCString(),
  (at) => {
    const [, day, month, year = '', time] = at.toUTCString().split(' ');
    const weekday = at.toLocaleDateString('en-US', { weekday: 'long', timeZone: 'UTC' });
    return `${weekday}, ${day}-${month}-${year.slice(2)} ${time} GMT`;
  },
  (at) => {
    const [weekday = '', day, month, year, time] = at.toUTCString().split(' ');
    return `${weekday.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
  },
];

const text = fc.array(
  fc.oneof(fc.constantFrom('Sun', ', ', '06', ' ', 'Nov', '1994', ':', '49', 'GMT', '-', '0', '9'), hostileText),
  { maxLength: 12 },
);

const type = fc.constantFrom('application/pdf', 'text/plain', 'application/json', 'image/png', 'application/x-a+json');
const parameters = fc.array(fc.constantFrom(';', ' ; charset=utf-8', ';a="b;c"', '; ', ';x=,'), { maxLength: 3 });
const anyCase = (value: string, upper: boolean[]) =>
  [...value].map((character, index) => (upper[index % upper.length] ? character.toUpperCase() : character)).join('');

const pointerOf = (path: readonly (string | number)[]) =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

function* pathsOf(value: unknown, path: (string | number)[] = []): Generator<[(string | number)[], unknown]> {
  yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, each] of entries) yield* pathsOf(each, [...path, key]);
}

const document = fc.oneof(fc.json(), fc.json({ depthSize: 'medium' })).map((json) => JSON.parse(json) as unknown);

export const answers = [
  property(
    'contract §6: every form of an HTTP date in Retry-After is understood',
    [moment, fc.nat(dateForms.length - 1)],
    (at, form) => {
      const second = Math.floor(at.getTime() / 1000) * 1000;
      const said = (dateForms[form] as (at: Date) => string)(new Date(second));
      // A year of two digits that is more than 50 years ahead is meant to be past.
      equal(parseRetryAfter(said, now), Math.min(Math.max(0, second - now), yearMs), said);
    },
  ),
  property('contract §6: whatever stands in Retry-After is a wait of at most a year, or nothing', [text], (parts) => {
    const wait = parseRetryAfter(parts.join(''), now);
    ok(wait === undefined || (Number.isInteger(wait) && wait >= 0 && wait <= yearMs));
  }),
  property(
    'contract §6: a content type is known by its type, whatever its case, spaces and parameters',
    [type, type, fc.array(fc.boolean(), { minLength: 1 }), parameters],
    (asked, came, upper, after) => {
      const value = ` ${anyCase(came, upper)}${after.join('')} `;
      const body = Buffer.from(came === 'application/pdf' ? '%PDF-1.7\n%%EOF\n' : '{}');
      const headers = [{ key: 'CONTENT-type', value }];
      const answer = { kind: 'answer', status: 200, headers, body, framed: true } as const;
      const { outcome } = judge(answer, compileAccept({ contentTypes: [asked] }), now);
      equal(outcome, asked === came ? 'succeeded' : 'permanent');
    },
  ),
  property(
    'contract §6: whatever answer comes, it is judged',
    [
      fc.integer({ min: 100, max: 999 }),
      fc.array(fc.tuple(fc.constantFrom('Content-Type', 'Retry-After', 'Location', 'ETag', 'X'), hostileText), {
        maxLength: 5,
      }),
      fc.uint8Array({ maxLength: 40 }),
      fc.boolean(),
      fc.constantFrom('application/pdf', '*/*', 'text/*'),
    ],
    (status, headers, body, framed, asked) => {
      const received = headers.map(([key, value]) => ({ key, value }));
      const answer = { kind: 'answer', status, headers: received, body, framed } as const;
      const { outcome } = judge(answer, compileAccept({ contentTypes: [asked], extract: { pointer: '/a' } }), now);
      ok(['succeeded', 'retryable', 'permanent'].includes(outcome));
      if (outcome === 'succeeded') ok(status >= 200 && status < 300);
    },
  ),
  property('contract §6: a JSON Pointer leads to every value of a document', [document], (value) => {
    for (const [path, at] of pathsOf(value)) ok(Object.is(resolvePointer(value, pointerOf(path)), at), pointerOf(path));
  }),
  property(
    'contract §6: a JSON Pointer leads to nothing that the document does not have itself',
    [
      document,
      fc.array(
        fc.oneof(fc.constantFrom('__proto__', 'constructor', 'length', 'toString', '-', '01', '~', ''), hostileText),
        { maxLength: 4 },
      ),
    ],
    (value, path) => {
      const found = resolvePointer(value, `/${path.join('/')}`);
      if (found === undefined) return;
      ok([...pathsOf(value)].some(([, at]) => Object.is(at, found)));
    },
  ),
  property(
    'contract §6: extracted bytes are those that were put in',
    [
      fc.uint8Array({ maxLength: 64 }),
      fc.constantFrom('base64', 'base64url', 'hex'),
      fc.integer({ min: 1, max: 20 }),
      fc.string(),
    ],
    (bytes, encoding, columns, key) => {
      const encoded = Buffer.from(bytes).toString(encoding);
      const wrapped = encoded.replace(new RegExp(`(.{${columns}})`, 'g'), '$1\r\n');
      const body = Buffer.from(JSON.stringify(Object.fromEntries([[key, wrapped]])));
      const extracted = extractBytes(body, { pointer: pointerOf([key]), encoding, contentType: null });
      ok(extracted.ok);
      deepStrictEqual(Buffer.from(extracted.bytes), Buffer.from(bytes));
    },
  ),
  property(
    'contract §6: traceparent is one of W3C Trace Context, the same for the same attempt and another for the next',
    [fc.uuid({ version: 7 }), fc.integer({ min: 1, max: 2 ** 31 - 1 })],
    (invocation, attempt) => {
      const of = (each: number) =>
        outgoingRequest(
          { method: 'GET', url: 'https://a.example/', headers: [], body: undefined },
          { userAgent: 'errand', invocation, attempt: each, keyNumber: 1 },
        ).headers.find(({ key }) => key === 'traceparent')?.value ?? '';
      match(of(attempt), /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/);
      equal(of(attempt), of(attempt));
      notEqual(of(attempt), of(attempt + 1));
    },
  ),
];
