import { expect, it } from 'vitest';
import { Unauthenticated } from '../../../src/access/authenticate.ts';
import { ProblemError } from '../../../src/api/problems.ts';
import { createThrottle, networkOf } from '../../../src/api/session-throttle.ts';

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', networkOf('2001:db8:1:2::')],
  ['not an address', 'not an address'],
])('contract §3: counts %s as %s', (address, network) => expect(networkOf(address)).toBe(network));

it('contract §3: tells neighbouring networks apart', () => {
  expect(networkOf('2001:db8:1:2::1')).not.toBe(networkOf('2001:db8:1:3::1'));
});

const wrong = () => Promise.reject(new Unauthenticated('wrong', true));
const right = () => Promise.resolve('in');

it('contract §3: holds off one address, not another', async () => {
  const throttle = createThrottle({ failures: 2, perSeconds: 60 });
  for (const key of ['a', 'b'])
    await expect(throttle.attempt('192.0.2.1', key, wrong)).rejects.toThrow(Unauthenticated);
  await expect(throttle.attempt('192.0.2.1', 'good', right)).rejects.toThrow(ProblemError);
  expect(await throttle.attempt('192.0.2.2', 'good', right)).toBe('in');
});

it('contract §3: forgets that a key was right as soon as it is wrong, and counts no outage', async () => {
  const throttle = createThrottle({ failures: 2, perSeconds: 60 });
  expect(await throttle.attempt('192.0.2.1', 'good', right)).toBe('in');
  const away = () => Promise.reject(new Error('the database is away'));
  for (let time = 0; time < 5; time += 1) {
    await expect(throttle.attempt('192.0.2.1', 'good', away)).rejects.toThrow('away');
  }
  for (const key of ['a', 'b'])
    await expect(throttle.attempt('192.0.2.1', key, wrong)).rejects.toThrow(Unauthenticated);
  expect(await throttle.attempt('192.0.2.1', 'good', right)).toBe('in');
  await expect(throttle.attempt('192.0.2.1', 'good', wrong)).rejects.toThrow(Unauthenticated);
  await expect(throttle.attempt('192.0.2.1', 'good', wrong)).rejects.toThrow(ProblemError);
});
