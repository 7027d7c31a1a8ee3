import type { AuditEntry } from '../../contract/audit.ts';

type Actor = AuditEntry['actor'];

const kinds: Readonly<Record<Actor['type'], string>> = {
  key: 'API key',
  session: 'session',
  worker: 'worker',
  system: 'by itself:',
};

/** "API key night shift". */
export const actorWords = ({ type, id, name }: Actor) => `${kinds[type]} ${name ?? id}`;
