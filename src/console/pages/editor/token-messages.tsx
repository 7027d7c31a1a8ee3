import { Button, Group, Input, Stack } from '@mantine/core';
import type { UsedToken } from '../../../contract/command-check.ts';

type TokenMessagesProps = {
  errors: readonly string[];
  tokens: readonly UsedToken[];
  replace: (token: UsedToken, name: string) => void;
};

/** What is wrong with a field; a name that is nearly right can be put right at once. */
export function TokenMessages({ errors, tokens, replace }: TokenMessagesProps) {
  if (errors.length === 0) return null;
  const nearly = tokens.filter(({ from, suggestions }) => from === null && suggestions.length > 0);
  // The API's message names the same suggestions.
  const others = errors.filter((error) => !nearly.some(({ name }) => error.includes(`{{${name}}}`)));
  return (
    <Stack gap={4} mt={4}>
      {nearly.map((token) => (
        <Group key={token.start} gap="xs">
          <Input.Error size="sm">{`{{${token.name}}} is not available here.`}</Input.Error>
          {token.suggestions.slice(0, 3).map((name) => (
            <Button key={name} size="compact-xs" variant="light" onClick={() => replace(token, name)}>
              {`Did you mean {{${name}}}?`}
            </Button>
          ))}
        </Group>
      ))}
      {others.map((error) => (
        <Input.Error key={error} size="sm">
          {error}
        </Input.Error>
      ))}
    </Stack>
  );
}
