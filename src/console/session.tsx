import { useQuery } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect } from 'react';
import type { SessionInfo } from '../contract/session.ts';
import { client, forgetPortalToken, inPortal, portalToken } from './client.ts';
import { ErrorNotice } from './parts/error-notice.tsx';
import { PageLoading } from './parts/page-loading.tsx';
import { PortalOver } from './parts/portal-over.tsx';
import { SessionTrouble } from './parts/session-trouble.tsx';
import { isSignedOut, sessionState } from './session-state.ts';

const SessionContext = createContext<SessionInfo | null>(null);

/** Who is signed in. Only within `SignedIn`. */
export function useSession(): SessionInfo {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('There is no session here');
  return session;
}

/** May whoever is signed in do this? The API asks again; the page only does not offer what would be refused. */
export const useCan = (permission: string) => useSession().permissions.includes(permission);

/** What is inside is shown to those who are signed in; everybody else is sent to sign in, and comes back here. */
export function SignedIn({ children }: { children: ReactNode }) {
  // A page that may be in a frame does nothing by the cookie of whoever looks at it.
  if (inPortal && portalToken === null) return <PortalOver />;
  return <WithSession>{children}</WithSession>;
}

function WithSession({ children }: { children: ReactNode }) {
  const session = useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => client.session({ signal }),
    staleTime: 60_000,
    refetchInterval: ({ state }) => (state.status === 'error' && !isSignedOut(state.error) ? 10_000 : false),
  });
  const state = sessionState(session);
  if (state.show === 'loading') return <PageLoading />;
  if (state.show === 'outage') return <ErrorNotice error={state.error} retry={() => session.refetch()} />;
  if (state.show !== 'page' || session.data === undefined) return <SignIn />;
  return (
    <SessionContext value={session.data}>
      {state.trouble !== 'none' && <SessionTrouble trouble={state.trouble} retry={() => session.refetch()} />}
      {children}
    </SessionContext>
  );
}

function SignIn() {
  useEffect(() => {
    if (inPortal) return forgetPortalToken();
    const { pathname, search } = window.location;
    window.location.replace(`/sign-in?to=${encodeURIComponent(pathname + search)}`);
  }, []);
  return inPortal ? <PortalOver /> : <PageLoading />;
}
