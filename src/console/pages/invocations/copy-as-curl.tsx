import { Button, Collapse, CopyButton, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCheck, IconCopy, IconTerminal2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { Attempt, Invocation, SentRequest } from '../../../contract/invocation.ts';
import { client } from '../../client.ts';
import { TextBlock } from '../../parts/text-block.tsx';
import { useCan } from '../../session.tsx';
import { curlOf, type MaskedNames } from './curl.ts';
import { maskedNames } from './masked-names.ts';

type CopyAsCurlProps = { invocation: Invocation; attempt: Attempt; request: SentRequest };

/** The request for a terminal; what is secret is a variable there, which whoever knows it sets. */
export function CopyAsCurl({ invocation, attempt, request }: CopyAsCurlProps) {
  const [opened, { toggle }] = useDisclosure();
  const names = useMaskedNames(invocation, attempt, opened);
  const { command, variables } = curlOf(request, names);
  return (
    <div>
      <Button
        size="compact-sm"
        variant="subtle"
        leftSection={<IconTerminal2 size={14} aria-hidden />}
        aria-expanded={opened}
        onClick={toggle}
      >
        As curl
      </Button>
      <Collapse expanded={opened}>
        <TextBlock label="As a curl command" text={command} />
        <Group gap="sm" mt="xs">
          <CopyButton value={command}>
            {({ copied, copy }) => (
              <Button
                size="xs"
                variant="default"
                leftSection={copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
                onClick={copy}
              >
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
          {variables.length > 0 && (
            <Text size="xs" c="dimmed">
              Set {new Intl.ListFormat('en').format(variables.map((name) => `$${name}`))} first, as it is to stand
              there: secrets are never shown.
            </Text>
          )}
        </Group>
      </Collapse>
    </div>
  );
}

/** By the names in the command's template, for those who may read it; for others what stands around a mask must do. */
function useMaskedNames(
  { integration, command, tokens }: Invocation,
  { commandVersion }: Attempt,
  wanted: boolean,
): MaskedNames {
  const mayRead = useCan('commands.read');
  const names = useQuery({
    queryKey: ['masked-names', integration, command, commandVersion, tokens],
    queryFn: async ({ signal }) => {
      const [{ request }, { variables }] = await Promise.all([
        client.getCommandVersion(integration, command, commandVersion ?? 0, { signal }),
        client.getIntegration(integration, { signal }),
      ]);
      return maskedNames(request, { variables, tokens });
    },
    enabled: wanted && mayRead && commandVersion !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return names.data ?? {};
}
