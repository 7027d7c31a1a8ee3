import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandBody, draftOf, headerRow, isSame } from '../../../src/console/pages/editor/draft.ts';
import { byteUnits, measured, readMeasure, timeUnits } from '../../../src/console/pages/editor/measures.ts';
import { type CommandBody, commandBodySchema } from '../../../src/contract/command.ts';
import { lanes } from '../../../src/contract/lane.ts';

const request = { method: 'POST', url: 'https://a.example/{{InvoiceNumber}}', body: '{\r\n}' } as const;

const withSome = <Values>(fields: { [Name in keyof Values]: fc.Arbitrary<Values[Name]> }) =>
  fc.record(fields, { requiredKeys: [] });
const ms = fc.integer({ min: 1, max: 600_000 });
const retries = withSome({
  attempts: fc.integer({ min: 1, max: 100 }),
  baseMs: ms,
  maxMs: ms,
  nonIdempotent: fc.boolean(),
});
const forLanes = <Value>(value: fc.Arbitrary<Value>) => fc.oneof(value, withSome({ interactive: value, batch: value }));
const mediaTypes = fc.constantFrom('application/pdf', 'image/png', '*/*');

/** Every command that can be saved. */
const commands: fc.Arbitrary<CommandBody> = withSome({
  accept: withSome({
    statuses: fc.array(fc.oneof(fc.integer({ min: 200, max: 599 }), fc.constantFrom('2xx', '4xx')), { minLength: 1 }),
    contentTypes: fc.array(mediaTypes, { minLength: 1 }),
    absentStatuses: fc.array(fc.integer({ min: 200, max: 599 })),
    maxBytes: fc.integer({ min: 1, max: 100 * 1024 * 1024 }),
    extract: fc
      .tuple(
        fc.constantFrom('', '/pdf', '/a~1b/0'),
        withSome({ encoding: fc.constantFrom('hex', 'utf8'), contentType: mediaTypes }),
      )
      .map(([pointer, others]) => ({ pointer, ...others })),
  }),
  conditional: fc.boolean(),
  timeoutMs: forLanes(ms),
  deadlineMs: forLanes(ms),
  retry: forLanes(retries),
}).chain((others) =>
  fc
    .record({
      method: fc.constantFrom('GET', 'POST'),
      url: fc.string({ minLength: 1 }),
      headers: fc.uniqueArray(fc.record({ key: fc.stringMatching(/^X-[a-z]{1,8}$/), value: fc.string() }), {
        selector: ({ key }) => key.toLowerCase(),
      }),
      body: fc.string(),
    })
    .map(({ method, body, ...request }) => ({
      ...others,
      request: { ...request, method, ...(method === 'GET' ? {} : { body }) },
    })),
) as fc.Arbitrary<CommandBody>;

/** What a command says, however it says it: what is empty says nothing, and what holds for both lanes holds for each. */
function meaningOf({ request, accept = {}, conditional, timeoutMs, deadlineMs, retry = {} }: CommandBody) {
  const { headers = [], body = '' } = request;
  const { absentStatuses = [], ...success } = accept;
  const at = (given: typeof timeoutMs, lane: (typeof lanes)[number]) =>
    typeof given === 'object' ? given[lane] : given;
  return {
    request: { ...request, headers, body },
    accept: { ...success, absentStatuses },
    conditional,
    paces: lanes.map((lane) => ({
      timeoutMs: at(timeoutMs, lane),
      deadlineMs: at(deadlineMs, lane),
      retry: ('interactive' in retry || 'batch' in retry ? retry[lane] : retry) ?? {},
    })),
  };
}

describe('a command in the form (contract §3)', () => {
  it('means when it comes out what it meant when it went in, and is still one, whatever it is', () => {
    fc.assert(
      fc.property(commands, (command) => {
        const out = commandBody(draftOf(command));
        expect(commandBodySchema.safeParse(command).error).toBeUndefined();
        expect(commandBodySchema.safeParse(out).error).toBeUndefined();
        expect(meaningOf(out)).toEqual(meaningOf(command));
        expect(commandBody(draftOf(out))).toEqual(out);
      }),
    );
  });

  it.each<[what: string, command: CommandBody]>([
    ['the least there can be', { request: { method: 'GET', url: 'https://a.example/' } }],
    [
      'everything, one value for both lanes',
      {
        request: { ...request, headers: [{ key: 'Accept', value: '*/*' }] },
        accept: {
          statuses: ['2xx', 404],
          contentTypes: ['application/pdf'],
          maxBytes: 1000,
          absentStatuses: [410],
          extract: { pointer: '/pdf', encoding: 'hex', contentType: 'application/pdf' },
        },
        conditional: false,
        timeoutMs: 1500,
        deadlineMs: 90_000,
        retry: { attempts: 3, baseMs: 0, maxMs: 10, nonIdempotent: false },
      },
    ],
    [
      'values for one lane, and different ones',
      {
        request,
        timeoutMs: { batch: 5 },
        deadlineMs: 7,
        retry: { interactive: { attempts: 1 }, batch: { baseMs: 2 } },
      },
    ],
  ])('comes out as it went in: %s', (_what, command) => {
    expect(commandBody(draftOf(command))).toEqual(command);
  });

  it('says nothing of a header row that was not filled in, nor of a body that the method does not take', () => {
    const draft = draftOf({ request });
    expect(isSame({ ...draft, headers: [headerRow()] }, draft)).toBe(true);
    expect(commandBody({ ...draft, method: 'GET' }).request).toEqual({ method: 'GET', url: request.url });
  });

  it('gives both lanes the values of the one when they are no longer apart', () => {
    const draft = draftOf({ request, timeoutMs: { interactive: 1, batch: 2 } });
    expect(draft.paces.apart).toBe(true);
    expect(commandBody({ ...draft, paces: { ...draft.paces, apart: false } }).timeoutMs).toBe(1);
  });

  it.each([0, 1, 250, 999, 1500, 90_000, 20_001, 60_000, 604_800_000])('reads %i ms back as it writes them', (ms) => {
    expect(readMeasure(measured(ms, timeUnits), timeUnits)).toBe(ms);
  });

  it('reads times and sizes as people write them', () => {
    expect(readMeasure(' 2 minutes', timeUnits)).toBe(120_000);
    expect(readMeasure('1.5MB', byteUnits)).toBe(1_572_864);
    expect(readMeasure('', timeUnits)).toBeNull();
    expect(readMeasure('soon', timeUnits)).toBe('soon');
    expect(measured(25 * 1024 * 1024, byteUnits)).toBe('25 MiB');
  });
});
