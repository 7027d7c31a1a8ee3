import { Anchor, Box } from '@mantine/core';
import { Empty } from './empty.tsx';
import { Page } from './page.tsx';

/** For a customer's own admin, who comes from elsewhere; by a link, it may have been somebody who has a key. */
export function PortalOver() {
  return (
    <Box component="main" p="lg">
      <Page title="This session is over">
        <Empty title="Open your integrations again from where you came">
          {window.self === window.top && (
            <>
              Or, with a key of your own, <Anchor href="/sign-in">sign in</Anchor>.
            </>
          )}
        </Empty>
      </Page>
    </Box>
  );
}
