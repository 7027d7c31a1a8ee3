import { type CSSVariablesResolver, createTheme, darken, type MantineColorsTuple } from '@mantine/core';

/** Shades that keep text at 4.5:1 on both backgrounds (WCAG 2.2, 1.4.3). */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 8 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace',
  defaultRadius: 'sm',
  respectReducedMotion: true,
  components: {
    // Those of dialogs and messages have no name otherwise.
    CloseButton: { defaultProps: { 'aria-label': 'Close' } },
    // The focus begins at the first item: a menu may hold nothing else.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
  },
});

/** Their darkest shade is still too light for text on their lightest. */
const brightColors = ['orange', 'yellow', 'lime', 'green', 'teal'] as const;
const onLight = (colors: Readonly<Record<string, MantineColorsTuple>>) =>
  brightColors.map((name) => [`--mantine-color-${name}-light-color`, darken(colors[name]?.[9] ?? 'black', 0.35)]);

/** Mantine's grey text, red text, red buttons, links and titles of alerts have too little contrast on some of its backgrounds. */
export const variables: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-error': 'var(--mantine-color-red-9)',
    '--mantine-color-anchor': 'var(--mantine-color-indigo-9)',
    '--mantine-color-red-filled': 'var(--mantine-color-red-8)',
    '--mantine-color-red-filled-hover': 'var(--mantine-color-red-9)',
    ...Object.fromEntries(onLight(colors)),
  },
  dark: {
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    '--mantine-color-error': 'var(--mantine-color-red-4)',
    '--mantine-color-anchor': 'var(--mantine-color-indigo-3)',
  },
});
