import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { curlOf, type MaskedNames } from '../../../src/console/pages/invocations/curl.ts';
import type { SentRequest } from '../../../src/contract/invocation.ts';
import { type Endpoint, startEndpoint } from '../../support/endpoints/endpoint.ts';

const run = promisify(execFile);
const folders = (process.env.PATH ?? '').split(path.delimiter);
const has = (program: string) => folders.some((folder) => existsSync(path.join(folder, program)));
const shells = ['sh', 'bash', 'zsh'].filter(has);

/** What a shell, a format or curl itself could take for something else. */
const nasty = `it's "quoted" $HOME \`id\` $(id) \\ \\n %s !! ~ * ? [a-b] {x,y} # & | ; < > \u00e9 \u{1f600}\ttab`;
const latin = `caf\u00e9 $(id) 'x' "y" \\ %s \u00ff`;

describe.skipIf(!has('curl')).each(shells)('a request as curl, in %s (contract §3)', (shell) => {
  let endpoint: Endpoint;
  beforeAll(async () => {
    endpoint = await startEndpoint((_, response) => void response.end('ok'));
  });
  beforeEach(() => void endpoint.requests.splice(0));
  afterAll(() => endpoint?.close());

  const request = (changes: Partial<SentRequest>): SentRequest => ({
    method: 'POST',
    url: `${endpoint.url}/x`,
    headers: [],
    body: null,
    ...changes,
  });

  async function received(sent: SentRequest, env: Record<string, string> = {}, names: MaskedNames = {}) {
    const { command } = curlOf(sent, names);
    await run(shell, ['-c', command], { env: { ...process.env, ...env } });
    const [one, ...others] = endpoint.requests;
    expect(others).toEqual([]);
    if (one === undefined) throw new Error('nothing was sent');
    return one;
  }

  it.each([
    nasty,
    "'",
    "'\\''",
    '@/etc/passwd',
    '-X DELETE',
    'two\nlines\r\n\n',
    '{"key1":"value1","key2":"INV 1"}',
    '',
    'a\0b\0\0%s\\0',
  ])('sends the body %j as it is', async (body) => {
    const one = await received(request({ body }));
    expect(one.body.toString()).toBe(body);
    expect(one.header('content-type')).toBeUndefined();
    expect(one.header('content-length')).toBe(String(Buffer.byteLength(body)));
  });

  it('sends headers as they are, in Latin-1, also an empty one', async () => {
    const headers = [
      { key: 'X-Latin', value: latin },
      { key: 'X-Empty', value: '' },
      { key: 'Accept', value: 'application/pdf' },
      { key: 'User-Agent', value: 'errand/1' },
    ];
    const one = await received(request({ headers }));
    expect(one.header('x-latin')).toBe(latin);
    expect(one.header('x-empty')).toBe('');
    expect(one.header('accept')).toBe('application/pdf');
    expect(one.header('user-agent')).toBe('errand/1');
  });

  it('asks for the same path, whatever it holds', async () => {
    const path = "/a/../b/%2E%2e/[1-3]/{x,y}/it's/$HOME/*?q=%20&x=$(id)&y=`id`";
    expect((await received(request({ method: 'GET', url: endpoint.url + path }))).url).toBe(path);
  });

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)('says %s', async (method) => {
    expect((await received(request({ method }))).method).toBe(method);
  });

  it.each(['plain text', 'with \0 in it'])('puts secrets where they were masked (%j)', async (rest) => {
    const secret = `s3cret ' " $(id) \\ %s`;
    const headers = [{ key: 'Authorization', value: 'Bearer ***' }];
    const sent = request({ url: `${endpoint.url}/?key=***`, headers, body: `a=***&b='***'&${rest}` });
    const names = { 'request.url': ['urlKey'], 'request.body': ['apiKey', 'apiKey'] };
    const env = { URL_KEY: 'k%20k', API_KEY: secret, SECRET_TOKEN: secret };
    const one = await received(sent, env, names);
    expect(one.url).toBe('/?key=k%20k');
    expect(one.header('authorization')).toBe(`Bearer ${secret}`);
    expect(one.body.toString()).toBe(`a=${secret}&b='${secret}'&${rest}`);
  });
});
