import { ActionIcon, Box, CopyButton, Group, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { ReactNode } from 'react';

/** One fact of a `<dl>`; with `copy` a button that copies it whole. */
export function Fact({ label, copy, children }: { label: string; copy?: string; children: ReactNode }) {
  return (
    <Box>
      <Text component="dt" size="xs" c="dimmed">
        {label}
      </Text>
      <Group component="dd" gap={4} m={0} wrap="nowrap" align="center">
        <Text size="sm" component="div" className="wrap-anywhere">
          {children}
        </Text>
        {copy !== undefined && <Copy value={copy} what={label} />}
      </Group>
    </Box>
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
