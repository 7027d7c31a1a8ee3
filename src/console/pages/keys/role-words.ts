import type { Role } from '../../../contract/api-key.ts';

/** What each role may do, in a line. */
export const roleWords: Readonly<Record<Role, string>> = {
  producer: 'enqueues; reads invocations and results',
  configurer: 'keeps integrations, commands, secrets and schedules; tests them',
  operator: 'reads everything but keys; retries, cancels, pauses',
  admin: 'everything, keys too',
};
