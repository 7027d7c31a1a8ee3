import { describe, expect, it } from 'vitest';
import { curlOf, variableName } from '../../../src/console/pages/invocations/curl.ts';
import { maskedNames } from '../../../src/console/pages/invocations/masked-names.ts';
import type { SentRequest } from '../../../src/contract/invocation.ts';

const request = (changes: Partial<SentRequest> = {}): SentRequest => ({
  method: 'POST',
  url: 'https://example.com/invoices/INV1',
  headers: [{ key: 'Accept', value: 'application/pdf' }],
  body: null,
  ...changes,
});

// That a shell makes of it what it says is in test/integration/console/curl.test.ts.
describe('a request as curl (contract §3)', () => {
  it('says all of it, a line for each part', () => {
    const headers = [
      { key: 'Accept', value: '*/*' },
      { key: 'Content-Type', value: 'application/json' },
    ];
    expect(curlOf(request({ headers, body: '{"a":"it\'s"}' }))).toEqual({
      command: [
        "curl --globoff --path-as-is --compressed --request POST 'https://example.com/invoices/INV1'",
        "-H 'Accept: */*'",
        "-H 'Content-Type: application/json'",
        `--data-raw '{"a":"it'\\''s"}'`,
      ].join(' \\\n  '),
      variables: [],
    });
  });

  it('takes away what curl would add by itself', () => {
    expect(curlOf(request({ headers: [], body: 'x' })).command).toContain("-H 'Accept:' \\\n  -H 'Content-Type:'");
    expect(curlOf(request({ headers: [] })).command).not.toContain('Content-Type');
    expect(curlOf(request({ method: 'HEAD' })).command).toContain('--head');
  });

  it('has a variable for each secret, by its own name where that is known', () => {
    const headers = [
      { key: 'Accept', value: '*/*' },
      { key: 'Authorization', value: 'Bearer ***' },
    ];
    const url = 'https://example.com/***/x?key=***';
    const names = { 'request.headers.1.value': ['authToken'], 'request.url': ['tenant', 'apiKey'] };
    const named = curlOf(request({ url, headers }), names);
    expect(named.command).toContain(`-H 'Authorization: Bearer '"$AUTH_TOKEN"`);
    expect(named.command).toContain(`'https://example.com/'"$SECRET_TENANT"'/x?key='"$API_KEY"`);
    expect(named.variables).toEqual(['SECRET_TENANT', 'API_KEY', 'AUTH_TOKEN']);
  });

  it('goes by what stands around a mask where its name is not known', () => {
    const headers = [
      { key: 'X-Api-Key', value: '***' },
      { key: 'Authorization', value: 'Basic ***' },
    ];
    const body = '{"companyId": 77, "session_key": "***", "other": "x"}';
    const url = 'https://example.com/?accessKey=***&n=1';
    expect(curlOf(request({ url, headers, body })).variables).toEqual([
      'ACCESS_KEY',
      'X_API_KEY',
      'SECRET_TOKEN',
      'SESSION_KEY',
    ]);
    expect(curlOf(request({ body: 'sig=1&form_key=***' })).variables).toEqual(['FORM_KEY']);
    expect(curlOf(request({ body: '<auth_key>***</auth_key>' })).variables).toEqual(['AUTH_KEY']);
    expect(curlOf(request({ url: 'https://***/x' })).variables).toEqual(['SECRET']);
  });

  it('takes no name of which the shell has its own', () => {
    expect(['apiKey', 'path', 'HOME', 'auth token', '2fa_code', '密', 'secret'].map(variableName)).toEqual([
      'API_KEY',
      'SECRET_PATH',
      'SECRET_HOME',
      'AUTH_TOKEN',
      'SECRET_2FA_CODE',
      'SECRET',
      'SECRET',
    ]);
  });

  it('pipes a body that no argument can hold', () => {
    const { command } = curlOf(request({ body: 'a\0b***' }));
    expect(command).toMatch(/^\{ printf %s 'a'; printf '\\0'; printf %s 'b'; printf %s "\$SECRET"; \} \| curl /);
    expect(command).toContain('--data-binary @-');
  });
});

describe('the names of what is masked (contract §6)', () => {
  it("are those that are neither variables, nor Errand's, nor shown among the tokens", () => {
    const template = {
      method: 'POST' as const,
      url: '{{baseUrl}}/{{InvoiceNumber}}?k={{apiKey}}',
      headers: [{ key: 'X', value: '{{auth}} {{ authToken }} \\{{literal}}' }],
      body: '{{errand.now}}{{apiKey}}',
    };
    const shown = { variables: { baseUrl: 'https://a' }, tokens: { InvoiceNumber: 'INV1', authToken: '***' } };
    expect(maskedNames(template, shown)).toEqual({
      'request.url': ['apiKey'],
      'request.headers.0.value': ['auth', 'authToken'],
      'request.body': ['apiKey'],
    });
  });
});
