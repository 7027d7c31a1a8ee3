import { Text } from '@mantine/core';
import { diffLines } from 'diff';
import { useMemo } from 'react';

type Line = { key: number; change: 'same' | 'added' | 'removed' | 'skipped'; text: string };

/** So many unchanged lines stay around a change. */
const around = 3;

const signs = { same: '', added: '+', removed: '−', skipped: '' } as const;
const spoken = { same: '', added: 'added: ', removed: 'removed: ', skipped: '' } as const;

type TextDiffProps = { before: string; after: string; label: string };

/** What changed from one text to the other, line by line; by sign and colour, and in words for those who listen. */
export function TextDiff({ before, after, label }: TextDiffProps) {
  const lines = useMemo(() => linesOf(before, after), [before, after]);
  if (before === after) {
    return (
      <Text size="sm" c="dimmed">
        No difference.
      </Text>
    );
  }
  return (
    <table className="text-diff" aria-label={label}>
      <tbody>
        {lines.map(({ key, change, text }) => (
          <tr key={key} data-change={change}>
            <td aria-hidden>{signs[change]}</td>
            <td>
              <span className="editor-hidden">{spoken[change]}</span>
              {text}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function linesOf(before: string, after: string): Line[] {
  // Only a line that ends is the same as one that does.
  const all = diffLines(`${before}\n`, `${after}\n`).flatMap(({ added, removed, value }) => {
    const change = added ? ('added' as const) : removed ? ('removed' as const) : ('same' as const);
    return value
      .replace(/\n$/, '')
      .split('\n')
      .map((text) => ({ change, text }));
  });
  const near = all.map((_, index) =>
    all.slice(Math.max(0, index - around), index + around + 1).some(({ change }) => change !== 'same'),
  );
  const lines: Line[] = [];
  for (const [key, { change, text }] of all.entries()) {
    if (near[key]) lines.push({ key, change, text });
    else if (lines.at(-1)?.change !== 'skipped') lines.push({ key, change: 'skipped', text: '…' });
  }
  return lines;
}
