import type { KeyAccounts } from '../contract/api-key.ts';
import { type FieldError, Refusal } from '../contract/problem.ts';
import type { Tokens, TokenValue } from '../contract/tokens.ts';
import type { CompiledCommand, Configuration, Configurations } from '../integrations/configuration.ts';
import { sensitiveNames } from '../tokens/names.ts';
import { byCurrent } from './enqueue.ts';
import { checkTokens, requireCommand, usedTokens } from './prepare.ts';
import type { StoredResult } from './read.ts';

/** The newest good result for some tokens. `ageSeconds` is by the database's clock. */
export type LatestRow = {
  invocation: string;
  contentType: string | null;
  sha256: Buffer;
  size: number;
  /** When its answer came: also a 304, which said that it still holds. */
  at: Date;
  ageSeconds: number;
};

export type Latest = LatestRow & { integration: string; command: string };

export type LatestDependencies = {
  configurations: Configurations;
  sealer: { fingerprint(integration: string, command: string, tokens: Tokens): Buffer };
  store: {
    /** Under any of the fingerprints; only one whose bytes are there. */
    find(integration: string, command: string, fingerprints: readonly Buffer[]): Promise<LatestRow | null>;
    blob(sha256: Buffer): Promise<Buffer | null>;
  };
};

/** What is asked for: the command, with tokens as an invocation has them. */
export type LatestOf = { integration: string; command: string; tokens: Tokens };

/** The newest good results, for those whose accounts they are. */
export function createLatest({ configurations, sealer, store }: LatestDependencies) {
  /** The fingerprints under which the result may be, for tokens that are written in one of several ways. */
  const fingerprints = ({ integration }: Configuration, command: CompiledCommand, ways: readonly Tokens[]) =>
    ways.map((tokens) => sealer.fingerprint(integration, command.name, tokens));

  async function find(of: LatestOf, among: readonly Buffer[]): Promise<Latest | null> {
    const { integration, command } = of;
    const row = await store.find(integration, command, among);
    return row && { ...row, integration, command };
  }

  async function bytesOf({ command, ...row }: Latest): Promise<(StoredResult & { invocation: string }) | null> {
    const bytes = await store.blob(row.sha256);
    const { contentType, at, invocation } = row;
    return bytes && { bytes, contentType, sha256: row.sha256.toString('hex'), at, command, invocation };
  }

  return {
    bytesOf,

    /** For an invocation's own tokens; `null` if there is none. @throws Refusal as enqueueing */
    find: async (accounts: KeyAccounts, of: LatestOf): Promise<Latest | null> => {
      const among = await byCurrent(configurations, of.integration, (found) => {
        const { configuration, command } = requireCommand(found, accounts, of);
        return fingerprints(configuration, command, [
          usedTokens(command, checkTokens({ configuration, command }, of.tokens)),
        ]);
      });
      return find(of, among);
    },

    /**
     * For tokens that are the parameters of a URL: all text, so `5` is looked for as the number, too.
     *
     * @throws Refusal `not-found`, `conflict`, or `invalid` with the parameters at fault; a sensitive one is refused: URLs
     * are written into the logs of whatever they pass.
     */
    async byQuery(accounts: KeyAccounts, of: LatestOf & { tokens: Readonly<Record<string, string>> }) {
      const among = await byCurrent(configurations, of.integration, (found) => {
        const { configuration, command } = requireCommand(found, accounts, of);
        refuseSensitive(command, of.tokens);
        const given = byParameter(() => checkTokens({ configuration, command }, of.tokens));
        return fingerprints(configuration, command, readings(usedTokens(command, given)));
      });
      const latest = await find(of, among);
      const bytes = latest && (await bytesOf(latest));
      if (latest === null || bytes === null) {
        throw new Refusal('not-found', `There is no good result of "${of.command}" for these tokens.`);
      }
      return { ...bytes, ageSeconds: latest.ageSeconds };
    },
  };
}

function refuseSensitive({ type }: CompiledCommand, tokens: Tokens): void {
  const sensitive = sensitiveNames(type.tokens);
  const message =
    'is sensitive and must not stand in a URL. Leave it out where the command does not use it; else ask with ' +
    'POST /v1/invocations and "fallback": "stored"';
  const errors = Object.keys(tokens).flatMap((path) => (sensitive.has(path) ? [{ path, message }] : []));
  if (errors.length > 0) throw new Refusal('invalid', 'A sensitive token must not stand in a URL.', errors);
}

/** Errors with the names of parameters instead of the paths in a body. */
function byParameter<Checked>(check: () => Checked): Checked {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const named = ({ path, message }: FieldError) => ({ path: path.replace(/^tokens\./, ''), message });
    throw new Refusal(error.kind, error.message, error.errors.map(named));
  }
}

/** The ways to read 4 tokens that could be numbers or booleans; more are read in these ways together. */
const maxReadings = 16;

/** Text, or what JSON would have written like this: `5`, `true`, `null`. */
function readings(tokens: Tokens): Tokens[] {
  let ways: Record<string, TokenValue>[] = [{}];
  for (const [name, text] of Object.entries(tokens)) {
    const values = [text, ...otherReading(text)];
    const grown = ways.flatMap((way) => values.map((value) => ({ ...way, [name]: value })));
    ways = grown.length <= maxReadings ? grown : ways.map((way) => ({ ...way, [name]: text }));
  }
  return ways;
}

function otherReading(text: TokenValue): TokenValue[] {
  if (typeof text !== 'string' || !/^(?:-?\d[\d.eE+-]*|true|false|null)$/.test(text)) return [];
  try {
    const value: TokenValue = JSON.parse(text);
    return JSON.stringify(value) === text ? [value] : [];
  } catch {
    return [];
  }
}
