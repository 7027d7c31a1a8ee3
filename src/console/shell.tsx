import { ActionIcon, AppShell, Burger, Group, NavLink, ScrollArea, Text, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconAlertTriangle,
  IconBook2,
  IconCalendarTime,
  IconFileSearch,
  IconGauge,
  IconKey,
  IconMoonStars,
  IconPlugConnected,
  IconStack2,
  IconStack3,
  IconSunHigh,
  IconUserCircle,
} from '@tabler/icons-react';
import { Suspense, useEffect } from 'react';
import { Navigate, Outlet, NavLink as RouterLink, useLocation } from 'react-router';
import { PageLoading } from './parts/page-loading.tsx';
import { useCan, useSession } from './session.tsx';

type Place = { to: string; label: string; icon: typeof IconKey; permission: string };

/** In the order in which somebody who was woken looks. */
const places: readonly Place[] = [
  { to: '/', label: 'Overview', icon: IconGauge, permission: 'statistics.read' },
  { to: '/problems', label: 'Problems', icon: IconAlertTriangle, permission: 'problems.read' },
  { to: '/integrations', label: 'Integrations', icon: IconPlugConnected, permission: 'integrations.read' },
  { to: '/invocations', label: 'Invocations', icon: IconFileSearch, permission: 'invocations.read' },
  { to: '/runs', label: 'Runs', icon: IconMoonStars, permission: 'invocations.read' },
  { to: '/batches', label: 'Batches', icon: IconStack2, permission: 'invocations.read' },
  { to: '/schedules', label: 'Schedules', icon: IconCalendarTime, permission: 'schedules.read' },
  { to: '/audit', label: 'Audit log', icon: IconBook2, permission: 'audit.read' },
  { to: '/keys', label: 'API keys', icon: IconKey, permission: 'keys.manage' },
];

/** What is around every page: where one can go, who one is, light or dark. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: it closes because the place has changed
  useEffect(close, [pathname]);
  // A customer's own admin keeps integrations, and nothing else is for them.
  if (useSession().portal && !/^\/integrations(\/|$)/.test(pathname)) return <Navigate to="/integrations" replace />;
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 210, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label="Menu"
              aria-expanded={opened}
            />
            <Text fw={700} component={RouterLink} to="/" c="inherit" td="none">
              Errand
            </Text>
          </Group>
          <WhoAndHow />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label="Console">
        <Places />
      </AppShell.Navbar>
      <AppShell.Main>
        <Suspense fallback={<PageLoading />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
    </AppShell>
  );
}

function Places() {
  const { permissions, accounts, portal, version } = useSession();
  const { pathname } = useLocation();
  const board = permissions.includes('queues.read') && accounts === '*';
  return (
    <>
      <AppShell.Section grow component={ScrollArea}>
        {places
          .filter(({ permission }) => permissions.includes(permission))
          .filter(({ to }) => !portal || to === '/integrations')
          .map(({ to, label, icon: Icon }) => (
            <NavLink
              key={to}
              component={RouterLink}
              to={to}
              label={label}
              active={to === '/' ? pathname === '/' : pathname === to || pathname.startsWith(`${to}/`)}
              leftSection={<Icon size={18} aria-hidden />}
            />
          ))}
        {board && (
          <NavLink href="/queues" label="Bull Board" leftSection={<IconStack3 size={18} aria-hidden />} component="a" />
        )}
      </AppShell.Section>
      <AppShell.Section>
        <Text size="xs" c="dimmed" p="xs">
          Errand {version}
          {!portal && (
            <>
              {' · '}
              <a href="/docs">HTTP API</a>
            </>
          )}
        </Text>
      </AppShell.Section>
    </>
  );
}

function WhoAndHow() {
  const { actor, role, portal } = useSession();
  const { toggleColorScheme } = useMantineColorScheme();
  return (
    <Group gap="xs" wrap="nowrap">
      <ActionIcon variant="subtle" color="gray" onClick={() => toggleColorScheme()} aria-label="Light or dark">
        <IconSunHigh size={18} aria-hidden />
      </ActionIcon>
      {portal ? (
        <Text size="sm">{actor.name}</Text>
      ) : (
        <ActionIcon
          component="a"
          href="/sign-in"
          variant="subtle"
          color="gray"
          aria-label={`Signed in as ${actor.name ?? actor.id}, ${role}; sign out`}
          title={`${actor.name ?? actor.id}, ${role}`}
        >
          <IconUserCircle size={20} aria-hidden />
        </ActionIcon>
      )}
    </Group>
  );
}

/** Shown in place of what the role does not allow. */
export function useReadOnly(permission: string): boolean {
  return !useCan(permission);
}
