import './audit.css';
import { client } from '../../client.ts';
import { DownloadButton } from '../../parts/download-button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Page } from '../../parts/page.tsx';
import { PagesOf, usePages } from '../../parts/pages-of.tsx';
import { useSession } from '../../session.tsx';
import { AuditFilters, useAuditFilter } from './audit-filters.tsx';
import { ChainCheck } from './chain-check.tsx';
import { Entries } from './entries.tsx';

export default function Audit() {
  const { permissions, accounts } = useSession();
  const verifies = permissions.includes('audit.verify') && accounts === '*';
  return (
    <Page
      title="Audit log"
      about="Who or what did what to what, when. Nothing here can be changed."
      actions={<Export />}
    >
      {verifies && <ChainCheck />}
      <AuditFilters />
      <Log />
    </Page>
  );
}

function Log() {
  const filter = useAuditFilter();
  const pages = usePages({
    queryKey: ['audit', filter],
    fetchPage: (cursor, signal) =>
      client.listAudit({ ...filter, ...(cursor === undefined ? {} : { cursor }) }, { signal }),
  });
  return (
    <PagesOf pages={pages}>
      {(entries) =>
        entries.length === 0 ? <Empty title="No entry fits">Take a filter away.</Empty> : <Entries entries={entries} />
      }
    </PagesOf>
  );
}

function Export() {
  const filter = useAuditFilter();
  return (
    <DownloadButton filename="audit.ndjson" fetchBytes={() => client.exportAudit(filter)}>
      Export as NDJSON
    </DownloadButton>
  );
}
