import { Button } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import type { Integration } from '../../../contract/integration.ts';
import { client } from '../../client.ts';
import { askFirst } from '../../parts/ask-first.tsx';
import { refreshIntegrations } from '../../parts/integration-queries.ts';
import { TryNow } from '../../parts/try-now.tsx';
import { useCan } from '../../session.tsx';

type Of = { integration: Pick<Integration, 'id' | 'name' | 'status' | 'hold'>; size?: 'xs' | 'sm' };

/** Pauses, resumes, or has Errand look at once whether what it holds goes again. */
export function HoldActions({ integration, size = 'xs' }: Of) {
  if (!useCan('integrations.pause')) return null;
  const { id, name, status, hold } = integration;
  if (status === 'paused') {
    const resume = async () => {
      await client.resumeIntegration(id);
      await refreshIntegrations();
    };
    const ask = () => askFirst({ title: `Resume ${name}`, happens: resuming, yes: 'Resume', act: resume });
    return (
      <Button
        size={size}
        variant="default"
        leftSection={<IconPlayerPlay size={16} aria-hidden />}
        onClick={ask}
        aria-label={`Resume ${name}`}
      >
        Resume
      </Button>
    );
  }
  return (
    <>
      {hold !== null && <TryNow integration={integration} size={size} />}
      <PauseButton integration={integration} size={size} />
    </>
  );
}

function PauseButton({ integration: { id, name }, size }: Required<Of>) {
  const pause = async () => {
    await client.pauseIntegration(id);
    await refreshIntegrations();
  };
  return (
    <Button
      size={size}
      variant="default"
      leftSection={<IconPlayerPause size={16} aria-hidden />}
      onClick={() => askFirst({ title: `Pause ${name}`, happens: pausing, yes: 'Pause', act: pause })}
      aria-label={`Pause ${name}`}
    >
      Pause
    </Button>
  );
}

const pausing =
  'Nightly work waits until somebody resumes it; nothing of it is lost. Customers who click get an error at once, or ' +
  'the stored result where the billing system asked for that. Requests that are on their way go on.';
const resuming = 'Nightly work that has waited begins at once, and customers who click are served again.';
