import { ActionIcon, CopyButton, Group, SimpleGrid, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { ReactNode } from 'react';

export type Fact = {
  name: string;
  value: ReactNode;
  /** Can be copied, whole. */
  copy?: string;
};

/** What there is to know of a thing, name by name; those without a value are left out. */
export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <SimpleGrid component="dl" cols={{ base: 2, sm: 3, lg: 4 }} spacing="md" verticalSpacing="sm" m={0}>
      {facts
        .filter(({ value }) => value !== null)
        .map(({ name, value, copy }) => (
          <div key={name}>
            <Text component="dt" size="xs" c="dimmed">
              {name}
            </Text>
            <Group component="dd" gap={4} m={0} wrap="nowrap" align="center">
              <Text component="div" size="sm" className="wrap-anywhere">
                {value}
              </Text>
              {copy !== undefined && <Copy value={copy} what={name} />}
            </Group>
          </div>
        ))}
    </SimpleGrid>
  );
}

function Copy({ value, what }: { value: string; what: string }) {
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <ActionIcon
          size="sm"
          variant="subtle"
          color="gray"
          onClick={copy}
          aria-label={copied ? `${what} copied` : `Copy ${what}`}
        >
          {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
        </ActionIcon>
      )}
    </CopyButton>
  );
}
