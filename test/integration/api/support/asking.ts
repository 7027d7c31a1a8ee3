import { endpoint } from './notification-routes.ts';
import { command, integration, type RouteCase, schedule } from './routes.ts';
import type { RunningApi } from './start-api.ts';

/** Asks for routes of the table with everything there that they find. */
export async function createAsking(running: RunningApi) {
  await running.call('PUT', '/v1/integrations/north', { body: integration });
  await running.call('PUT', '/v1/integrations/north/commands/GetInvoiceImage', { body: command });

  async function ticketFor(account: string): Promise<string> {
    const { url } = (await running.call('POST', '/v1/portal-sessions', { body: { account, role: 'configurer' } })).json;
    return url.split('/').at(-1);
  }

  async function enqueued(): Promise<string> {
    const body = { integration: 'north', command: 'GetInvoiceImage' };
    return (await running.call('POST', '/v1/invocations', { body })).json.id;
  }

  async function ended(): Promise<string> {
    const id = await enqueued();
    running.invocations.end(id, { bytes: Buffer.from('%PDF-'), contentType: 'application/pdf' });
    return id;
  }

  async function begun(): Promise<string> {
    const items = [{ tokens: { InvoiceNumber: '1' } }];
    const body = { integration: 'north', command: 'GetInvoiceImage', run: 'a-night', items };
    return (await running.call('POST', '/v1/batches', { body })).json.id;
  }

  async function madeEndpoint(): Promise<string> {
    return (await running.call('POST', '/v1/notification-endpoints', { body: endpoint })).json.id;
  }

  /** A notification of a callback. */
  async function staged(): Promise<string> {
    const { rows } = await running.pool.query(`
      insert into notifications (id, accounts, event, account, subject_type, subject_id, url, target, data)
      values (errand_uuid_v7(), '{north}', 'invocation.finished', 'north', 'invocation', 'x', 'https://example.com/', 'x', '{}')
      returning id`);
    return rows[0].id;
  }

  let schedules = 0;
  /** One of which no run is open. */
  async function idleSchedule(): Promise<string> {
    schedules += 1;
    const name = `schedule-${schedules}`;
    await running.call('PUT', `/v1/integrations/north/schedules/${name}`, { body: schedule });
    return name;
  }

  const invocation = await ended();
  // Invocations of this API are in memory: what is wrong is found in the table.
  await running.pool.query(`
    insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version, error)
    values (errand_uuid_v7(), 'north', 'north', 'GetInvoiceImage', 'batch', 'failed', '{}', 'f', 1,
      '{"code": "timeout", "message": "late", "side": "customer-server"}')`);
  const batch = await begun();
  await running.call('POST', `/v1/batches/${batch}/cancel`);

  /** Makes anew what a route finds before it. @returns its path and body as they are to be sent */
  async function prepare({ path, body }: RouteCase): Promise<{ path: string; raw?: string }> {
    await running.call('PUT', '/v1/integrations/north', { body: integration });
    await running.call('PUT', '/v1/integrations/north/commands/GetInvoiceImage', { body: command });
    await running.call('PUT', '/v1/integrations/north/secrets/key', { body: { value: 'another value' } });
    await running.call('PUT', '/v1/integrations/north/schedules/nightly', { body: schedule });
    const { id } = (await running.call('POST', '/v1/keys', { body: { role: 'producer', accounts: ['north'] } })).json;
    const filled = path
      .replace(':invocation', invocation)
      .replace(':key', id)
      .replace(':batch', batch)
      .replace(':running', path.includes(':running') ? await begun() : '')
      .replace(':schedule', await idleSchedule())
      .replace(':endpoint', path.includes(':endpoint') ? await madeEndpoint() : '')
      .replace(':notification', path.includes(':notification') ? await staged() : '')
      .replace(':open', await enqueued())
      .replace(':ended', await ended());
    const raw = JSON.stringify(body)?.replace(':ticket', await ticketFor('north'));
    return { path: filled, ...(raw === undefined ? {} : { raw }) };
  }

  return {
    ticketFor,
    prepare,
    async ask(route: RouteCase, key: string | null) {
      const { path, ...asked } = await prepare(route);
      return running.call(route.method, path, { key, ...asked });
    },
  };
}

/** A path of the table, or of OpenAPI, with asterisks for what is a parameter. */
export function generalPath(path: string): string {
  return path
    .replace(/\{.*?\}/g, '*')
    .replace(/:invocation|:ended|:open|:key|:schedule|:batch|:running|:endpoint|:notification/, '*')
    .replace(/\/(?:north|GetInvoiceImage|GetThing|nightly|a-night)(?=\/|$)/g, '/*')
    .replace(/secrets\/key/, 'secrets/*')
    .replace(/versions\/1/, 'versions/*');
}
