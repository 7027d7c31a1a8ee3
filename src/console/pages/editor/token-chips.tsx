import { Button, Group, Stack, Text, Tooltip } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import type { AvailableToken } from '../../../contract/command-check.ts';
import { useEditor } from './editor-context.ts';
import { insertToken } from './token-view.ts';
import { sourceWords } from './words.ts';

const sources = Object.keys(sourceWords) as AvailableToken['from'][];

/** The tokens that there are; each is written where the cursor was last. */
export function TokenChips() {
  const { checking } = useEditor();
  if (checking.available.length === 0) return null;
  return (
    <section aria-labelledby="editor-tokens">
      <Text id="editor-tokens" component="h2" className="editor-label">
        Available tokens
      </Text>
      <Text size="xs" c="dimmed" mb="xs">
        One that is chosen is written at the cursor of the field that was last written in. * is always given.
      </Text>
      <Stack gap="xs">
        {sources.map((source) => {
          const tokens = checking.available.filter(({ from }) => from === source);
          return (
            tokens.length > 0 && (
              // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in
              <div key={source} className="editor-tokens" role="group" aria-label={sourceWords[source]}>
                <Text size="sm" c="dimmed" aria-hidden>
                  {sourceWords[source]}
                </Text>
                <Group gap={6}>
                  {tokens.map((token) => (
                    <TokenChip key={token.name} token={token} />
                  ))}
                </Group>
              </div>
            )
          );
        })}
      </Stack>
    </section>
  );
}

function TokenChip({ token }: { token: AvailableToken }) {
  const { change, draft, focused } = useEditor();
  const insert = () => {
    if (focused.current === null) change({ url: `${draft.url}{{${token.name}}}` });
    else insertToken(focused.current, token.name);
  };
  return (
    <Tooltip label={<About token={token} />} multiline maw={320} events={{ hover: true, focus: true, touch: false }}>
      <Button
        size="compact-xs"
        variant="default"
        className="token-chip"
        rightSection={token.sensitive ? <IconLock size={12} aria-label="kept hidden" /> : null}
        onClick={insert}
      >
        {`{{${token.name}}}`}
        {token.required && <span title="required">{' *'}</span>}
      </Button>
    </Tooltip>
  );
}

function About({ token }: { token: AvailableToken }) {
  const { description, example, required, sensitive, aliasOf, from } = token;
  const lines = [
    aliasOf === null ? description : `Another name for {{${aliasOf}}}.`,
    required ? 'Always given.' : null,
    example === null ? null : `${exampleWords[from]}: ${example}`,
    sensitive ? 'Its value is never shown.' : null,
  ].filter((line) => line !== null);
  return lines.length === 0 ? `{{${token.name}}}` : lines.map((line) => <div key={line}>{line}</div>);
}

const exampleWords: Readonly<Record<AvailableToken['from'], string>> = {
  'command-type': 'Example',
  variable: 'Value now',
  secret: 'Looks like',
  errand: 'Example',
};
