import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { programOf } from '../../support/errand.ts';
import { hasTerminal, onTerminal } from '../../support/terminal.ts';
import { type Applying, acme, apiKeyValue, noChanges, startApplying } from './support/applying.ts';
import { startBetween } from './support/between.ts';

let applying: Applying;
beforeAll(async () => {
  applying = await startApplying();
});
afterAll(() => applying.stop());
beforeEach(() => applying.reset());

describe('errand apply that does not get to its end (contract §2)', () => {
  const commandPath = '/v1/integrations/acme/commands/GetInvoiceImage';

  it('says what was applied and what was not, and goes on when it is run again', async () => {
    await applying.write('acme.yaml', acme);
    const between = await startBetween(applying.running.url, ({ method, url }, response) => {
      if (method !== 'PUT' || url !== commandPath) return false;
      response.writeHead(503, { 'content-type': 'application/problem+json' });
      response.end(
        JSON.stringify({
          type: 'urn:errand:problem:unavailable',
          title: 'x',
          status: 503,
          detail: 'The database is away.',
        }),
      );
      return true;
    });
    applying.env.ERRAND_URL = between.url;
    const stopped = await applying.apply('--yes');
    await between.close();
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain(
      'The database is away.\n2 of 4 changes were applied. Not applied; run it again to go on:\n  create command acme/GetInvoiceImage\n  create schedule acme/nightly\n',
    );
    applying.env.ERRAND_URL = applying.running.url;
    expect((await applying.apply('--yes')).stdout).toContain('Plan: 2 to create, 0 to change, 0 to delete.');
    expect(await applying.apply('--yes')).toEqual(noChanges);
  });

  it('can be killed in the middle, and run again', async () => {
    await applying.write('acme.yaml', acme);
    const arrived = Promise.withResolvers<void>();
    // The request is carried out, and its answer never comes.
    const between = await startBetween(applying.running.url, async ({ method, url }) => {
      if (method !== 'PUT' || !url?.endsWith('/secrets/apiKey')) return false;
      await applying.client.putSecret('acme', 'apiKey', apiKeyValue, { allowedHosts: ['acme.example'] });
      arrived.resolve();
      return true;
    });
    const { file, inherited } = programOf();
    const child = spawn(process.execPath, [file, 'apply', '-f', applying.directory, '--yes'], {
      env: { ...inherited, ...applying.env, ERRAND_URL: between.url },
    });
    await arrived.promise;
    child.kill('SIGKILL');
    await once(child, 'close');
    await between.close();
    expect((await applying.client.listCommands('acme')).items).toEqual([]);
    expect((await applying.apply('--yes')).stdout).toContain('Plan: 2 to create, 0 to change, 0 to delete.');
    expect(await applying.apply('--yes')).toEqual(noChanges);
  });

  it('ends after the request in hand at Ctrl-C, and says how far it came', async () => {
    await applying.write('acme.yaml', acme);
    let interrupt = () => undefined as unknown;
    const between = await startBetween(applying.running.url, ({ method, url }) => {
      if (method === 'PUT' && url?.endsWith('/secrets/apiKey')) interrupt();
      return false;
    });
    const { file, inherited } = programOf();
    const child = spawn(process.execPath, [file, 'apply', '-f', applying.directory, '--yes'], {
      env: { ...inherited, ...applying.env, ERRAND_URL: between.url },
    });
    interrupt = () => child.kill('SIGINT');
    const said: Buffer[] = [];
    child.stderr.on('data', (chunk) => said.push(chunk));
    expect((await once(child, 'close'))[0]).toBe(130);
    await between.close();
    const stderr = Buffer.concat(said).toString();
    expect(stderr).toMatch(/errand: stopped\. [12] of 4 changes were applied\. Not applied; run it again to go on:\n/);
    expect(stderr).toContain('  create schedule acme/nightly\n');
    expect((await applying.apply('--yes')).code).toBe(0);
    expect(await applying.apply('--yes')).toEqual(noChanges);
  });

  it.each([
    [
      'a command',
      commandPath,
      'PUT',
      /could not change command acme\/GetInvoiceImage .*somebody else changed it.*newest version/s,
    ],
    [
      'a schedule',
      '/v1/integrations/acme/schedules/nightly',
      'GET',
      /could not change schedule acme\/nightly .*somebody else changed it/s,
    ],
  ])('does not overwrite %s that somebody else changed meanwhile', async (_what, at, before, said) => {
    await applying.write('acme.yaml', acme);
    await applying.apply('--yes');
    await applying.write('acme.yaml', acme.replace('"company"', '"firm"').replace('0 2 * * *', '0 4 * * *'));
    const request = { method: 'GET' as const, url: 'https://elsewhere.example/{{InvoiceNumber}}' };
    const between = await startBetween(applying.running.url, async ({ method, url }) => {
      if (method !== before || url !== at) return false;
      if (url === commandPath) await applying.client.putCommand('acme', 'GetInvoiceImage', { request });
      else
        await applying.client.putSchedule('acme', 'nightly', {
          command: 'GetInvoiceImage',
          cron: '0 5 * * *',
          items: [{ tokens: { InvoiceNumber: '9' } }],
        });
      return false;
    });
    applying.env.ERRAND_URL = between.url;
    const { code, stderr } = await applying.apply('--yes');
    await between.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(said);
    const saved =
      at === commandPath
        ? (await applying.client.getCommand('acme', 'GetInvoiceImage')).request
        : (await applying.client.schedule('acme', 'nightly')).cron;
    expect(saved).toEqual(at === commandPath ? request : '0 5 * * *');
  });
});

describe.runIf(hasTerminal)('errand apply on a terminal (contract §2)', () => {
  it('asks, and applies only after yes', async () => {
    await applying.write('acme.yaml', acme);
    const declined = onTerminal(['apply', '-f', applying.directory], applying.env);
    await declined.shows('Apply this?');
    declined.type('no\r');
    expect(await declined.exited).toBe(1);
    expect((await applying.client.listIntegrations()).items).toEqual([]);
    const confirmed = onTerminal(['apply', '-f', applying.directory], applying.env);
    await confirmed.shows('Apply this?');
    confirmed.type('yes\r');
    expect(await confirmed.exited).toBe(0);
    expect((await applying.client.listIntegrations()).items).toHaveLength(1);
  });
});
