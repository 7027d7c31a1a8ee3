import { isatty } from 'node:tty';
import pino from 'pino';
import pretty from 'pino-pretty';
import type { LogLevel } from './variables.ts';

/**
 * What goes with an event. `error` is written with its type, message, code, stack and causes; nothing is redacted here: callers
 * hand over only what may be read by anyone who reads logs.
 */
export type LogFields = Readonly<Record<string, unknown>> & { readonly event?: never };

type Write = (event: string, fields?: LogFields, message?: string) => void;

/** One line per event. Every line has an `event`, so that logs can be searched without matching messages. */
export type Log = {
  readonly [Level in Exclude<LogLevel, 'silent'>]: Write;
} & {
  /** A log whose lines all carry `fields`. */
  child(fields: LogFields): Log;
};

export type LogOptions = {
  level: LogLevel;
  /** On every line besides `pid`, e.g. `{ role: 'worker' }`. */
  base?: LogFields;
  /** 1 is stdout (the default), 2 stderr; a stream is for tests. */
  destination?: 1 | 2 | pino.DestinationStream;
};

/** JSON lines, or pretty ones where the destination is a terminal. Written synchronously: no line is lost at exit. */
export function createLog(options: LogOptions): Log {
  const { level, base = {}, destination = 1 } = options;
  const logger = pino(
    {
      level,
      base: { pid: process.pid, ...base },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: (error: unknown) => describeError(error) },
    },
    streamTo(destination),
  );
  return wrap(logger);
}

/** Says nothing: for tests and for callers that have no use for a log. */
export const silentLog: Log = {
  fatal: ignore,
  error: ignore,
  warn: ignore,
  info: ignore,
  debug: ignore,
  trace: ignore,
  child: () => silentLog,
};

function ignore(): void {}

/**
 * What of an error is for everybody who reads logs. Not its other properties: a driver's error may carry rows, and the
 * whole connection with its password.
 */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { type: typeof error, message: textOf(error) };
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? { code: error.code } : {};
  const described = { type: name, message, ...code, stack };
  if (depth === deepestCause) return described;
  // What Node says of a host with several addresses is in `errors` alone; its message is empty.
  const errors =
    error instanceof AggregateError ? { errors: error.errors.map((each) => describeError(each, depth + 1)) } : {};
  return { ...described, ...errors, ...(cause === undefined ? {} : { cause: describeError(cause, depth + 1) }) };
}

/** Longer chains than this are circles. */
const deepestCause = 8;

/** Of what is no error but was thrown as one: a text, or only which kind of thing it was. */
function textOf(thrown: unknown): string {
  return typeof thrown === 'object' ? Object.prototype.toString.call(thrown) : String(thrown);
}

function streamTo(destination: 1 | 2 | pino.DestinationStream): pino.DestinationStream {
  if (typeof destination === 'object') return destination;
  if (!isatty(destination)) return pino.destination({ dest: destination, sync: true });
  return pretty({ destination, sync: true, ignore: 'pid', singleLine: true, translateTime: 'SYS:HH:MM:ss.l' });
}

function wrap(logger: pino.Logger): Log {
  const at =
    (level: Exclude<LogLevel, 'silent'>): Write =>
    (event, fields, message) =>
      logger[level]({ event, ...fields }, message);
  return {
    fatal: at('fatal'),
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    trace: at('trace'),
    child: (fields) => wrap(logger.child(fields)),
  };
}
