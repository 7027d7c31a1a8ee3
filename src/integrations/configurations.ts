import { LRUCache } from 'lru-cache';
import { type AssembleDependencies, assemble } from './assemble.ts';
import type { Configuration, Configurations } from './configuration.ts';
import type { StoredConfiguration } from './stored.ts';

export type ConfigurationsOptions = AssembleDependencies & {
  load: (integration: string) => Promise<StoredConfiguration | null>;
  /**
   * How long a configuration is used without asking again, in milliseconds. Changes are told by notification; this is
   * for the notification that got lost. Default: 30 s.
   */
  maxAgeMs?: number;
  /** How many integrations are kept: some 10 kB each. Default: 5,000. */
  max?: number;
  now?: () => number;
};

/** A configuration at hand, with the promise that every `get` answers: a warm `get` makes nothing new. */
type Cached = { configuration: Configuration; answer: Promise<Configuration>; loadedAt: number };

/**
 * The configuration cache. Callers that ask for the same integration at the same time share one query; that there is no
 * such integration is not remembered, so that one just made is found.
 */
export function createConfigurations(options: ConfigurationsOptions): Configurations {
  const { load, maxAgeMs = 30_000, max = 5_000, now = () => performance.now() } = options;
  const cache = new LRUCache<string, Cached>({ max });
  const loading = new Map<string, Promise<Configuration | null>>();

  async function loadNow(integration: string, isCurrent: () => boolean): Promise<Configuration | null> {
    const loadedAt = now();
    const stored = await load(integration);
    const there = stored !== null && stored.integration.deletedAt === null;
    const configuration = there ? assemble(stored, options) : null;
    // Whoever forgot it in the meantime knows of a change that this snapshot may not have.
    if (isCurrent()) {
      if (configuration === null) cache.delete(integration);
      else cache.set(integration, { configuration, answer: Promise.resolve(configuration), loadedAt });
    }
    return configuration;
  }

  function loadShared(integration: string): Promise<Configuration | null> {
    const shared = loading.get(integration);
    if (shared !== undefined) return shared;
    const mine: Promise<Configuration | null> = loadNow(integration, () => loading.get(integration) === mine).finally(
      () => {
        if (loading.get(integration) === mine) loading.delete(integration);
      },
    );
    loading.set(integration, mine);
    return mine;
  }

  async function loadAtLeast(integration: string, atLeast: number): Promise<Configuration | null> {
    const joined = loading.has(integration);
    const configuration = await loadShared(integration);
    // A query that was under way may have begun before the change; one that begins now has not.
    const tooOld = configuration === null ? atLeast > 0 : configuration.version < atLeast;
    return joined && tooOld ? loadShared(integration) : configuration;
  }

  function get(integration: string, atLeast = 0): Promise<Configuration | null> {
    const cached = cache.get(integration);
    if (cached !== undefined && cached.configuration.version >= atLeast && now() - cached.loadedAt < maxAgeMs) {
      return cached.answer;
    }
    return loadAtLeast(integration, atLeast);
  }

  return {
    get,

    async waits(integration) {
      const configuration = await get(integration);
      if (configuration === null) return false;
      if (configuration.status === 'paused') return true;
      const { hold } = configuration;
      // What is not kept was loaded just now.
      const ageMs = now() - (cache.peek(integration)?.loadedAt ?? now());
      return hold !== null && ageMs < hold.probeInMs;
    },

    peek: (integration) => cache.peek(integration)?.configuration,

    forget(integration) {
      if (integration === undefined) {
        cache.clear();
        loading.clear();
      } else {
        cache.delete(integration);
        loading.delete(integration);
      }
    },
  };
}
