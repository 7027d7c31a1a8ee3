import { DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core';
import { describe, expect, it } from 'vitest';
import { theme, variables } from '../../../src/console/theme.ts';

const merged = mergeMantineTheme(DEFAULT_THEME, theme as Parameters<typeof mergeMantineTheme>[1]);
const standard = defaultCssVariablesResolver(merged);
const own = variables(merged);

/** What a variable comes to, as red, green and blue. */
function colour(scheme: 'light' | 'dark', name: string): number[] {
  const values: Readonly<Record<string, string>> = {
    ...standard.variables,
    ...standard[scheme],
    ...own.variables,
    ...own[scheme],
  };
  let text = `var(${name})`;
  for (let found = /^var\((.+)\)$/.exec(text); found !== null; found = /^var\((.+)\)$/.exec(text)) {
    text = values[found[1] ?? ''] ?? `nothing is called ${found[1]}`;
  }
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text.replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3'));
  if (hex !== null) return hex.slice(1).map((part) => Number.parseInt(part, 16));
  const parts = /^rgba\((\d+), (\d+), (\d+), 1\)$/.exec(text);
  if (parts === null) throw new Error(`${name} is ${text}`);
  return parts.slice(1).map(Number);
}

/** WCAG 2.2, relative luminance. */
function luminance(parts: number[]): number {
  const [red = 0, green = 0, blue = 0] = parts.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: number[], other: number[]): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

describe.each(['light', 'dark'] as const)('contract §3: what is written in the %s theme', (scheme) => {
  it.each(Object.keys(merged.colors))('on light %s, such as the title of an alert, has enough contrast', (name) => {
    const on = colour(scheme, `--mantine-color-${name}-light`);
    expect(contrast(colour(scheme, `--mantine-color-${name}-light-color`), on)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colour(scheme, '--mantine-color-text'), on)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['red-filled', 'red-filled-hover'])('on %s, such as the button that deletes, has enough contrast', (name) => {
    expect(contrast([255, 255, 255], colour(scheme, `--mantine-color-${name}`))).toBeGreaterThanOrEqual(4.5);
  });
});
