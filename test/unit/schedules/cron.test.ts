import { describe, expect, it } from 'vitest';
import { countTimes, dateIn, nextTime, timingProblems } from '../../../src/schedules/cron.ts';
import { countRuns, nextRun, spreadMs } from '../../../src/schedules/spread.ts';

const chicago = 'America/Chicago';

/** The next times after a moment, as in `03-08T08:00`. */
function times(cron: string, from: string, count: number, timezone = chicago): string[] {
  const found: string[] = [];
  for (let at = Date.parse(from); found.length < count; ) {
    at = nextTime({ cron, timezone }, at);
    found.push(new Date(at).toISOString().slice(5, 16));
  }
  return found;
}

describe('the next time (contract §3)', () => {
  it('is by the clock of the zone', () => {
    expect(times('0 2 * * *', '2026-01-01T00:00:00Z', 2)).toEqual(['01-01T08:00', '01-02T08:00']);
    expect(times('0 2 * * *', '2026-07-01T00:00:00Z', 1)).toEqual(['07-01T07:00']);
    expect(times('0 2 * * *', '2026-01-01T02:00:00Z', 1, 'UTC')).toEqual(['01-02T02:00']);
  });

  describe('in spring, when 02:00 becomes 03:00 (08:00 UTC)', () => {
    const eve = '2026-03-07T12:00:00Z';
    it.each([
      ['30 2 * * *', ['03-08T08:00', '03-09T07:30', '03-10T07:30']],
      ['0 2 * * *', ['03-08T08:00', '03-09T07:00', '03-10T07:00']],
      ['0,15,30,45 2 * * *', ['03-08T08:00', '03-09T07:00', '03-09T07:15', '03-09T07:30']],
      ['30 2 * * SUN', ['03-08T08:00', '03-15T07:30']],
      // 02:00 and 03:00 are the same moment that day.
      ['0 1,2,3 * * *', ['03-08T07:00', '03-08T08:00', '03-09T06:00']],
      ['*/30 * * * *', ['03-07T12:30', '03-07T13:00']],
    ])('"%s" is due once for what was skipped', (cron, expected) => {
      expect(times(cron, eve, expected.length)).toEqual(expected);
    });

    it('is not due twice on a date that is given', () => {
      const timing = { cron: '30 2 8 3 *', timezone: chicago };
      const first = nextTime(timing, Date.parse('2026-01-07T12:00:00Z'));
      expect(first).toBe(Date.parse('2026-03-08T08:00:00Z'));
      expect(nextTime(timing, first)).toBe(Date.parse('2027-03-08T08:30:00Z'));
    });

    it('goes on every half hour', () => {
      expect(times('*/30 * * * *', '2026-03-08T07:15:00Z', 4)).toEqual([
        '03-08T07:30',
        '03-08T08:00',
        '03-08T08:30',
        '03-08T09:00',
      ]);
    });
  });

  describe('in autumn, when 02:00 becomes 01:00 (07:00 UTC)', () => {
    it.each([
      ['30 1 * * *', ['11-01T06:30', '11-02T07:30']],
      ['0,30 1 * * *', ['11-01T06:00', '11-01T06:30', '11-02T07:00']],
      ['30 0-2 * * *', ['11-01T05:30', '11-01T06:30', '11-01T08:30', '11-02T06:30']],
    ])('"%s" is due the first time only', (cron, expected) => {
      expect(times(cron, '2026-10-31T12:00:00Z', expected.length)).toEqual(expected);
    });

    it.each(['06:30:00', '06:59:00', '07:29:00', '07:31:00'])('is not due again, seen from %s', (time) => {
      expect(times('30 1 * * *', `2026-11-01T${time}Z`, 1)).toEqual(['11-02T07:30']);
    });

    it('is due in both hours where every hour fits', () => {
      expect(times('*/30 * * * *', '2026-11-01T05:45:00Z', 6)).toEqual([
        '11-01T06:00',
        '11-01T06:30',
        '11-01T07:00',
        '11-01T07:30',
        '11-01T08:00',
        '11-01T08:30',
      ]);
      expect(times('45 * * * *', '2026-11-01T05:50:00Z', 3)).toEqual(['11-01T06:45', '11-01T07:45', '11-01T08:45']);
    });
  });

  it('is right where midnight is skipped, and where the clock moves by half an hour', () => {
    expect(times('0 0 * * *', '2026-09-05T12:00:00Z', 2, 'America/Santiago')).toEqual(['09-06T04:00', '09-07T03:00']);
    expect(times('15 2 * * *', '2026-10-03T00:00:00Z', 2, 'Australia/Lord_Howe')).toEqual([
      '10-03T15:30',
      '10-04T15:15',
    ]);
  });

  it.each(['2026-03-08', '2026-11-01'])('is due once on every day around %s, and in every hour', (changes) => {
    const from = Date.parse(`${changes}T12:00:00Z`) - 3 * 86_400_000;
    const to = from + 6 * 86_400_000;
    for (const cron of ['30 2 * * *', '30 1 * * *', '0 0 * * *', '45 2 * * *']) {
      expect([cron, countTimes({ cron, timezone: chicago }, from, to, 1000)]).toEqual([cron, 6]);
    }
    expect(countTimes({ cron: '15 * * * *', timezone: chicago }, from, to, 1000)).toBe(144);
  });
});

