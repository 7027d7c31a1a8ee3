import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  NavLink,
  ScrollArea,
  Text,
  useMantineColorScheme,
  useMatches,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconAlertTriangle,
  IconBell,
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
import { Suspense, useEffect, useRef } from 'react';
import { Navigate, Outlet, NavLink as RouterLink, useLocation } from 'react-router';
import { PageLoading } from './parts/page-loading.tsx';
import { useSession } from './session.tsx';

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
  { to: '/notifications', label: 'Notifications', icon: IconBell, permission: 'notifications.read' },
  { to: '/audit', label: 'Audit log', icon: IconBook2, permission: 'audit.read' },
  { to: '/keys', label: 'API keys', icon: IconKey, permission: 'keys.manage' },
];

/** What is around every page: where one can go, who one is, light or dark. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  // It is only moved out of sight where it is collapsed: the keyboard would still find it.
  const collapsed = useMatches({ base: !opened, sm: false });
  // biome-ignore lint/correctness/useExhaustiveDependencies: it closes because the place has changed
  useEffect(close, [pathname]);
  useFocusOnHeading(pathname);
  // A customer's own admin keeps integrations, and nothing else is for them.
  if (useSession().portal && !/^\/integrations(\/|$)/.test(pathname)) return <Navigate to="/integrations" replace />;
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 210, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a href="#page" className="skip-link">
        Skip to the page
      </a>
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
      <AppShell.Navbar p="xs" component="nav" aria-label="Console" inert={collapsed}>
        <Places />
      </AppShell.Navbar>
      <AppShell.Main id="page" tabIndex={-1}>
        <Suspense fallback={<PageLoading />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
    </AppShell>
  );
}

/** Whoever goes to another page with the keyboard begins at its heading, and whoever listens hears it. */
function useFocusOnHeading(pathname: string): void {
  const last = useRef(pathname);
  useEffect(() => {
    if (last.current === pathname) return;
    last.current = pathname;
    const page = document.getElementById('page');
    if (page === null) return;
    const focus = () => {
      const heading = page.querySelector<HTMLElement>('h1');
      heading?.focus({ preventScroll: true });
      return heading !== null;
    };
    if (focus()) return;
    // Its code is still on its way.
    const watching = new MutationObserver(() => focus() && watching.disconnect());
    watching.observe(page, { childList: true, subtree: true });
    return () => watching.disconnect();
  }, [pathname]);
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
