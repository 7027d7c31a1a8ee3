import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { AuditVerification } from '../../src/contract/audit.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { type ErrandProcess, runErrand } from '../support/errand.ts';
import { queueBackends } from '../support/queues.ts';

const page = await readFile(new URL('../../docs/operating.md', import.meta.url), 'utf8');

/** The statements of docs/operating.md, for a role of this test's own. */
function grantsFor(role: string): string {
  const [, sql] = /^```sql grants\n(.*?)^```$/ms.exec(page) ?? [];
  if (sql === undefined) throw new Error('docs/operating.md has no grants');
  return sql.replaceAll('errand_app', role);
}

describe.each(queueBackends())('contract §3: the audit log under seal, queues on $name', (backend) => {
  const role = `errand_app_${backend.name}_${process.pid}`;
  let errand: Deployment;
  let worker: ErrandProcess;
  let endpoint: Endpoint;
  let directory: string;

  beforeAll(async () => {
    endpoint = await startEndpoint((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('an invoice');
    });
    directory = await mkdtemp(path.join(tmpdir(), 'errand-audit-'));
    errand = await deploy(backend, async ({ pool, url }) => {
      await pool.query(grantsFor(role));
      const own = new URL(url);
      [own.username, own.password] = [role, 'choose-one'];
      return { DATABASE_URL: own.href };
    });
    worker = await errand.worker('interactive');
    await worker.event('leader.gained');
  }, 120_000);
  afterAll(async () => {
    await errand?.stop();
    const admin = new pg.Client({ connectionString: inject('postgresUrl') });
    await admin.connect();
    await admin.query(`drop role if exists ${role}`).finally(() => admin.end());
    await endpoint?.close();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });

  const asErrand = async (sql: string) => {
    const { pool } = errand.database;
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query(`set local role ${role}`);
      return await client.query(sql);
    } finally {
      await client.query('rollback');
      client.release();
    }
  };
  async function cli(...args: string[]) {
    const env = { ERRAND_URL: errand.url, ERRAND_API_KEY: errand.adminKey };
    const { code, stdout, stderr } = await runErrand(['audit', ...args], env);
    return { code, stdout: stdout.toString(), stderr };
  }
  const sealed = () =>
    vi.waitUntil(
      async () => {
        const { seals, unsealed } = await errand.client.verifyAudit();
        return seals > 0 && unsealed === 0;
      },
      { timeout: 30_000, interval: 200 },
    );

  it('is written and sealed by a role that can neither change nor delete an entry', async () => {
    const variables = { baseUrl: endpoint.url };
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', variables });
    await errand.client.putSecret('acme', 'apiKey', 'gckQ-a-secret-of-many-taJ9');
    await errand.client.putSecret('acme', 'apiKey', 'hdlR-another-of-many-ubK0');
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
      accept: { contentTypes: ['*/*'] },
    });
    const { id } = await errand.client.enqueue({
      integration: 'acme',
      command: 'GetInvoiceImage',
      tokens: { InvoiceNumber: '1' },
      lane: 'interactive',
    });
    expect((await errand.ended(id)).status).toBe('succeeded');
    await sealed();
    for (const change of [`update audit_log set details = '{}'`, 'delete from audit_log', 'truncate audit_log']) {
      await expect(asErrand(change)).rejects.toThrow('permission denied');
    }
    const { rows } = await asErrand(`select inhrelid::regclass::text as name from pg_inherits
      where inhparent = 'audit_log'::regclass`);
    for (const { name } of rows) {
      await expect(asErrand(`update ${name} set details = '{}'`)).rejects.toThrow('permission denied');
    }
    await expect(asErrand('update audit_seals set entries = 0')).rejects.toThrow('permission denied');
    await expect(asErrand('delete from audit_seals')).rejects.toThrow('permission denied');
    const entry = `id, actor_type, actor_id, action, subject_type, subject_id, details`;
    await expect(
      asErrand(`insert into audit_log (${entry}, seq) values (errand_uuid_v7(), 'key', '', '', '', '', '{}', 1)`),
    ).rejects.toThrow('permission denied');
    expect(worker.output()).not.toMatch(/upkeep\.failed|audit\.not-sealed/);
  });

  it('is not removed for that role before its time, whatever it says and whatever it names', async () => {
    const answers = (await asErrand(`
      create temp table audit_floor as select 0 as days;
      create temp table audit_log (seq bigint, action text, at timestamptz);
      insert into audit_checkpoints (kind, up_to, to_seq, head, key_id, seal, removed_to)
        values ('all', 1000, 1000, '', 'k1', '', 0);
      select errand_remove_audit(0, 1000, null) as removed, errand_remove_seals(1000) as seals;
      select count(*)::int as left from public.audit_log`)) as unknown as { rows: object[] }[];
    expect(answers.at(-2)?.rows).toEqual([{ removed: 0, seals: 0 }]);
    expect(answers.at(-1)?.rows).not.toEqual([{ left: 0 }]);
    await expect(asErrand('update audit_floor set days = 0')).rejects.toThrow('permission denied');
    await expect(asErrand('create table public.mine ()')).rejects.toThrow('permission denied');
  });

  it('is exported, with what secrets were and are as hints', async () => {
    const file = path.join(directory, 'audit.ndjson');
    const { code, stderr } = await cli('export', '--action', 'secret.saved', '--output', file);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`2 entries saved to ${file}`)]);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).details)).toEqual([
      {
        before: { hint: 'gckQ...taJ9', allowedHosts: null },
        after: { hint: 'hdlR...ubK0', allowedHosts: null },
      },
      { before: null, after: { hint: 'gckQ...taJ9', allowedHosts: null } },
    ]);
    const none = await cli('export', '--action', 'key.revoked', '--output', file);
    expect([none.code, none.stderr]).toEqual([0, expect.stringContaining(`Nothing fits; ${file} is empty`)]);
    const all = await cli('export');
    expect(all.stdout.trimEnd().split('\n').length).toBeGreaterThan(5);
    const unfit = await cli('export', '--since', 'yesterday');
    expect([unfit.code, unfit.stderr]).toEqual([2, expect.stringContaining('since')]);
  });

  it('is verified from the command line, also against a seal that was logged; what was changed is found', async () => {
    const { number, head } = await worker.event('audit.sealed');
    const good = await cli('verify', '--kept', `${number}:${head}`);
    expect([good.code, good.stderr]).toEqual([0, '']);
    expect(good.stdout).toMatch(
      /entries under [\d,]+ seals are as they were sealed\n(.*\n)?Newest seal, .*: \d+:[0-9a-f]{64}\n$/,
    );
    expect((await cli('verify', '--kept', 'nonsense')).code).toBe(2);
    const other = await cli('verify', '--kept', `${number}:${'00'.repeat(32)}`);
    expect([other.code, other.stdout]).toEqual([1, expect.stringContaining('the log was made anew')]);
    await errand.database.pool.query(`update audit_log set actor_id = 'somebody' where action = 'secret.saved'`);
    const changed = await cli('verify', '--json');
    expect(changed.code).toBe(1);
    const { ok, problems } = JSON.parse(changed.stdout) as AuditVerification;
    expect(ok).toBe(false);
    // One for each seal that they lie under.
    expect(problems.map(({ message }) => message)).toContainEqual(expect.stringContaining('changed'));
  });
});
