import { setTimeout as pause } from 'node:timers/promises';
import type { RotationReport, UnreadableRecords } from '../contract/rotation.ts';
import type { SecretKey } from '../contract/secret-keys.ts';
import { createRotation } from '../integrations/rotation.ts';
import { createSealer } from '../integrations/sealing.ts';
import { type Config, type Environment, loadConfig } from '../platform/config.ts';
import { readSecretKeys } from '../platform/data-dir.ts';
import { insertAudit } from '../store/audit.ts';
import { createSealedStore } from '../store/sealed-values.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { printJson, printLine } from './output.ts';
import { createProgressLine } from './progress-line.ts';
import { withDatabase } from './with-database.ts';

export type RotateOptions = { dryRun: boolean; json: boolean };

/** How long a row is left to whoever holds it before it is looked at again. */
const pauseMs = 500;

/** `errand keys rotate-secrets`: seals everything anew with the first key, on the database itself, while Errand runs. */
export async function rotateSecrets(env: Environment, { dryRun, json }: RotateOptions): Promise<void> {
  const config = loadConfig(env, { role: 'keys' });
  const keys = await secretKeysOf(config);
  const progress = createProgressLine();
  const report = await withDatabase(config, (pool) => {
    const rotation = createRotation({
      store: createSealedStore(pool),
      sealer: createSealer(keys),
      keyIds: keys.map(({ id }) => id),
      audit: (record) => insertAudit(pool, record),
      pause: () => pause(pauseMs),
      onProgress: ({ done, total }) => progress.show(`${count(done)} of ${count(total)} sealed anew`),
    });
    return dryRun ? rotation.look() : rotation.rotate();
  }).finally(() => progress.clear());
  if (json) await printJson(report);
  else for (const line of summaryOf(report)) await printLine(line);
  const problem = problemOf(report);
  if (problem !== null) throw new CliFailure(exitCodes.failed, problem);
}

async function secretKeysOf({ secretKeys, dataDir }: Config): Promise<readonly SecretKey[]> {
  const broken = (error: Error) => {
    throw new CliFailure(exitCodes.configuration, error.message);
  };
  const keys = secretKeys.length > 0 ? secretKeys : await readSecretKeys(dataDir).catch(broken);
  if (keys.length > 0) return keys;
  const message = `no secret keys: set ERRAND_SECRET_KEYS as it is set for the API and the workers; ${dataDir} has none.`;
  throw new CliFailure(exitCodes.usage, message);
}

const count = (number: number) => number.toLocaleString('en-US');
const plural = (number: number, what: string) => `${count(number)} ${what}${number === 1 ? '' : 's'}`;

function summaryOf({ key, dryRun, rotated, keys }: RotationReport): string[] {
  const lines = keys.map(({ id, known, records }) => {
    if (id === key) return `${id}: ${plural(records, 'record')}, the key that encrypts`;
    if (!known)
      return `${id === '' ? '(no key that Errand knows)' : id}: ${count(records)} left, not in ERRAND_SECRET_KEYS`;
    return `${id}: ${count(records)} left${records === 0 ? '; it may be removed from ERRAND_SECRET_KEYS' : ''}`;
  });
  return dryRun ? lines : [`${plural(rotated, 'record')} sealed anew with "${key}"`, ...lines];
}

/** What a script has to know by the exit code; `null`: all is done, or was only counted. */
function problemOf({ key, dryRun, keys, unreadable }: RotationReport): string | null {
  if (unreadable.length > 0) {
    const places = unreadable.map((each) => `\n  ${placeOf(each)}`).join('');
    return `what cannot be decrypted with the keys in ERRAND_SECRET_KEYS:${places}`;
  }
  const left = keys.filter(({ id, records }) => id !== key && records > 0).map(({ id }) => `"${id}"`);
  if (dryRun || left.length === 0) return null;
  return (
    `something is still sealed with ${left.join(', ')}: does every process have "${key}" as its first key? ` +
    'Run this again when they all do.'
  );
}

function placeOf({ kind, integration, name, key, count: records }: UnreadableRecords): string {
  const sealedWith = key === '' ? 'not sealed by Errand' : `sealed with "${key}"`;
  switch (kind) {
    case 'secret':
      return `the secret "${name}" of "${integration}", ${sealedWith}`;
    case 'invocation':
      return `sensitive tokens of ${plural(records, 'invocation')} of "${integration}", ${sealedWith}`;
    case 'signing-secret':
      return `${plural(records, 'secret')} that notifications or callbacks are signed with, ${sealedWith}`;
    case 'fingerprint-key':
      return `the key of fingerprints, ${sealedWith}`;
    default:
      return kind satisfies never;
  }
}
