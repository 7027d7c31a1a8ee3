import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type ErrandProcess, startErrand } from '../support/errand.ts';

describe('contract §3: keys where several APIs run', () => {
  let errand: Deployment;
  let other: ErrandProcess;
  let urls: string[];

  beforeAll(async () => {
    errand = await deploy({ name: 'postgres' });
    other = startErrand(['api'], errand.env);
    urls = [errand.url, (await other.event('ready')).url ?? ''];
  });
  afterAll(async () => {
    await other?.kill();
    await errand?.stop();
  });

  const statusOf = async (url: string, headers: Record<string, string>) => {
    const response = await fetch(`${url}/v1/keys`, { headers });
    await response.arrayBuffer();
    return response.status;
  };
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
  const everywhere = (headers: Record<string, string>) => Promise.all(urls.map((url) => statusOf(url, headers)));

  async function signIn(url: string, key: string): Promise<{ cookie: string }> {
    const body = new URLSearchParams({ key });
    const headers = { 'sec-fetch-site': 'same-origin' };
    const response = await fetch(`${url}/sign-in`, { method: 'POST', body, headers, redirect: 'manual' });
    return { cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' };
  }

  it('a key works at all of them from its making, and at none from its revoking, nor do its sessions', async () => {
    const { key, id } = await errand.client.createKey({ role: 'admin', accounts: '*' });
    const sessions = await Promise.all(urls.map((url) => signIn(url, key)));
    for (const headers of [bearer(key), ...sessions]) expect(await everywhere(headers)).toEqual([200, 200]);
    await errand.client.revokeKey(id);
    for (const headers of [bearer(key), ...sessions]) expect(await everywhere(headers)).toEqual([401, 401]);
  });

  it('it ends everywhere when it expires', async () => {
    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    const { key } = await errand.client.createKey({ role: 'admin', accounts: '*', expiresAt });
    expect(await everywhere(bearer(key))).toEqual([200, 200]);
    await expect.poll(() => everywhere(bearer(key)), { timeout: 10_000 }).toEqual([401, 401]);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
  });

  it('its last use is written once a minute, not once a request', async () => {
    await errand.database.pool.query(`
      create table touched (id uuid);
      create function note_touch() returns trigger language plpgsql as
        $$ begin insert into touched values (new.id); return new; end $$;
      create trigger noted after update on api_keys for each row execute function note_touch()`);
    const { key, id } = await errand.client.createKey({ role: 'admin', accounts: '*' });
    // One after the other first, so that each API could know what it wrote.
    for (let time = 0; time < 10; time += 1) expect(await everywhere(bearer(key))).toEqual([200, 200]);
    await Promise.all(Array.from({ length: 50 }, () => everywhere(bearer(key))));
    const client = createClient({ url: urls[1] ?? '', apiKey: key });
    const lastUsed = async () => (await client.listKeys()).items.find((each) => each.id === id)?.lastUsedAt ?? null;
    await expect.poll(lastUsed).not.toBeNull();
    const { rows } = await errand.database.pool.query('select count(*)::int as count from touched where id = $1', [id]);
    expect(rows[0].count).toBeGreaterThan(0);
    // Both may have begun before either had written.
    expect(rows[0].count).toBeLessThanOrEqual(2);
  });
});
