import type { BatchOutcome, BatchStatus } from '../contract/batch.ts';
import { type ErrorCode, errorCatalogue, type Side } from '../contract/error-catalogue.ts';
import type { Failure } from '../contract/errors.ts';
import type { AttemptOutcome } from '../contract/invocation.ts';
import type { InvocationStatus } from '../contract/invocation-status.ts';
import type { Lane } from '../contract/lane.ts';
import { lowerFirst } from './parts/letters.ts';
import { countWords } from './parts/measures.ts';

/** What the console calls things, in one place: people's words for the API's. */
export const laneWords: Readonly<Record<Lane, string>> = { interactive: 'Customer waiting', batch: 'Nightly' };

export const statusWords: Readonly<Record<InvocationStatus, string>> = {
  queued: 'waiting',
  running: 'running',
  retrying: 'will be tried again',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
};

export const batchStatusWords: Readonly<Record<BatchStatus, string>> = {
  receiving: 'being handed over',
  queued: 'waiting',
  running: 'running',
  finished: 'finished',
  cancelled: 'cancelled',
};

/** "finished, 742 failed". */
export function batchWords({
  status,
  outcome,
  failed,
}: {
  status: BatchStatus;
  outcome: BatchOutcome | null;
  failed: number;
}): string {
  const word = batchStatusWords[status];
  return outcome === null || failed === 0 ? word : `${word}, ${countWords(failed)} failed`;
}

export const outcomeWords: Readonly<Record<AttemptOutcome, string>> = {
  succeeded: 'succeeded',
  retryable: 'failed, can be tried again',
  permanent: 'failed, will not be retried',
  unknown: 'broken off; their server may have acted',
};

export const sideWords: Readonly<Record<Side, string>> = {
  'customer-server': "the customer's server",
  credentials: 'the credentials',
  configuration: 'the configuration',
  request: 'what was asked for',
  errand: 'Errand itself',
};

const codeWords: Readonly<Record<ErrorCode, string>> = {
  'token-missing': 'A value is missing',
  'render-failed': 'A value does not fit the template',
  'egress-blocked': 'A private or reserved address',
  'dns-failed': 'Host name not found',
  'connect-failed': 'No connection',
  'tls-failed': 'No secure connection',
  timeout: 'Too slow',
  'protocol-error': 'Broken answer',
  'response-too-large': 'Answer too large',
  'unexpected-status': 'Answered with an error',
  'unexpected-content': 'Not what was asked for',
  absent: 'No such thing there',
  'rate-limited': 'Asked to wait too long',
  'integration-paused': 'The integration is paused',
  'command-not-configured': 'No such command',
  'secret-unreadable': 'A secret cannot be read',
  'invalid-job': 'A job of the wrong shape',
  poisoned: 'Set aside',
  cancelled: 'Cancelled',
  'attempts-exhausted': 'All attempts failed',
  'deadline-exceeded': 'Out of time',
};

/** A code in a few words; with a cause, that too: "All attempts failed: too slow". */
export function codeTitle(code: ErrorCode, cause?: ErrorCode): string {
  return cause === undefined ? codeWords[code] : `${codeWords[code]}: ${lowerFirst(codeWords[cause])}`;
}

/** What to do about it. */
export function mendWords({ code, cause }: Pick<Failure, 'code' | 'cause'>): string {
  if (code === 'egress-blocked') return 'A private or reserved address: ask your provider to allow it.';
  return errorCatalogue[cause ?? code].mend;
}