describe('timing problems', () => {
  const cronProblem = (cron: string) => timingProblems({ cron, timezone: 'UTC' })[0]?.message;

  it.each([
    '0 2 * * *',
    '*/5 * * * *',
    '0 2 * JAN-MAR mon',
    '0 2 L * *',
    '0 2 * * 1#2',
    ' 0  2 * * 7 ',
    '0 0 29 2 *',
  ])('"%s" is fine', (cron) => expect(cronProblem(cron)).toBeUndefined());

  it.each([
    ['* * *', 'must have five fields'],
    ['0 0 2 * * *', 'Seconds are not offered'],
    ['@daily', 'must have five fields'],
    ['? 2 * * *', 'holds "?"'],
    ['H 2 * * *', 'holds "H"'],
    ['0 25 * * *', 'got value 25 expected range 0-23'],
    ['0 0 31 2 *', 'has no day'],
    ['0 0 31 4,6 *', 'has no day'],
  ])('"%s" is refused: %s', (cron, why) => expect(cronProblem(cron)).toContain(why));

  it('says which time zone was probably meant', () => {
    const problem = (timezone: string) => timingProblems({ cron: '0 2 * * *', timezone });
    expect(problem('America/Chicago')).toEqual([]);
    expect(problem('America/Chicgo')).toEqual([
      { path: 'timezone', message: 'must be the name of an IANA time zone. Did you mean "America/Chicago"?' },
    ]);
    for (const zone of ['+02:00', 'Mars/Phobos', ' UTC', '', 'BST', 'IST', 'EST'])
      expect(problem(zone)[0]?.path).toBe('timezone');
  });
});

describe('the spread', () => {
  it('is the same every time, within its bounds, and different for different schedules', () => {
    expect(spreadMs('acme', 'nightly', 900)).toBe(spreadMs('acme', 'nightly', 900));
    expect(spreadMs('acme', 'nightly', 0)).toBe(0);
    const delays = Array.from({ length: 400 }, (_, index) => spreadMs(`customer-${index}`, 'nightly', 900));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThanOrEqual(900_000);
    for (let minute = 0; minute < 15; minute += 1) {
      const within = delays.filter((delay) => Math.floor(delay / 60_000) === minute);
      expect(within.length).toBeGreaterThan(5);
    }
  });

  it('moves every time by itself', () => {
    const cadence = { cron: '0 2 * * *', timezone: chicago, spreadMs: 600_000 };
    expect(nextRun(cadence, new Date('2026-01-01T08:05:00Z'))).toEqual(new Date('2026-01-01T08:10:00Z'));
    expect(nextRun(cadence, new Date('2026-01-01T08:10:00Z'))).toEqual(new Date('2026-01-02T08:10:00Z'));
    expect(countRuns(cadence, new Date('2026-01-01T08:10:00Z'), new Date('2026-01-04T08:10:00Z'), 100)).toBe(3);
  });
});

it('dates a run by the clock of its zone', () => {
  expect(dateIn(chicago, Date.parse('2026-11-24T04:30:00Z'))).toBe('2026-11-23');
});
