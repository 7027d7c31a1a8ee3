import { expect, it } from 'vitest';
import { createLog } from '../../../src/platform/log.ts';

function capture(level: 'info' | 'debug') {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, log: createLog({ level, base: { role: 'api' }, destination }) };
}

it('contract §2: writes one JSON line per event, with the event, level and time by name', () => {
  const { lines, log } = capture('info');
  log.info('ready', { url: 'http://127.0.0.1:3000' }, 'Listens');
  log.debug('not.shown');
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      pid: process.pid,
      role: 'api',
      event: 'ready',
      url: 'http://127.0.0.1:3000',
      msg: 'Listens',
    },
  ]);
});

it('contract §2: writes an error with its type, message and code; a child adds its fields', () => {
  const { lines, log } = capture('debug');
  log.child({ lane: 'batch' }).error('sweep.failed', { error: Object.assign(new TypeError('no'), { code: 'X1' }) });
  expect(lines[0]).toMatchObject({
    event: 'sweep.failed',
    lane: 'batch',
    error: { type: 'TypeError', message: 'no', code: 'X1', stack: expect.any(String) },
  });
});

it('contract §2: writes what caused an error, what it gathered, and what was thrown that is no error', () => {
  const { lines, log } = capture('debug');
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const cause = new AggregateError([refused], '');
  const circle = new Error('round and round');
  circle.cause = circle;
  log.error('a', { error: new Error('away', { cause }) });
  log.error('b', { error: circle });
  log.error('c', { error: { some: 'thing' } });
  expect(lines[0]?.error).toMatchObject({ message: 'away', cause: { errors: [{ code: 'ECONNREFUSED' }] } });
  expect(lines[1]?.error).toMatchObject({ cause: { cause: { message: 'round and round' } } });
  expect(lines[2]?.error).toEqual({ type: 'object', message: '[object Object]' });
});
