/** Colours of text and icons that keep 4.5:1 on both backgrounds; a word always says the same. */
export const tones = {
  good: 'light-dark(var(--mantine-color-teal-9), var(--mantine-color-teal-4))',
  bad: 'light-dark(var(--mantine-color-red-8), var(--mantine-color-red-4))',
  doubtful: 'light-dark(#a83a06, var(--mantine-color-orange-4))',
  calm: 'var(--mantine-color-dimmed)',
} as const;
export type Tone = keyof typeof tones;
