import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runErrand } from '../support/errand.ts';

const root = path.resolve(import.meta.dirname, '../..');

describe('contract §2: errand complete', () => {
  const complete = async (...words: string[]) => {
    const { code, stdout, stderr } = await runErrand(['complete', ...words], {});
    // Each line is a word and what it means; the last one is for the script.
    const lines = stdout.toString().trimEnd().split('\n').slice(0, -1);
    return { code, stderr, words: lines.map((line) => line.split('\t', 1)[0]) };
  };

  it.each([
    ['commands', ['w'], ['worker']],
    ['commands of a command', ['keys', ''], ['create', 'list', 'revoke', 'rotate-secrets', 'help']],
    ['options', ['invoke', '--l'], ['--lane']],
    ['lanes', ['worker', '--lane', ''], ['interactive', 'batch']],
    ['roles', ['keys', 'create', '--role', ''], ['producer', 'configurer', 'operator', 'admin']],
  ])('completes %s', async (_what, words, expected) => {
    expect(await complete('--', ...words)).toEqual({ code: 0, stderr: '', words: expected });
  });

  it('refuses a shell that it has no script for, and names those it has', async () => {
    expect(await complete('tcsh')).toMatchObject({ code: 2, stderr: expect.stringContaining('bash') });
    expect(await complete()).toMatchObject({ code: 2, stderr: expect.stringContaining('shell') });
  });

  describe('in bash', () => {
    let directory: string;
    beforeAll(async () => {
      directory = await mkdtemp(path.join(tmpdir(), 'errand-complete-'));
      await symlink(process.execPath, path.join(directory, 'node'));
      await writeFile(path.join(directory, 'errand'), `#!/bin/sh\nexec node ${root}/src/main.ts "$@"\n`, {
        mode: 0o755,
      });
    });
    afterAll(() => rm(directory, { recursive: true, force: true }));

    it('the script offers what may follow', () => {
      const script = `
        source <(errand complete bash)
        _init_completion() { words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=\${COMP_WORDS[COMP_CWORD]}; }
        _get_comp_words_by_ref() { _init_completion; }
        compopt() { :; }
        COMP_WORDS=(errand worker --lane ''); COMP_CWORD=3; COMP_LINE='errand worker --lane '; COMP_POINT=21
        $(complete -p errand | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        printf '%s\\n' "\${COMPREPLY[@]}"`;
      const env = { PATH: `${directory}:${process.env.PATH}`, HOME: directory };
      const offered = execFileSync('bash', ['-c', script], { env, encoding: 'utf8' });
      expect(offered.split('\n').map((line) => line.split(/\s/, 1)[0])).toEqual(
        expect.arrayContaining(['interactive', 'batch']),
      );
    });
  });
});
