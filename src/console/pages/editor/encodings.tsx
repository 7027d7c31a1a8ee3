import { List, Text } from '@mantine/core';
import type { UsedToken } from '../../../contract/command-check.ts';
import { useEditor } from './editor-context.ts';
import { encodingWords, placeWords } from './words.ts';

/** How each value is written where it stands, so that none can break out of its place. */
export function Encodings() {
  const { checking, draft } = useEditor();
  const said = [
    ...new Map(
      checking.used.flatMap((token) => {
        const words = wordsFor(token);
        if (words === null) return [];
        const place = placeWords(token.path, draft);
        return [[`${token.name} ${place} ${words}`, { name: token.name, place, words }] as const];
      }),
    ),
  ];
  if (said.length === 0) return null;
  return (
    <div>
      <Text size="xs" c="dimmed">
        How values are written
      </Text>
      <List size="sm" className="wrap-anywhere">
        {said.map(([key, { name, place, words }]) => (
          <List.Item key={key}>
            <b>{`{{${name}}}`}</b> in the {place}: {words}
          </List.Item>
        ))}
      </List>
    </div>
  );
}

const wordsFor = ({ encoding }: UsedToken) => (encoding === null ? null : encodingWords[encoding]);
