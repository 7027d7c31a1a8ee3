import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  obtainAdminKey,
  obtainSecretKeys,
  prepareDataDir,
  readAdminKey,
  readSecretKeys,
} from '../../../src/platform/data-dir.ts';
import { DataDirHeldError, holdDataDir } from '../../../src/platform/hold-data-dir.ts';

const source = path.resolve(import.meta.dirname, '../../../src/platform/hold-data-dir.ts');

let parent: string;
let dataDir: string;
beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), `errand-test-${process.pid}-`));
  dataDir = path.join(parent, 'data');
  await prepareDataDir(dataDir);
});
afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

const mode = async (file: string) => (await stat(file)).mode & 0o777;

describe('contract §2: the data directory', () => {
  it('is made for its owner alone, and refuses to be a file', async () => {
    expect(await mode(dataDir)).toBe(0o700);
    await prepareDataDir(dataDir);
    const file = path.join(parent, 'file');
    await writeFile(file, '');
    await expect(prepareDataDir(file)).rejects.toThrow(/ERRAND_DATA_DIR: .*file cannot be used: it is not a directory/);
  });

  it('generates its keys once, whoever asks at the same time, readable by their owner alone', async () => {
    expect(await readAdminKey(dataDir)).toBeNull();
    const keys = new Set(await Promise.all(Array.from({ length: 10 }, () => obtainAdminKey(dataDir))));
    expect(keys.size).toBe(1);
    expect(await readAdminKey(dataDir)).toBe([...keys][0]);
    expect(await readSecretKeys(dataDir)).toEqual([]);
    const [first, second] = [await obtainSecretKeys(dataDir), await obtainSecretKeys(dataDir)];
    expect(first).toEqual(second);
    expect(await readSecretKeys(dataDir)).toEqual(first);
    expect(first[0]?.key).toHaveLength(32);
    expect(await mode(path.join(dataDir, 'admin-key'))).toBe(0o600);
    expect(await mode(path.join(dataDir, 'secret-keys'))).toBe(0o600);
    expect((await readdir(dataDir)).toSorted()).toEqual(['admin-key', 'secret-keys']);
  });

  it('never replaces a key that is broken', async () => {
    await writeFile(path.join(dataDir, 'secret-keys'), 'k1:hunter2\n');
    await writeFile(path.join(dataDir, 'admin-key'), '\n');
    await expect(obtainSecretKeys(dataDir)).rejects.toThrow(/secret-keys is broken .*Restore it from a backup/);
    await expect(readSecretKeys(dataDir)).rejects.toThrow(/secret-keys is broken/);
    await expect(obtainSecretKeys(dataDir)).rejects.not.toThrow(/hunter2/);
    await expect(obtainAdminKey(dataDir)).rejects.toThrow(/admin-key is empty/);
    expect(await readFile(path.join(dataDir, 'secret-keys'), 'utf8')).toBe('k1:hunter2\n');
  });
});

describe('contract §2: a hold of the data directory', () => {
  async function holderProcess() {
    const script = `
      import { holdDataDir } from '${source}';
      await holdDataDir(process.argv[1]);
      console.log('holds');
      setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    return holder;
  }

  it('refuses a second one with who has it, and is free again after a kill -9', async () => {
    const holder = await holderProcess();
    const refused = await holdDataDir(dataDir).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DataDirHeldError);
    expect(refused).toMatchObject({ pid: holder.pid, message: expect.stringContaining(`process ${holder.pid}`) });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const hold = await holdDataDir(dataDir);
    await hold.release();
    await hold.release();
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('is had by exactly one of many that try at the same time', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => holdDataDir(dataDir)));
    const holds = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(holds).toHaveLength(1);
    await holds[0]?.value.release();
  });

  it('works where the path is too long for a socket', async () => {
    dataDir = path.join(parent, 'd'.repeat(120));
    await mkdir(dataDir);
    const hold = await holdDataDir(dataDir);
    await expect(holdDataDir(dataDir)).rejects.toMatchObject({ pid: process.pid });
    await hold.release();
    expect(await readdir(dataDir)).toEqual([]);
  });
});
