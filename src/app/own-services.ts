import type { Config } from '../platform/config.ts';
import { databaseAddress } from '../platform/pg.ts';
import { redisAddress } from '../platform/redis.ts';
import type { OwnService } from '../sending/own-services.ts';

/**
 * What commands may never call, as far as the configuration names it. An address that only a proxy or a published port of a
 * container has is unknown here.
 */
export function ownServices({ databaseUrl, redisUrl }: Pick<Config, 'databaseUrl' | 'redisUrl'>): OwnService[] {
  return [
    ...(databaseUrl === null ? [] : [{ what: 'own database', ...databaseAddress(databaseUrl) }]),
    ...(redisUrl === null ? [] : [{ what: 'own Redis', ...redisAddress(redisUrl) }]),
  ];
}

/** The API's address; none while it is to be a free port that nobody has picked yet. */
export function ownApi({ host, port }: Pick<Config, 'host' | 'port'>): OwnService[] {
  return port === 0 ? [] : [{ what: 'own API', host, port }];
}

/** The port that an API which listens says in its URL. */
export const portOf = (url: string): number => Number(new URL(url).port || 80);
