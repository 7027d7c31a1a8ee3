import { Anchor, Box, Button, Group, Text } from '@mantine/core';
import { useRouteError } from 'react-router';
import { inPortal } from './client.ts';
import { detailOf } from './parts/error-notice.tsx';
import { Page } from './parts/page.tsx';
import { portalBase } from './portal-path.ts';

/** In place of a page that cannot be shown: mostly its code is that of an older Errand, and is gone. */
export function BrokenPage() {
  const error = useRouteError();
  return (
    <Box component="main" p="lg">
      <Page title="This page cannot be shown">
        <div role="alert">
          <Text>Errand may have been updated since you opened it. Loading the page again mends that.</Text>
          <Text size="sm" c="dimmed" className="wrap-anywhere">
            {detailOf(error)}
          </Text>
        </div>
        <Group gap="md">
          <Button onClick={() => window.location.reload()}>Load again</Button>
          <Anchor href={inPortal ? `${portalBase}/integrations` : '/'}>{inPortal ? 'Integrations' : 'Overview'}</Anchor>
        </Group>
      </Page>
    </Box>
  );
}
