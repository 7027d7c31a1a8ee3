import type { Config } from '../platform/config.ts';
import { databaseAddress } from '../platform/pg.ts';
import { redisAddresses } from '../platform/redis.ts';
import type { OwnService } from '../sending/own-services.ts';

/**
 * What commands may never call, as far as the configuration names it. An address that only a proxy or a published port of a
 * container has is unknown here.
 */
export function ownServices({
  databaseUrl,
  directUrl,
  redisUrl,
}: Pick<Config, 'databaseUrl' | 'directUrl' | 'redisUrl'>): OwnService[] {
  const databases = new Set([databaseUrl, directUrl].filter((url) => url !== null));
  return [
    ...[...databases].map((url) => ({ what: 'own database', ...databaseAddress(url) })),
    ...(redisUrl === null ? [] : redisAddresses(redisUrl)).map((address) => ({ what: 'own Redis', ...address })),
  ];
}

/** The API's address; none while it is to be a free port that nobody has picked yet. */
export function ownApi({ host, port }: Pick<Config, 'host' | 'port'>): OwnService[] {
  return port === 0 ? [] : [{ what: 'own API', host, port }];
}

/** All of them, as far as the configuration says. */
export const ownAsConfigured = (
  config: Parameters<typeof ownServices>[0] & Parameters<typeof ownApi>[0],
): OwnService[] => [...ownServices(config), ...ownApi(config)];

/** The port that an API which listens says in its URL. */
export const portOf = (url: string): number => Number(new URL(url).port || 80);
