import { toString as describe } from 'cronstrue';

/** "At 02:00, every day"; `null`: it cannot be read. */
export function cronWords(cron: string): string | null {
  try {
    return describe(cron, { use24HourTimeFormat: true, verbose: true });
  } catch {
    return null;
  }
}
