import { describe, expect, it } from 'vitest';
import { commandBody, draftOf, headerRow, isSame } from '../../../src/console/pages/editor/draft.ts';
import { byteUnits, measured, readMeasure, timeUnits } from '../../../src/console/pages/editor/measures.ts';
import type { CommandBody } from '../../../src/contract/command.ts';

const request = { method: 'POST', url: 'https://a.example/{{InvoiceNumber}}', body: '{\r\n}' } as const;

describe('a command in the form (contract §3)', () => {
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
    expect(readMeasure('soon', timeUnits)).toBeNaN();
    expect(measured(25 * 1024 * 1024, byteUnits)).toBe('25 MiB');
  });
});
