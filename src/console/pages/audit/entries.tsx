import { ActionIcon, Anchor, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useId } from 'react';
import { Link } from 'react-router';
import type { AuditEntry } from '../../../contract/audit.ts';
import { wordsOfAction } from '../../parts/action-words.ts';
import { actorWords } from '../../parts/actor-words.ts';
import { entryPath } from '../../parts/subject-path.ts';
import { When } from '../../parts/when.tsx';
import { Details } from './details.tsx';

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

/** One line where there is room; what more is known of it is drawn only when it is opened, since a page has many. */
function Entry({ entry }: { entry: AuditEntry }) {
  const [opened, { toggle }] = useDisclosure();
  const detailsId = useId();
  const { at, account, action, actor, subject, details } = entry;
  return (
    <>
      <div className="entry">
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          onClick={toggle}
          aria-expanded={opened}
          aria-controls={detailsId}
          aria-label={`Details: ${wordsOfAction(action)}, ${subject.type} ${subject.id}`}
        >
          {opened ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
        </ActionIcon>
        <Text size="sm" c="dimmed" component="div">
          <When at={at} />
        </Text>
        <Text size="sm" component="div" className="wrap-anywhere">
          <b>{wordsOfAction(action)}</b> · <Subject entry={entry} />
        </Text>
        <Text size="sm" c="dimmed" className="wrap-anywhere">
          {actorWords(actor)}
          {account !== null && ` · ${account}`}
        </Text>
      </div>
      <div id={detailsId}>{opened && <Details details={details} />}</div>
    </>
  );
}

function Subject({ entry }: { entry: AuditEntry }) {
  const { type, id } = entry.subject;
  const path = entryPath(entry);
  const words = `${type} ${id}`;
  if (path === null) return words;
  return (
    <Anchor component={Link} to={path} inherit underline="always">
      {words}
    </Anchor>
  );
}
