import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type RunOptions, runServices, type Service, service } from '../../../src/platform/lifecycle.ts';
import { createLog } from '../../../src/platform/log.ts';

/** A run whose signals and exit are the test's, and what happened in it, in order. */
function rig(options: Partial<RunOptions> = {}) {
  const happened: string[] = [];
  const events = new EventEmitter();
  const destination = {
    write(line: string) {
      const { event } = JSON.parse(line) as { event: string };
      happened.push(event);
      events.emit(event);
    },
  };
  const signals = new EventEmitter();
  const exits: number[] = [];
  const run = (services: Service[]) =>
    runServices(services, {
      log: createLog({ level: 'info', destination }),
      signals,
      exit: (code) => {
        exits.push(code);
        events.emit('exit');
      },
      ...options,
    });
  const noted = (name: string, more: Partial<Service> = {}): Service => ({
    name,
    start: async () => void happened.push(`start ${name}`),
    stop: async ({ reason }) => void happened.push(`stop ${name} ${reason}`),
    ...more,
  });
  return { happened, signals, exits, run, noted, logged: (event: string) => once(events, event) };
}

describe('contract §2: services', () => {
  it('start in order, say that they are ready, and stop in reverse order at SIGTERM with exit code 0', async () => {
    const { happened, signals, run, noted, logged } = rig();
    const ready = logged('ready');
    const running = run([noted('a'), noted('b')]);
    await ready;
    signals.emit('SIGTERM', 'SIGTERM');
    expect(await running).toBe(0);
    expect(happened).toEqual([
      'start a',
      'start b',
      'ready',
      'stopping',
      'stop b SIGTERM',
      'stop a SIGTERM',
      'stopped',
    ]);
    expect(signals.listenerCount('SIGTERM')).toBe(0);
  });

  it('that started are stopped when a later one cannot start: exit code 1', async () => {
    const { happened, run, noted } = rig();
    const code = await run([noted('a'), noted('b', { start: () => Promise.reject(new Error('no')) }), noted('c')]);
    expect(code).toBe(1);
    expect(happened).toEqual(['start a', 'failed', 'stopping', 'stop a failed', 'stopped']);
  });

  it('that fail while they run stop the others: exit code 1', async () => {
    const { happened, run, noted, logged } = rig();
    let fail = (_error: unknown) => {};
    const ready = logged('ready');
    const start: Service['start'] = async (context) => {
      fail = context.fail;
    };
    const running = run([noted('a'), noted('b', { start })]);
    await ready;
    fail(new Error('broken'));
    expect(await running).toBe(1);
    expect(happened).toContain('stop a failed');
  });

  it('that wait in their start give up at a signal, which is no failure', async () => {
    const { happened, signals, run, noted } = rig();
    const waiting = noted('b', {
      start: ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('gave up')));
          signals.emit('SIGINT', 'SIGINT');
        }),
    });
    expect(await run([noted('a'), waiting])).toBe(0);
    expect(happened).toEqual(['start a', 'stopping', 'stop a SIGINT', 'stopped']);
  });

  it('are stopped although one of them fails to stop', async () => {
    const { happened, signals, run, noted, logged } = rig();
    const ready = logged('ready');
    const running = run([noted('a'), noted('b', { stop: () => Promise.reject(new Error('stuck')) })]);
    await ready;
    signals.emit('SIGTERM', 'SIGTERM');
    expect(await running).toBe(1);
    expect(happened.slice(-3)).toEqual(['stop.failed', 'stop a SIGTERM', 'stopped']);
  });

  it.each(['second signal', 'stop that takes too long'])('end at once after a %s', async (why) => {
    const { signals, exits, run, noted, logged } = rig(why === 'second signal' ? {} : { stopWithinMs: 5 });
    let letGo = () => {};
    const ready = logged('ready');
    const running = run([noted('a', { stop: () => new Promise((resolve) => (letGo = resolve)) })]);
    await ready;
    const stopping = logged('stopping');
    const exited = logged('exit');
    signals.emit('SIGINT', 'SIGINT');
    await stopping;
    if (why === 'second signal') signals.emit('SIGINT', 'SIGINT');
    await exited;
    expect(exits).toEqual([why === 'second signal' ? 130 : 1]);
    letGo();
    await running;
  });

  it('can be made of a function and what it returns', async () => {
    const { signals, run, logged } = rig();
    const causes: string[] = [];
    const ready = logged('ready');
    const running = run([service('a', async () => ({ stop: async ({ reason }) => void causes.push(reason) }))]);
    await ready;
    signals.emit('SIGTERM', 'SIGTERM');
    await running;
    expect(causes).toEqual(['SIGTERM']);
  });
});
