import { Box } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useNavigate, useParams } from 'react-router';
import { ApiError } from '../../../client/errors.ts';
import { client, keepPortalToken } from '../../client.ts';
import { Empty } from '../../parts/empty.tsx';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { Page } from '../../parts/page.tsx';
import { PageLoading } from '../../parts/page-loading.tsx';
import { queries } from '../../queries.ts';

/**
 * A customer's own admin comes in here, with a ticket that opens once. It goes on without loading the document anew:
 * this one may stand in a frame of the billing system's, the others may not.
 */
export default function Portal() {
  const { ticket = '' } = useParams();
  const navigate = useNavigate();
  const opening = useMutation({
    mutationFn: () => client.openPortalSession(ticket),
    onSuccess: async ({ token }) => {
      keepPortalToken(token);
      // What was shown to whoever was here before is not for them.
      queries.clear();
      await navigate('/integrations', { replace: true });
    },
  });
  const begun = useRef(false);
  useEffect(() => {
    // A ticket opens once, and effects may run twice.
    if (begun.current) return;
    begun.current = true;
    opening.mutate();
  }, [opening.mutate]);

  return (
    <Box component="main" p="lg">
      <Page title={opening.isError ? 'This page cannot be opened' : 'Opening your integrations'}>
        {opening.isError ? <NotOpened error={opening.error} retry={() => opening.mutate()} /> : <PageLoading />}
      </Page>
    </Box>
  );
}

function NotOpened({ error, retry }: { error: unknown; retry: () => void }) {
  const refused = error instanceof ApiError && (error.status === 401 || error.status === 404 || error.status === 422);
  if (!refused) return <ErrorNotice error={error} retry={retry} />;
  return (
    <Empty title="This link was used before, or has expired">
      It opens once, within a few minutes. Go back to where you came from, and open your integrations from there again.
    </Empty>
  );
}
