import { type ComponentType, lazy, Suspense } from 'react';
import { Route, Routes } from 'react-router';
import { inPortal } from './client.ts';
import { ForRole } from './parts/for-role.tsx';
import { PageLoading } from './parts/page-loading.tsx';
import { SignedIn } from './session.tsx';
import { Shell } from './shell.tsx';

// A page's code is fetched when somebody goes there: the first view stays small.
const Overview = lazy(() => import('./pages/overview/overview.tsx'));
const Integrations = lazy(() => import('./pages/integrations/integrations.tsx'));
const NewIntegration = lazy(() => import('./pages/integrations/new-integration.tsx'));
const Integration = lazy(() => import('./pages/integrations/integration.tsx'));
const CommandEditor = lazy(() => import('./pages/editor/command-editor.tsx'));
const Invocations = lazy(() => import('./pages/invocations/invocations.tsx'));
const Invocation = lazy(() => import('./pages/invocations/invocation.tsx'));
const Problems = lazy(() => import('./pages/problems/problems.tsx'));
const Runs = lazy(() => import('./pages/runs/runs.tsx'));
const Run = lazy(() => import('./pages/runs/run.tsx'));
const Batches = lazy(() => import('./pages/batches/batches.tsx'));
const Batch = lazy(() => import('./pages/batches/batch.tsx'));
const Schedules = lazy(() => import('./pages/schedules/schedules.tsx'));
const Notifications = lazy(() => import('./pages/notifications/notifications.tsx'));
const Audit = lazy(() => import('./pages/audit/audit.tsx'));
const Keys = lazy(() => import('./pages/keys/keys.tsx'));
const Portal = lazy(() => import('./pages/portal/portal.tsx'));
const NothingHere = lazy(() => import('./pages/nothing-here.tsx'));

type Shown = { path: string; page: ComponentType; permission: string; title: string; to: string };

const pages: readonly Shown[] = [
  { path: '/integrations', page: Integrations, ...may('integrations.read', 'Integrations', 'see integrations') },
  {
    path: '/integrations/new',
    page: NewIntegration,
    ...may('integrations.write', 'New integration', 'add integrations'),
  },
  { path: '/integrations/:id', page: Integration, ...may('integrations.read', 'Integration', 'see integrations') },
  {
    path: '/integrations/:id/commands/:command',
    page: CommandEditor,
    ...may('commands.read', 'Command', 'see commands'),
  },
  { path: '/invocations', page: Invocations, ...may('invocations.read', 'Invocations', 'see invocations') },
  { path: '/invocations/:id', page: Invocation, ...may('invocations.read', 'Invocation', 'see invocations') },
  { path: '/problems', page: Problems, ...may('problems.read', 'Problems', 'see problems') },
  { path: '/runs', page: Runs, ...may('invocations.read', 'Runs', 'see runs') },
  { path: '/runs/:run', page: Run, ...may('invocations.read', 'Run', 'see runs') },
  { path: '/batches', page: Batches, ...may('invocations.read', 'Batches', 'see batches') },
  { path: '/batches/:id', page: Batch, ...may('invocations.read', 'Batch', 'see batches') },
  { path: '/schedules', page: Schedules, ...may('schedules.read', 'Schedules', 'see schedules') },
  {
    path: '/notifications',
    page: Notifications,
    ...may('notifications.read', 'Notifications', 'see notifications'),
  },
  { path: '/audit', page: Audit, ...may('audit.read', 'Audit log', 'read the audit log') },
  { path: '/keys', page: Keys, ...may('keys.manage', 'API keys', 'manage keys') },
];

function may(permission: string, title: string, to: string) {
  return { permission, title, to };
}

export function App() {
  return (
    <Suspense fallback={<PageLoading />}>
      <Routes>
        {inPortal && <Route path="/:ticket" element={<Portal />} />}
        <Route
          element={
            <SignedIn>
              <Shell />
            </SignedIn>
          }
        >
          {/* It has something for everybody. */}
          <Route index element={<Overview />} />
          {pages.map(({ path, page: Page, ...role }) => (
            <Route
              key={path}
              path={path}
              element={
                <ForRole {...role}>
                  <Page />
                </ForRole>
              }
            />
          ))}
          <Route path="*" element={<NothingHere />} />
        </Route>
      </Routes>
    </Suspense>
  );
}
