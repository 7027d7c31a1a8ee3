import { LRUCache } from 'lru-cache';
import type { Auth } from '../contract/authentication.ts';
import type { CommandBody } from '../contract/command.ts';
import { builtInCommandTypes, type CommandType, type DeclaredToken } from '../contract/command-type.ts';
import { type CompiledRequest, compileRequest } from '../tokens/compile.ts';
import { mask } from '../tokens/places/place.ts';
import { shownAuth } from './authentication/resolve.ts';

/** A command as it was when a request was sent, for rendering that request again. */
export type PastCommand = {
  request: CompiledRequest;
  /** What its command type declares now: what has become sensitive is masked in what was sent before, too. */
  tokens: readonly DeclaredToken[];
  variables: ReadonlyMap<string, string>;
  /** Names only. */
  secrets: ReadonlySet<string>;
  /** How it said who Errand is, with masks for secrets. */
  auth: Auth | null;
};

export type PastCommands = {
  /** `null` if it cannot be known any more. */
  get(
    integration: string,
    configurationVersion: number,
    command: string,
    commandVersion: number,
  ): Promise<PastCommand | null>;
  /** A command type changed. */
  forget(): void;
};

export type PastCommandsOptions = {
  load: (
    integration: string,
    configurationVersion: number,
    command: string,
    commandVersion: number,
  ) => Promise<{
    definition: CommandBody;
    variables: Record<string, string>;
    secrets: readonly string[];
    type: CommandType | null;
    auth: Auth | null;
  } | null>;
  /** How many are kept: a page of one integration's attempts needs few. Default: 500. */
  max?: number;
};

export function createPastCommands({ load, max = 500 }: PastCommandsOptions): PastCommands {
  const cache = new LRUCache<string, Promise<PastCommand | null>>({ max });

  async function loadPast(...of: Parameters<PastCommands['get']>): Promise<PastCommand | null> {
    const past = await load(...of);
    if (past === null) return null;
    const type = builtInCommandTypes.find(({ name }) => name === of[2]) ?? past.type;
    const tokens = type?.tokens ?? [];
    const variables = new Map(Object.entries(past.variables));
    const names = { commandType: tokens, variables: [...variables.keys()], secrets: past.secrets };
    const compilation = compileRequest(past.definition.request, names);
    if (!compilation.ok) return null;
    const auth = shownAuth(past.auth, variables, mask);
    return { request: compilation.compiled, tokens, variables, secrets: new Set(past.secrets), auth };
  }

  return {
    get(...of) {
      const key = JSON.stringify(of);
      const known = cache.get(key);
      if (known !== undefined) return known;
      const loading = loadPast(...of);
      cache.set(key, loading);
      const drop = () => {
        if (cache.peek(key) === loading) cache.delete(key);
      };
      // Versions never change, so what was found stays; what was not, or could not be asked for, is asked for again.
      loading.then((past) => past === null && drop(), drop);
      return loading;
    },
    forget: () => cache.clear(),
  };
}
