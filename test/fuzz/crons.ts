import { equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { countTimes, nextTime, timingProblems } from '../../src/schedules/cron.ts';
import { hostileText, property } from './property.ts';

const number = fc.oneof(fc.integer({ min: 0, max: 62 }).map(String), fc.constantFrom('-1', '99999999999', '007', ''));
const name = fc.constantFrom('MON', 'fri', 'JAN', 'feb', 'L', '5L', '2#3', 'sun#5', '*', '?', 'W', 'H');
const part = fc.oneof(
  { weight: 4, arbitrary: fc.oneof(number, name) },
  { weight: 2, arbitrary: fc.tuple(number, number).map(([from, to]) => `${from}-${to}`) },
  { weight: 2, arbitrary: fc.tuple(fc.oneof(number, name), number).map(([of, step]) => `${of}/${step}`) },
  { weight: 1, arbitrary: hostileText },
);
const field = fc.oneof(
  fc.constant('*'),
  fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(',')),
);
const cron = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(field, field, field, field, field).map((fields) => fields.join(' ')) },
  { weight: 1, arbitrary: hostileText },
);
const timezone = fc.constantFrom('UTC', 'America/Chicago', 'Europe/Berlin', 'Australia/Lord_Howe', 'Pacific/Apia');
const moment = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2100, 0, 1) });

/** More than ten times what the slowest good expression takes. */
const patienceMs = 2_000;

export const crons = [
  property(
    'contract §3: a cron expression never takes long, and is due later than asked',
    [cron, timezone, moment],
    (expression, zone, after) => {
      const timing = { cron: expression, timezone: zone };
      const startedAt = performance.now();
      const problems = timingProblems(timing);
      if (problems.length > 0) ok(problems.every(({ path, message }) => path === 'cron' && message !== ''));
      else {
        const next = nextTime(timing, after);
        ok(Number.isInteger(next) && next > after, `${next}`);
        equal(nextTime(timing, next - 1), next);
        ok(countTimes(timing, after, after + 86_400_000, 50) <= 50);
      }
      ok(performance.now() - startedAt < patienceMs, 'took too long');
    },
  ),
  property('contract §3: whatever is given as a time zone is a zone or refused', [hostileText], (zone) => {
    const problems = timingProblems({ cron: '0 2 * * *', timezone: zone });
    if (problems.length === 0) ok(nextTime({ cron: '0 2 * * *', timezone: zone }, 0) > 0);
    else equal(problems[0]?.path, 'timezone');
  }),
];
