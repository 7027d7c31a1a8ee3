import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandBody } from '../../src/contract/command.ts';
import { type ErrorCode, errorCodes } from '../../src/contract/errors.ts';
import type { Invocation } from '../../src/contract/invocation.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { createCertificateAuthority } from '../support/endpoints/certificates.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { faults } from '../support/endpoints/faults.ts';
import { type RawEndpoint, startRawEndpoint } from '../support/endpoints/raw-endpoint.ts';

/** Each error code of contract §3, and which file makes an invocation end with it, or an attempt, from the API to the end. */
const producedIn: Record<ErrorCode, string> = {
  'token-missing': 'error-codes',
  'render-failed': 'error-codes',
  'egress-blocked': 'main-job',
  'dns-failed': 'error-codes',
  'connect-failed': 'stored-results',
  'tls-failed': 'error-codes',
  timeout: 'error-codes',
  'protocol-error': 'error-codes',
  'response-too-large': 'error-codes',
  'unexpected-status': 'main-job',
  'unexpected-content': 'main-job',
  absent: 'batches',
  'rate-limited': 'limits',
  'integration-paused': 'steering',
  'command-not-configured': 'steering',
  'secret-unreadable': 'main-job',
  'invalid-job': 'producers',
  poisoned: 'error-codes',
  cancelled: 'steering',
  'attempts-exhausted': 'main-job',
  'deadline-exceeded': 'error-codes',
};

describe('contract §3: error codes, from the API to the end', () => {
  let errand: Deployment;
  let well: Endpoint;
  let secured: Endpoint;
  const broken = new Map<keyof typeof faults, RawEndpoint>();

  beforeAll(async () => {
    well = await startEndpoint((request, response) => {
      response.writeHead(request.url === '/busy' ? 503 : 200, { 'content-type': 'text/plain' }).end('an invoice');
    });
    const tls = createCertificateAuthority().issue('localhost');
    secured = await startEndpoint((_request, response) => void response.end('an invoice'), { tls });
    for (const fault of ['headers-never', 'not-http'] as const) {
      broken.set(fault, await startRawEndpoint(faults[fault]));
    }
    errand = await deploy({ name: 'postgres' });
    await errand.worker('batch');
  });
  afterAll(async () => {
    await errand?.stop();
    await Promise.all([well, secured, ...broken.values()].map((each) => each?.close()));
  });

  async function configure(id: string, url: string, more: Partial<CommandBody> = {}): Promise<void> {
    await errand.client.putIntegration(id, { name: id, type: 'custom' });
    await errand.client.putCommand(id, 'GetInvoiceImage', {
      request: { method: 'GET', url },
      accept: { contentTypes: ['*/*'] },
      retry: { attempts: 1 },
      ...more,
    });
  }

  const enqueue = (integration: string, invoice = 'INV1'): Promise<Invocation> =>
    errand.client.enqueue({ integration, command: 'GetInvoiceImage', tokens: { InvoiceNumber: invoice } });

  async function post(what: string): Promise<void> {
    const headers = { authorization: `Bearer ${errand.adminKey}` };
    expect((await fetch(`${errand.url}/v1/${what}`, { method: 'POST', headers })).status).toBe(200);
  }

  /** What ends with that code although it could be enqueued: it is changed while the integration is paused. */
  async function changedBefore(integration: string, change: (id: string) => Promise<unknown>): Promise<Invocation> {
    await configure(integration, `${well.url}/{{InvoiceNumber}}`);
    await post(`integrations/${integration}/pause`);
    const { id } = await enqueue(integration);
    await change(id);
    await post(`integrations/${integration}/resume`);
    return errand.ended(id);
  }

  it.each<[ErrorCode, () => string, Partial<CommandBody>]>([
    // A name of RFC 6761 §6.4, which never resolves.
    ['dns-failed', () => 'http://errand.invalid', {}],
    ['tls-failed', () => `https://127.0.0.1:${secured.port}`, {}],
    ['timeout', () => broken.get('headers-never')?.url ?? '', { timeoutMs: 300 }],
    ['protocol-error', () => broken.get('not-http')?.url ?? '', {}],
    ['response-too-large', () => well.url, { accept: { contentTypes: ['*/*'], maxBytes: 4 } }],
  ])('%s', async (code, baseUrl, more) => {
    await configure(code, `${baseUrl()}/{{InvoiceNumber}}`, more);
    const { status, error, attempts } = await errand.ended((await enqueue(code)).id);
    expect(status).toBe('failed');
    expect(attempts).toMatchObject([{ error: { code } }]);
    // What may be tried again has used up its one attempt.
    expect([error?.code, error?.cause]).toContain(code);
  });

  it('token-missing: a token that the command asks for since it was accepted', async () => {
    const before = well.requests.length;
    const ended = await changedBefore('token-missing', () =>
      configure('token-missing', `${well.url}/{{InvoiceNumber}}/{{ipAddress}}`),
    );
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'token-missing', side: 'request' } });
    expect(ended.error?.message).toContain('ipAddress');
    expect(well.requests).toHaveLength(before);
  });

  it('render-failed: a value that would walk up in the path', async () => {
    const before = well.requests.length;
    await configure('render-failed', `${well.url}/{{InvoiceNumber}}/image`);
    const ended = await errand.ended((await enqueue('render-failed', '..')).id);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'render-failed', side: 'request' } });
    expect(ended.error?.message).toContain('InvoiceNumber');
    expect(well.requests).toHaveLength(before);
  });

  it('poisoned: what has ended its worker again and again', async () => {
    const before = well.requests.length;
    const ended = await changedBefore('poisoned', (id) =>
      errand.database.pool.query('update invocations set crashes = 100 where id = $1', [id]),
    );
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'poisoned', side: 'errand' } });
    expect(well.requests).toHaveLength(before);
  });

  it('deadline-exceeded: no further attempt fits', async () => {
    const retry = { attempts: 5, baseMs: 60_000, maxMs: 60_000 };
    await configure('deadline-exceeded', `${well.url}/{{InvoiceNumber}}`, {
      deadlineMs: 1_000,
      timeoutMs: 1_000,
      retry,
    });
    const ended = await errand.ended((await enqueue('deadline-exceeded', 'busy')).id);
    expect(ended).toMatchObject({
      status: 'failed',
      error: { code: 'deadline-exceeded', cause: 'unexpected-status' },
      attempts: [{ status: 503 }],
    });
  });

  it.each(errorCodes)('%s is produced in the file that says so', (code) => {
    const file = path.join(import.meta.dirname, `${producedIn[code]}.test.ts`);
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`'${code}'|${code}:|"${code}"`));
  });
});
