import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cliOptions, commands } from '../../../scripts/cli-options.ts';
import { createProgram } from '../../../src/cli/program.ts';
import type { Verbs } from '../../../src/cli/verbs.ts';

const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

/** `errand …` as a shell takes it apart, without variables before it and redirections after it. */
function argumentsOf(line: string): string[] {
  const command = line.replace(/^(?:[A-Z_]+=\S+ )*errand ?/, '').replace(/ (?:>|\|) .*$/, '');
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map((word) => word[1] ?? word[2] ?? '');
}

const isExample = (line: string) => /^(?:[A-Z_]+=\S+ )*errand /.test(line);
const inDocs = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap((found) =>
  (found[1] ?? '').split('\n').filter(isExample),
);

async function calledBy(line: string): Promise<string[]> {
  const called: string[] = [];
  const verb = (name: string) => async () => void called.push(name);
  const verbs: Verbs = {
    up: verb('up'),
    api: verb('api'),
    worker: verb('worker'),
    migrate: verb('migrate'),
    demo: verb('demo'),
    invoke: verb('invoke'),
    batch: verb('batch'),
    apply: verb('apply'),
    export: verb('export'),
    schema: verb('schema'),
    keys: {
      create: verb('keys create'),
      list: verb('keys list'),
      revoke: verb('keys revoke'),
      rotateSecrets: verb('keys rotate-secrets'),
    },
    audit: { verify: verb('audit verify'), export: verb('audit export') },
    complete: verb('complete'),
  };
  await createProgram(verbs).parseAsync(argumentsOf(line), { from: 'user' });
  return called;
}

describe('contract §2: docs/cli.md', () => {
  it.each(inDocs)('%s', async (line) => expect(await calledBy(line)).toHaveLength(1));

  it('has the options of every command that has some', () => {
    const some = [...commands().keys()].filter((name) => cliOptions(name)?.includes('`-'));
    expect(some.filter((name) => !page.includes(`<!-- generated: ${name} -->`))).toEqual([]);
  });

  it('has an example of every command', async () => {
    const called = new Set((await Promise.all(inDocs.map(calledBy))).flat());
    expect([...called].sort()).toEqual(
      [
        'api',
        'apply',
        'audit export',
        'audit verify',
        'batch',
        'complete',
        'demo',
        'export',
        'invoke',
        'keys create',
        'keys list',
        'keys revoke',
        'keys rotate-secrets',
        'migrate',
        'schema',
        'up',
        'worker',
      ].sort(),
    );
  });
});
