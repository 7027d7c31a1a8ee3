import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { Resolver } from '../../../src/sending/egress.ts';
import { type OwnService, ownServiceAt } from '../../../src/sending/own-services.ts';

const api: OwnService = { what: 'own API', host: '127.0.0.1', port: 3000 };
const names: Record<string, string[]> = {
  'db.internal': ['10.0.0.5', 'fd00::5'],
  'alias.example': ['10.0.0.5'],
  localhost: ['127.0.0.1'],
};
const resolve: Resolver = async (name) => names[name] ?? Promise.reject(new Error(`no ${name}`));

/** What is said of connecting to these addresses under that name. */
const at = (addresses: string[], service: OwnService, { host = addresses[0] ?? '', port = service.port } = {}) =>
  ownServiceAt({ host, port, name: `${host}:${port}` }, addresses, [service], resolve);

const interfaces = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));

describe('contract §6: Errand calls none of its own services', () => {
  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::127.0.0.1',
    ...interfaces,
  ])('%s is this machine, whichever of its addresses the API listens on', async (address) => {
    for (const host of ['127.0.0.1', '0.0.0.0', '::', '[::1]', 'localhost']) {
      expect(await at([address], { ...api, host })).toContain("is Errand's own API");
      expect(await at([address], { ...api, host }, { port: 3001 })).toBeUndefined();
    }
  });

  it.each([
    '10.0.0.5',
    'fd00::5',
    'fd00:0:0::0005',
    '::ffff:10.0.0.5',
    '::ffff:0:10.0.0.5',
    '64:ff9b::a00:5',
    '64:ff9b:1::a00:5',
    '64:ff9b:1:a00:0:500::',
    '2002:a00:5::1',
    '2001:0:1:2:3:4:f5ff:fffa',
  ])('%s reaches what db.internal resolves to', async (address) => {
    const database = { what: 'own database', host: 'db.internal', port: 5432 };
    expect(await at([address], database)).toContain("is Errand's own database");
    expect(await at(['93.184.216.34', address], database, { host: 'mixed.example' })).toContain('own database');
  });

  it.each(['10.0.0.6', 'fd00::6', '64:ff9b::a00:6', '2002:a00:6::1', '127.0.0.1'])('%s does not', async (address) => {
    expect(await at([address], { what: 'own database', host: 'db.internal', port: 5432 })).toBeUndefined();
  });

  it('knows a service by its name without asking the resolver', async () => {
    const service = { what: 'own Redis', host: 'redis.internal', port: 6379 };
    expect(await at(['203.0.113.1'], service, { host: 'REDIS.internal.' })).toContain('REDIS.internal.:6379');
  });

  it('does not guess while the name of a service on that port does not resolve', async () => {
    const service = { what: 'own Redis', host: 'redis.internal', port: 6379 };
    await expect(at(['203.0.113.1'], service)).rejects.toThrow('no redis.internal');
    expect(await at(['203.0.113.1'], service, { port: 80 })).toBeUndefined();
  });
});
