import { randomBytes } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseSecretKeys, type SecretKey } from '../contract/secret-keys.ts';
import { createOnce } from './once-file.ts';

const adminKeyFile = 'admin-key';
const secretKeysFile = 'secret-keys';
const shortestAdminKey = 32;

/** Makes the data directory (0700) if it is not there. @throws Error if it is a file or may not be made */
export async function prepareDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const isFile = await stat(dataDir).then(
      (found) => !found.isDirectory(),
      () => false,
    );
    const reason = isFile ? 'it is not a directory' : error instanceof Error ? error.message : String(error);
    throw new Error(`ERRAND_DATA_DIR: ${dataDir} cannot be used: ${reason}`, { cause: error });
  }
}

/** The admin key in the data directory, generated at the first call. @throws Error if the file is empty or too short */
export async function obtainAdminKey(dataDir: string): Promise<string> {
  const file = path.join(dataDir, adminKeyFile);
  return checkedAdminKey(file, await createOnce(file, () => randomBytes(32).toString('base64url')));
}

/** The admin key in the data directory, for commands that talk to the API; `null` if none was generated there. */
export async function readAdminKey(dataDir: string): Promise<string | null> {
  const file = path.join(dataDir, adminKeyFile);
  const text = await readIfThere(file);
  return text === null ? null : checkedAdminKey(file, text.trim());
}

function readIfThere(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
}

function checkedAdminKey(file: string, key: string): string {
  if (key.length >= shortestAdminKey) return key;
  throw new Error(`${file} must hold at least ${shortestAdminKey} characters. Remove it to have a new key generated.`);
}

/**
 * The secret keys in the data directory, generated at the first call. The file is as `ERRAND_SECRET_KEYS`; how to replace
 * a key is in docs/operating.md.
 *
 * @throws Error if the file is empty or broken: with new keys, nothing that was sealed could be read
 */
export async function obtainSecretKeys(dataDir: string): Promise<readonly SecretKey[]> {
  const file = path.join(dataDir, secretKeysFile);
  return parsedSecretKeys(file, await createOnce(file, () => `k1:${randomBytes(32).toString('base64')}`));
}

/** The secret keys in the data directory, for commands that must not make any; empty if none were generated there. */
export async function readSecretKeys(dataDir: string): Promise<readonly SecretKey[]> {
  const file = path.join(dataDir, secretKeysFile);
  const text = await readIfThere(file);
  return text === null ? [] : parsedSecretKeys(file, text.trim());
}

function parsedSecretKeys(file: string, text: string): readonly SecretKey[] {
  const parsed = parseSecretKeys(text);
  if (parsed.ok) return parsed.keys;
  throw new Error(
    `${file} is broken (${parsed.problems.join('; ')}). Restore it from a backup: without it, stored secrets cannot be read.`,
  );
}
