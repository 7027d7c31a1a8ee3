export const invocationStatuses = ['queued', 'running', 'retrying', 'succeeded', 'failed', 'cancelled'] as const;
export type InvocationStatus = (typeof invocationStatuses)[number];
export const endedStatuses = ['succeeded', 'failed', 'cancelled'] as const satisfies readonly InvocationStatus[];

/** Has it come to its end? An ended invocation never changes again but by a person's retry. */
export function hasEnded(status: InvocationStatus): boolean {
  return (endedStatuses as readonly InvocationStatus[]).includes(status);
}
