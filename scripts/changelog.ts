/** A changelog that cannot be released as it is. */
export class NotReleasable extends Error {}

const unreleased = '## Unreleased';

/**
 * CHANGELOG.md with what stood under "Unreleased" under this version.
 *
 * @param version without a `v`
 * @param date `2026-11-29`
 * @throws NotReleasable where nothing stands there, or the version has a section already
 */
export function released(changelog: string, version: string, date: string): string {
  const lines = changelog.split('\n');
  const at = lines.indexOf(unreleased);
  if (at === -1) throw new NotReleasable(`CHANGELOG.md has no section "${unreleased}"`);
  const next = lines.findIndex((line, index) => index > at && line.startsWith('## '));
  const section = lines.slice(at + 1, next === -1 ? undefined : next);
  if (!section.some((line) => line.trim() !== '' && !line.startsWith('#'))) {
    throw new NotReleasable('CHANGELOG.md says nothing under "Unreleased": what is new in this version?');
  }
  if (lines.some((line) => line.startsWith(`## ${version} `))) {
    throw new NotReleasable(`CHANGELOG.md has a section for ${version} already`);
  }
  return [...lines.slice(0, at + 1), '', `## ${version} – ${date}`, ...lines.slice(at + 1)].join('\n');
}
