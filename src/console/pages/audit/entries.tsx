import { Anchor, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import type { AuditEntry } from '../../../contract/audit.ts';
import { When } from '../../parts/when.tsx';
import { wordsOfAction } from './action-words.ts';
import { Details } from './details.tsx';
import { subjectPath } from './subject-path.ts';

/** Who did what to what, when; newest first. */
export function Entries({ entries }: { entries: AuditEntry[] }) {
  return (
    <ol className="plain-list entries" aria-label="Audit log">
      {entries.map((entry) => (
        <li key={entry.id}>
          <Entry entry={entry} />
        </li>
      ))}
    </ol>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const { at, account, action } = entry;
  return (
    <Stack gap={2}>
      <Text size="sm" component="div" className="wrap-anywhere">
        <b>{wordsOfAction(action)}</b> · <Subject entry={entry} />
      </Text>
      <Text size="sm" c="dimmed" component="div" className="wrap-anywhere">
        <When at={at} /> by <Who entry={entry} />
        {account !== null && ` · account ${account}`} · <span className="mono">{action}</span>
      </Text>
      <More entry={entry} />
    </Stack>
  );
}

function Subject({ entry }: { entry: AuditEntry }) {
  const { type, id } = entry.subject;
  const path = subjectPath(entry);
  const words = `${type} ${id}`;
  if (path === null) return words;
  return (
    <Anchor component={Link} to={path} inherit>
      {words}
    </Anchor>
  );
}

const kinds: Readonly<Record<AuditEntry['actor']['type'], string>> = {
  key: 'the API key',
  session: 'the session',
  worker: 'the worker',
  system: '',
};

function Who({ entry: { actor } }: { entry: AuditEntry }) {
  const name = actor.name ?? actor.id;
  if (actor.type === 'system') return `Errand (${name})`;
  return `${kinds[actor.type]} ${name}`;
}

/** Drawn only when it is opened: a page has many. */
function More({ entry: { details } }: { entry: AuditEntry }) {
  const [opened, setOpened] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpened(currentTarget.open)}>
      <summary>Details</summary>
      {opened && <Details details={details} />}
    </details>
  );
}
