import { useUrlState } from '../../parts/url-state.ts';

type Kind = 'secret' | 'schedule';

/** Which secret or schedule is in its form, kept in the address; a new one is not known by a name, which any could have. */
export function useEditing(kind: Kind) {
  const [name, edit] = useUrlState(kind);
  const [adding, setAdding] = useUrlState('add');
  const isNew = adding === kind;
  return {
    isNew,
    name: isNew ? '' : name,
    add: () => setAdding(kind),
    edit,
    close: () => (isNew ? setAdding('') : edit('')),
  };
}

/** A link's query that opens the form of a new one. */
export const adding = (kind: Kind) => ({ tab: kind === 'secret' ? 'secrets' : 'schedules', add: kind });
