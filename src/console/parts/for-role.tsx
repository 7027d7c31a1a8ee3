import type { ReactNode } from 'react';
import { useCan } from '../session.tsx';
import { Empty } from './empty.tsx';
import { Page } from './page.tsx';

type ForRoleProps = {
  permission: string;
  /** The page's heading. */
  title: string;
  /** What it is for: "manage keys". */
  to: string;
  children: ReactNode;
};

/** A page, for those whose role allows it; what the API would refuse is not even asked for. */
export function ForRole({ permission, title, to, children }: ForRoleProps) {
  if (useCan(permission)) return children;
  return (
    <Page title={title}>
      <Empty title={`Your role does not allow to ${to}`}>Somebody with another role may.</Empty>
    </Page>
  );
}
