import { Code } from '@mantine/core';

/** Text as it is, in lines of its own; what scrolls can be reached by keyboard. */
export function TextBlock({ label, maxHeight = 320, text }: { label: string; maxHeight?: number; text: string }) {
  return (
    <Code block className="wrapped-code" mah={maxHeight} tabIndex={0} role="region" aria-label={label}>
      {text}
    </Code>
  );
}
