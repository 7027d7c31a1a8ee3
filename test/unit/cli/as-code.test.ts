import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkWanted } from '../../../src/cli/as-code/check.ts';
import { differencesOf } from '../../../src/cli/as-code/differences.ts';
import { readWanted } from '../../../src/cli/as-code/read.ts';
import { printable, shownPlan } from '../../../src/cli/as-code/shown.ts';
import type { Step } from '../../../src/cli/as-code/step.ts';

const page = readFileSync(new URL('../../../docs/configuration-as-code.md', import.meta.url), 'utf8');
const read = (text: string) => readWanted([{ path: 'x.yaml', text }]);

describe('contract §2: configuration as code', () => {
  it('reads the example of its page', () => {
    const [, example = ''] = /^```yaml\n(.*?)^```$/ms.exec(page) ?? [];
    const { wanted, mistakes } = read(example);
    expect([
      ...mistakes,
      ...checkWanted(wanted, { accounts: '*', types: [], integrations: new Map() }, { prune: false }),
    ]).toEqual([]);
    expect([[...wanted.integrations.keys()], [...wanted.commandTypes.keys()]]).toEqual([['acme'], ['GetStatement']]);
  });

  it('finds places by names with dots, in sequences and through aliases', () => {
    const text = [
      'integrations:',
      '  acme:',
      '    name: Acme',
      '    variables: &v { a.b: "1", a: "2" }',
      '    commands: { Get.It: { request: { method: GET, url: "https://a.example", headers: [{ key: A, value: b }, { key: C, value: d }] } } }',
      '  b: { name: B, variables: *v }',
    ].join('\n');
    const { wanted } = read(text);
    expect(wanted.placeOf('integrations.acme.variables.a.b')).toBe('x.yaml:4:21');
    expect(wanted.placeOf('integrations.acme.variables.a')).toBe('x.yaml:4:31');
    expect(wanted.placeOf('integrations.acme.commands.Get.It.request.headers.1.value')).toMatch(/^x\.yaml:5:1\d\d$/);
    expect(wanted.placeOf('integrations.b.variables.a')).toBe('x.yaml:4:31');
    expect(wanted.placeOf('integrations.acme.commands.Get.It.nothing')).toBe('x.yaml:5:17');
  });

  it.each([
    ['a: 1\na: 2', 'x.yaml:2:1'],
    ['integrations: { "__proto__": { name: x } }', 'x.yaml:1:17'],
    ['integrations: !thing { a: { name: x } }', 'x.yaml:1:15'],
    ['- a\n- b', 'x.yaml:1:1'],
    ['integrations: { acme: { name: 7 } }', 'x.yaml:1:25'],
  ])('refuses %j', (text, place) => expect(read(text).mistakes[0]?.place).toBe(place));

  it('refuses aliases that grow beyond all bounds', () => {
    const levels = Array.from(
      { length: 30 },
      (_, level) => `l${level + 1}: &l${level + 1} [*l${level}, *l${level}, *l${level}]`,
    );
    expect(read(`l0: &l0 [x, x]\n${levels.join('\n')}\n`).mistakes).toHaveLength(1);
  });

  it('takes empty documents for nothing', () => {
    const { wanted, mistakes } = read('---\n# nothing\n---\n');
    expect([mistakes, wanted.integrations.size]).toEqual([[], 0]);
  });

  it('tells field by field what differs', () => {
    expect(differencesOf({ a: 1, b: { c: [1, 2] }, d: {} }, { a: 1, b: { c: [1, 3, 4] }, d: { e: null } })).toEqual([
      { path: 'b.c.1', before: 2, after: 3 },
      { path: 'b.c.2', before: undefined, after: 4 },
      { path: 'd', before: {}, after: { e: null } },
    ]);
    expect(differencesOf(undefined, { a: { b: 'x' } })).toEqual([{ path: 'a.b', before: undefined, after: 'x' }]);
    expect(differencesOf({ a: { b: 1 } }, { a: 1 })).toEqual([{ path: 'a', before: { b: 1 }, after: 1 }]);
  });

  it("lets nobody's names or values steer a terminal", () => {
    expect(printable('a\u001b[2Jb\u009bc\u202ed\te')).toBe('a\\u001b[2Jb\\u009bc\\u202ed\te');
    const step: Step = {
      action: 'change',
      kind: 'variable',
      name: 'a/\u001b[31m',
      path: '',
      differences: [{ path: 'v\u009b', before: 'x\n\u001b]0;t\u0007', after: 'x\ny' }],
      seen: null,
      look: async () => null,
      send: async () => null,
    };
    const shown = shownPlan([step], [], () => 'x');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours end before the names begin
    expect(shown.replace(/^\u001b\[33m|\u001b\[39m/g, '')).not.toMatch(/[\u001b\u0007\u009b]/);
  });
});
