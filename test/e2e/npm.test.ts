import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { programOf } from '../support/errand.ts';

describe('contract §2: what npm has started ends when npm does', () => {
  let database: TestDatabase;
  let dataDir: string;

  beforeAll(async () => {
    database = await createDatabase();
    dataDir = await mkdtemp(path.join(tmpdir(), 'errand-npm-'));
  });
  afterAll(async () => {
    await rm(dataDir, { recursive: true, force: true });
    await database.drop();
  });

  /** Until its output ends: that is open as long as anything runs that it has started. */
  async function linesOf(child: ChildProcess, each: (line: string) => void): Promise<string[]> {
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> })) {
      lines.push(line);
      each(line);
    }
    return lines;
  }

  it.each([
    ['npm', ['start']],
    ['npx', ['errand', 'up']],
  ])('%s, by a SIGTERM', { timeout: 60_000 }, async (command, args) => {
    const child = spawn(command, args, {
      cwd: path.resolve(import.meta.dirname, '../..'),
      env: { ...programOf().inherited, DATABASE_URL: database.url, ERRAND_DATA_DIR: dataDir, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const lines = await linesOf(child, (line) => {
      if (line.includes('"event":"ready"') && line.includes('"role":"up"')) child.kill('SIGTERM');
    });
    await exited;
    const events = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line).event);
    expect(events.slice(events.indexOf('stopping'))).toContain('stopped');
    expect(events).not.toContain('failed');
  });
});
