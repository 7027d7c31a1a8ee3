import { useQuery } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext } from 'react';
import type { SessionInfo } from '../contract/session.ts';
import { client, portalToken } from './client.ts';
import { ErrorNotice } from './parts/error-notice.tsx';
import { PageLoading } from './parts/page-loading.tsx';
import { isSignedOut } from './queries.ts';

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
  const session = useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => client.session({ signal }),
    staleTime: 60_000,
  });
  if (session.isPending) return <PageLoading />;
  if (session.isError && !isSignedOut(session.error)) {
    return <ErrorNotice error={session.error} retry={() => session.refetch()} />;
  }
  if (session.isError) return <SignIn />;
  return <SessionContext value={session.data}>{children}</SessionContext>;
}

function SignIn() {
  if (portalToken !== null) {
    return <ErrorNotice error={new Error('This session is over. Open the page again from where you came.')} />;
  }
  const { pathname, search } = window.location;
  window.location.replace(`/sign-in?to=${encodeURIComponent(pathname + search)}`);
  return <PageLoading />;
}
