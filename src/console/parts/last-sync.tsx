import { Text } from '@mantine/core';
import { ExactTime } from './exact-time.tsx';

const day = new Intl.DateTimeFormat('en-US', { month: '2-digit', day: '2-digit', year: 'numeric' });

/** "08-17-2023", in the reader's own time zone. */
export const syncDay = (at: string) => day.format(new Date(at)).replaceAll('/', '-');

/** "Last Sync 08-17-2023", or "Last Sync Never". */
export function LastSync({ at }: { at: string | null }) {
  return (
    <Text component="span" size="sm">
      Last Sync <b>{at === null ? 'Never' : <ExactTime at={at}>{syncDay(at)}</ExactTime>}</b>
    </Text>
  );
}
