import { Alert, Code } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { Fragment } from 'react';
import { useSession } from '../session.tsx';

/** Which addresses a customer's firewall must let in. */
export function EgressAddresses() {
  const { egressIps } = useSession();
  if (egressIps.length === 0) return null;
  return (
    <Alert variant="default" p="xs" icon={<IconShieldCheck aria-hidden />}>
      Requests come from{' '}
      {egressIps.map((address, index) => (
        <Fragment key={address}>
          {index > 0 && (index === egressIps.length - 1 ? ' and ' : ', ')}
          <Code>{address}</Code>
        </Fragment>
      ))}
      : let them in.
    </Alert>
  );
}
