import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { released } from '../../../scripts/changelog.ts';

const head = '# Changelog\n\nAll notable changes.\n';
const first = '## 0.1.0 – 2026-11-01\n\n### Added\n\n- Everything.\n';

describe('releasing', () => {
  it('moves what is unreleased under the version and its date', () => {
    const changelog = `${head}\n## Unreleased\n\n### Fixed\n\n- A bug.\n\n${first}`;
    expect(released(changelog, '0.2.0', '2026-11-29')).toBe(
      `${head}\n## Unreleased\n\n## 0.2.0 – 2026-11-29\n\n### Fixed\n\n- A bug.\n\n${first}`,
    );
  });

  it('works for the first release, too', () => {
    const changelog = `${head}\n## Unreleased\n\n- Everything.\n`;
    expect(released(changelog, '0.1.0', '2026-11-01')).toContain(
      '## Unreleased\n\n## 0.1.0 – 2026-11-01\n\n- Everything.',
    );
  });

  it.each([
    ['', 'has no section "## Unreleased"'],
    ['## Unreleased\n\n', 'says nothing'],
    ['## Unreleased\n\n### Added\n\n### Fixed\n\n', 'says nothing'],
    ['## Unreleased\n\n- Again.\n\n', 'has a section for 0.1.0 already'],
  ])('refuses %j', (section, why) => {
    expect(() => released(`${head}\n${section}${first}`, '0.1.0', '2026-11-29')).toThrow(why);
  });

  it('understands the changelog as it is', () => {
    const changelog = readFileSync(new URL('../../../CHANGELOG.md', import.meta.url), 'utf8');
    expect(changelog).toContain('\n## Unreleased\n');
  });
});
