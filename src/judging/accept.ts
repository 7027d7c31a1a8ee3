import { type Accept, defaultMaxBytes } from '../contract/command.ts';

/** What counts as success, ready to be asked (contract §6). */
export type CompiledAccept = {
  readonly accepts: (status: number) => boolean;
  /** The accepted statuses for a person: `2xx, 304`. */
  readonly statuses: string;
  readonly absent: ReadonlySet<number>;
  /** Media types in lower case, perhaps `image/*`; `null`: any. */
  readonly contentTypes: readonly string[] | null;
  readonly maxBytes: number;
  readonly extract: Extract | null;
};

/** Where in a JSON answer the bytes are. */
export type Extract = {
  readonly pointer: string;
  readonly encoding: 'base64' | 'base64url' | 'hex' | 'utf8';
  /** What the bytes are; `null` if the command does not say. */
  readonly contentType: string | null;
};

const defaultStatuses: NonNullable<Accept['statuses']> = ['2xx'];

/**
 * Compiles a command's `accept`, with the contract's defaults for what it leaves out.
 *
 * @param resultTypes the media types that the command's type declares for its result: what is taken where the command
 * does not say. None: any.
 */
export function compileAccept(accept: Accept = {}, resultTypes: readonly string[] = []): CompiledAccept {
  const patterns = (accept.statuses ?? defaultStatuses).map(String);
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('xx')).map(Number));
  const classes = new Set(patterns.filter((pattern) => pattern.endsWith('xx')).map((pattern) => Number(pattern[0])));
  const asked = (accept.contentTypes ?? resultTypes).map((type) => type.toLowerCase());
  const contentTypes = asked.length === 0 || asked.includes('*/*') ? null : asked;
  return {
    accepts: (status) => exact.has(status) || classes.has(Math.floor(status / 100)),
    statuses: patterns.join(', '),
    absent: new Set(accept.absentStatuses),
    contentTypes,
    maxBytes: accept.maxBytes ?? defaultMaxBytes,
    extract: compileExtract(accept.extract, contentTypes),
  };
}

/**
 * `encoding` is base64 unless the command says otherwise: that is how JSON carries a document. Without a content type of
 * its own, the extracted document is what `accept.contentTypes` asks for, if that is one type and not the answer's JSON.
 */
function compileExtract(extract: Accept['extract'], contentTypes: readonly string[] | null): Extract | null {
  if (extract === undefined) return null;
  const asked = contentTypes?.filter((type) => !type.endsWith('/*') && !/[/+]json$/.test(type)) ?? [];
  const contentType = extract.contentType?.toLowerCase() ?? (asked.length === 1 ? asked[0] : undefined) ?? null;
  return { pointer: extract.pointer, encoding: extract.encoding ?? 'base64', contentType };
}

/** Is a media type one of those asked for? */
export function includesType(asked: readonly string[], type: string): boolean {
  return asked.some((one) => one === type || (one.endsWith('/*') && type.startsWith(one.slice(0, -1))));
}
