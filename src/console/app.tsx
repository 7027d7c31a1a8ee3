import { lazy, Suspense } from 'react';
import { Route, Routes } from 'react-router';
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
const Audit = lazy(() => import('./pages/audit/audit.tsx'));
const Keys = lazy(() => import('./pages/keys/keys.tsx'));
const Portal = lazy(() => import('./pages/portal/portal.tsx'));
const NothingHere = lazy(() => import('./pages/nothing-here.tsx'));

export function App() {
  return (
    <Suspense fallback={<PageLoading />}>
      <Routes>
        <Route path="/portal/:ticket" element={<Portal />} />
        <Route
          element={
            <SignedIn>
              <Shell />
            </SignedIn>
          }
        >
          <Route index element={<Overview />} />
          <Route path="/integrations" element={<Integrations />} />
          <Route path="/integrations/new" element={<NewIntegration />} />
          <Route path="/integrations/:id" element={<Integration />} />
          <Route path="/integrations/:id/commands/:command" element={<CommandEditor />} />
          <Route path="/invocations" element={<Invocations />} />
          <Route path="/invocations/:id" element={<Invocation />} />
          <Route path="/problems" element={<Problems />} />
          <Route path="/runs" element={<Runs />} />
          <Route path="/runs/:run" element={<Run />} />
          <Route path="/batches" element={<Batches />} />
          <Route path="/batches/:id" element={<Batch />} />
          <Route path="/schedules" element={<Schedules />} />
          <Route path="/audit" element={<Audit />} />
          <Route path="/keys" element={<Keys />} />
          <Route path="*" element={<NothingHere />} />
        </Route>
      </Routes>
    </Suspense>
  );
}
