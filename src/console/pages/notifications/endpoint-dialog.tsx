import { Modal, useMatches } from '@mantine/core';
import { useIsMutating } from '@tanstack/react-query';
import { useState } from 'react';
import type { NotificationEndpoint } from '../../../contract/notification.ts';
import { waysOut } from '../../parts/ask-first.tsx';
import { useShownLast } from '../../parts/shown-last.ts';
import { endpointName } from './delivery-words.ts';
import { SigningSecret } from './endpoint-actions.tsx';
import { EndpointForm, savingKey } from './endpoint-form.tsx';

type DialogProps = { editing: NotificationEndpoint | 'new' | null; close: () => void };

/**
 * Makes an endpoint and shows its secret, or changes one. It is there while it is closed, too: only so does the focus go
 * back.
 */
export function EndpointDialog({ editing, close }: DialogProps) {
  const [secret, setSecret] = useState<string | null>(null);
  const opened = editing !== null;
  const shown = useShownLast(editing, opened);
  const endpoint = shown === 'new' ? null : shown;
  const fullScreen = useMatches({ base: true, sm: false });
  const isSaving = useIsMutating({ mutationKey: savingKey }) > 0;
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={titleOf(endpoint, secret !== null)}
      size="lg"
      fullScreen={fullScreen}
      // A secret that was closed unseen, or came after that, would have to be replaced.
      {...waysOut(secret === null && !isSaving)}
      onExitTransitionEnd={() => setSecret(null)}
    >
      {secret === null ? (
        <EndpointForm endpoint={endpoint} made={setSecret} close={close} />
      ) : (
        <SigningSecret value={secret} close={close} />
      )}
    </Modal>
  );
}

function titleOf(endpoint: NotificationEndpoint | null, isMade: boolean): string {
  if (isMade) return 'The signing secret';
  return endpoint === null ? 'Add endpoint' : `Change ${endpointName(endpoint)}`;
}
