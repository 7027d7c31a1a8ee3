import { version as nodeVersion } from 'node:process';
import type { MeterOf } from '../meters/catalogue.ts';
import { createMeters, type Meters } from '../meters/meters.ts';
import { version } from './version.ts';

/** The meters of a process that serves or works. @param name as its series are told from those of others */
export function openProcessMeters(name: string, parts: readonly MeterOf[]): Meters {
  const meters = createMeters(name, ['process', ...parts]);
  meters.of('errand_build_info').set({ version, node: nodeVersion }, 1);
  return meters;
}
