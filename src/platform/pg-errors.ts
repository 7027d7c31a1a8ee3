/** Node's codes of a connection that cannot be made or broke. */
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * SQLSTATEs of a server that is away for now. Class 08: connection exceptions; class 53: out of connections, memory or
 * disk; 57P01 to 57P05: shut down, crashed, starting, database dropped, idle for too long; 57014: statement_timeout;
 * 58030: I/O error; 25006: read-only, as a standby is just after a failover.
 */
const unavailableStates = /^(?:08...|53...|57P0[1-5]|57014|58030|25006)$/;

/** SQLSTATEs of a transaction that may well succeed when run again: serialisation, deadlock, lock or idle time-outs. */
const transientStates = /^(?:40001|40P01|40003|55P03|25P03|25P04)$/;

/** SQLSTATEs of tables, columns, functions and schemas that are not there. */
const unmigratedStates = new Set(['42P01', '42703', '42883', '3F000']);

/** Errors of pg and pg-pool that have no code (pg 8.23, pg-pool 3.14): their texts are all there is. */
const codelessMessages = new Set([
  'timeout expired',
  'timeout exceeded when trying to connect',
  'Query read timeout',
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
]);

/** Is PostgreSQL away (or so full that it is as good as away), rather than the statement wrong? */
export function isUnavailable(error: unknown): boolean {
  return chainOf(error).some(
    ({ code, message }) =>
      networkCodes.has(code) || unavailableStates.test(code) || (code === '' && codelessMessages.has(message)),
  );
}

/** Does the statement need what a migration brings? No input can name anything else than what Errand has made. */
export function isUnmigrated(error: unknown): boolean {
  return chainOf(error).some(({ code }) => unmigratedStates.has(code));
}

/** May the same transaction succeed when it is run again? True for everything that is unavailable, too. */
export function isTransient(error: unknown): boolean {
  return isUnavailable(error) || chainOf(error).some(({ code }) => transientStates.test(code));
}

/** One line about why, for logs: never holds more than the driver said. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // An AggregateError of a name with several addresses has an empty message.
  const message = error.message === '' && error instanceof AggregateError ? reasonOf(error.errors[0]) : error.message;
  return message === '' ? error.name : message;
}

/** The error, what it wraps (drizzle wraps the driver's) and what it gathers (one per address of a host). */
function chainOf(error: unknown): { code: string; message: string }[] {
  const chain: { code: string; message: string }[] = [];
  const waiting: unknown[] = [error];
  // Bounded, because a cause may be its own.
  while (waiting.length > 0 && chain.length < 20) {
    const next = waiting.shift();
    if (!(next instanceof Error)) continue;
    chain.push({ code: 'code' in next && typeof next.code === 'string' ? next.code : '', message: next.message });
    waiting.push(next.cause);
    if (next instanceof AggregateError) waiting.push(...next.errors);
  }
  return chain;
}
