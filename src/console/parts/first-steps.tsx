import { Anchor, Button, Card, Group, List, Stack, Text, ThemeIcon, Title, VisuallyHidden } from '@mantine/core';
import { IconCheck, IconCircleDashed } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useCan } from '../session.tsx';
import { FirstInvocation } from './first-invocation.tsx';
import { firstCommand, type StepsTaken, useStepsTaken } from './first-steps-taken.ts';
import { commandPath, integrationPath, invocationsPath } from './paths.ts';

type Step = { title: string; done: boolean; about: ReactNode; action?: ReactNode };

/** The way to the first invoice, where it has not been gone yet. Whoever has just gone it sees that all is done. */
export function FirstSteps() {
  const { data: taken } = useStepsTaken();
  const mayConfigure = useCan('integrations.write');
  const mayInvoke = useCan('invocations.enqueue');
  const [begun, setBegun] = useState(false);
  if (taken === undefined || taken === 'not needed' || !mayConfigure) return null;
  const steps = stepsOf(taken, mayInvoke);
  const next = steps.findIndex(({ done }) => !done);
  if (next !== -1 && !begun) setBegun(true);
  if (next === -1 && !begun) return null;
  return (
    <Card withBorder component="section" aria-labelledby="first-steps" p="md">
      <Title order={2} size="h4" id="first-steps" mb="xs">
        Your first integration, in five steps
      </Title>
      <List listStyleType="none" spacing="sm" component="ol" p={0}>
        {steps.map((step, index) => (
          <StepItem key={step.title} {...step} number={index + 1} current={index === next} />
        ))}
      </List>
      {next === -1 && <AllTaken integration={taken.integration?.id ?? ''} close={() => setBegun(false)} />}
    </Card>
  );
}

function AllTaken({ integration, close }: { integration: string; close: () => void }) {
  const mayRead = useCan('invocations.read');
  return (
    <Group gap="xs" mt="sm" role="status">
      <Text size="sm" fw={600}>
        It works: the first answer is here.
      </Text>
      {mayRead && (
        <Anchor component={Link} to={invocationsPath({ integration })} size="sm">
          See its invocations
        </Anchor>
      )}
      <Button size="xs" variant="default" onClick={close}>
        Close
      </Button>
    </Group>
  );
}

function StepItem({ title, done, about, action, number, current }: Step & { number: number; current: boolean }) {
  return (
    <List.Item
      aria-current={current ? 'step' : undefined}
      icon={
        <ThemeIcon size={24} radius="xl" variant={done ? 'filled' : 'default'} color="teal.9" aria-hidden>
          {done ? <IconCheck size={16} /> : current ? number : <IconCircleDashed size={16} />}
        </ThemeIcon>
      }
    >
      <Stack gap={4} align="flex-start">
        <Text fw={current ? 600 : 400} {...(done || current ? {} : { c: 'dimmed' })}>
          {number}. {title}
          {done && <VisuallyHidden> (done)</VisuallyHidden>}
        </Text>
        {current && (
          <>
            <Text size="sm" c="dimmed" component="div">
              {about}
            </Text>
            <Group gap="xs">{action}</Group>
          </>
        )}
      </Stack>
    </List.Item>
  );
}

function stepsOf({ integration, secret, command, tested, invoked }: StepsTaken, mayInvoke: boolean): Step[] {
  const id = integration?.id ?? '';
  const editor = commandPath(id, firstCommand);
  return [
    {
      title: 'Create the integration',
      done: integration !== null,
      about: "A customer's own system: its name, and whose it is.",
      action: <Go to="/integrations/new">Create it</Go>,
    },
    {
      title: 'Save its secret',
      done: secret,
      about: 'The key that their server asks for. It is kept encrypted, and never shown again.',
      action: <Go to={integrationPath(id, { tab: 'secrets', add: 'secret' })}>Save a secret</Go>,
    },
    {
      title: `Configure ${firstCommand}`,
      done: command,
      about: 'The web request that fetches an invoice, with tokens such as {{InvoiceNumber}} in it.',
      action: <Go to={editor}>Configure it</Go>,
    },
    {
      title: 'Send a test',
      done: tested,
      about: 'Sends the request once, and shows what their server answers.',
      action: <Go to={editor}>Send a test</Go>,
    },
    {
      title: 'Invoke it',
      done: invoked,
      about: mayInvoke ? (
        'As the billing system does: the invoice is fetched and kept.'
      ) : (
        <>
          The billing system does this when a customer clicks, or at night: see the{' '}
          <Anchor href="/docs" inherit>
            HTTP API
          </Anchor>
          .
        </>
      ),
      action: mayInvoke && integration !== null && <FirstInvocation integration={integration.id} />,
    },
  ];
}

function Go({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Button component={Link} to={to} size="xs">
      {children}
    </Button>
  );
}
