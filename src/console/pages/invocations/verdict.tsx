import { Alert, Anchor, Group, Stack, Text } from '@mantine/core';
import { IconCircleX, IconRefresh } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Failure } from '../../../contract/errors.ts';
import type { Invocation } from '../../../contract/invocation.ts';
import { hasEnded } from '../../../contract/invocation-status.ts';
import { commandPath, integrationPath } from '../../parts/paths.ts';
import { useCan } from '../../session.tsx';
import { codeTitle, mendWords, sideWords } from '../../words.ts';
import { failureOf } from './shown.ts';

/** What went wrong with an invocation, whose move it is and what mends it. */
export function Verdict({ invocation }: { invocation: Invocation }) {
  const failure = failureOf(invocation);
  if (failure === null) return null;
  const ended = hasEnded(invocation.status);
  const Icon = ended ? IconCircleX : IconRefresh;
  const title = codeTitle(failure.code, failure.cause);
  return (
    <Alert
      color={ended ? 'red' : 'orange'}
      variant="light"
      icon={<Icon aria-hidden />}
      title={ended ? title : `The last attempt failed: ${title}`}
    >
      <Stack gap={6}>
        <Text size="sm" className="wrap-anywhere">
          {failure.message}
        </Text>
        <Text size="sm">
          <b>Whose move it is:</b> {sideWords[failure.side]}
        </Text>
        <Text size="sm">
          <b>What mends it:</b> {mendWords(failure)}
        </Text>
        <Mending invocation={invocation} failure={failure} />
      </Stack>
    </Alert>
  );
}

/** Where it can be mended, for those who may look there. */
function Mending({ invocation: { integration, command }, failure }: { invocation: Invocation; failure: Failure }) {
  const mayRead = {
    commands: useCan('commands.read'),
    secrets: useCan('secrets.read'),
    integrations: useCan('integrations.read'),
  };
  const code = failure.cause ?? failure.code;
  const at = integrationPath(integration);
  const paused = failure.code === 'integration-paused';
  const links = [
    mayRead.commands && !paused && { to: commandPath(integration, command), text: `The command ${command}` },
    mayRead.secrets &&
      (failure.side === 'credentials' || code === 'secret-unreadable') && {
        to: `${at}?tab=secrets`,
        text: 'Its secrets',
      },
    mayRead.integrations && paused && { to: at, text: `Resume ${integration}` },
  ].filter((link) => link !== false);
  if (links.length === 0) return null;
  return (
    <Group gap="md">
      {links.map(({ to, text }) => (
        <Anchor key={to} component={Link} to={to} size="sm" underline="always" c="inherit">
          {text}
        </Anchor>
      ))}
    </Group>
  );
}
