import type { CommandBody, Retry } from '../contract/command.ts';
import type { Lane } from '../contract/lane.ts';

export type { CompiledAccept } from './accept.ts';

/** How long and how often a command is tried in a lane. Times in milliseconds. */
export type Policy = {
  /** Attempts in all, the first included. */
  attempts: number;
  baseMs: number;
  maxMs: number;
  /** Send on a fresh connection, and again only where no byte of the request was sent. */
  nonIdempotent: boolean;
  /** The whole exchange, from DNS to the last byte. */
  timeoutMs: number;
  connectTimeoutMs: number;
  /** From the first attempt to the last. */
  deadlineMs: number;
};

const minute = 60_000;
const hour = 60 * minute;

/** Contract §6. Interactive: a person waits half a minute at most. Batch: outages of a few hours are slept through. */
const defaults: Readonly<Record<Lane, Policy>> = {
  interactive: {
    attempts: 2,
    baseMs: 250,
    maxMs: 1000,
    nonIdempotent: false,
    timeoutMs: 20_000,
    connectTimeoutMs: 3000,
    deadlineMs: 30_000,
  },
  batch: {
    attempts: 10,
    baseMs: minute,
    maxMs: hour,
    nonIdempotent: false,
    timeoutMs: 2 * minute,
    connectTimeoutMs: 10_000,
    deadlineMs: 4 * hour,
  },
};

/**
 * A command's policy in a lane: what it says for both lanes or for this one, and the contract's defaults for the rest.
 * `null`: the command is gone or cannot be read.
 */
export function policyFor(command: Pick<CommandBody, 'timeoutMs' | 'deadlineMs' | 'retry'> | null, lane: Lane): Policy {
  const standard = defaults[lane];
  if (command === null) return standard;
  const retry = retryFor(command.retry, lane);
  const timeoutMs = valueFor(command.timeoutMs, lane) ?? standard.timeoutMs;
  const baseMs = retry.baseMs ?? standard.baseMs;
  return {
    attempts: retry.attempts ?? standard.attempts,
    baseMs,
    // A base above the default cap was meant: the cap that nobody wrote gives way.
    maxMs: retry.maxMs ?? Math.max(standard.maxMs, baseMs),
    nonIdempotent: retry.nonIdempotent ?? standard.nonIdempotent,
    timeoutMs,
    connectTimeoutMs: Math.min(standard.connectTimeoutMs, timeoutMs),
    deadlineMs: valueFor(command.deadlineMs, lane) ?? standard.deadlineMs,
  };
}

function valueFor(given: CommandBody['timeoutMs'], lane: Lane): number | undefined {
  return typeof given === 'object' ? given[lane] : given;
}

function retryFor(given: CommandBody['retry'], lane: Lane): Retry {
  if (given === undefined) return {};
  return isPerLane(given) ? (given[lane] ?? {}) : given;
}

function isPerLane(given: NonNullable<CommandBody['retry']>): given is { [lane in Lane]?: Retry | undefined } {
  return 'interactive' in given || 'batch' in given;
}
