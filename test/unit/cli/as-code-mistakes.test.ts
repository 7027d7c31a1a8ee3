import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Document } from 'yaml';
import { configurationFileSchema } from '../../../src/contract/configuration-file.ts';
import { acme, told } from './support/told.ts';

describe('contract §2: mistakes in files are told in one run', () => {
  it('tells of tokens and times beside the shape of what is around them', () => {
    const { at, messages } = told(
      acme(`    limits: { concurrency: lots }
    secrets: { apiKey: the-secret-itself, other: { env: NOT_SET, allowedHosts: 7 } }
    commands:
      GetInvoiceImage:
        request: { method: GETS, url: "https://a.example/{{InvoiceNumbr}}", headers: [{ key: A, value: "{{apiKey}}" }] }
        retry: { attempts: never }
    schedules:
      nightly: { command: GetInvoiceImage, cron: "0 2 * *", enabled: yes, items: [{ tokens: { Invoice: X } }] }
`),
    );
    const command = 'integrations.acme.commands.GetInvoiceImage';
    const schedule = 'integrations.acme.schedules.nightly';
    expect(at).toEqual([
      '0:4:15 integrations.acme.limits.concurrency',
      '0:5:16 integrations.acme.secrets.apiKey',
      '0:5:52 integrations.acme.secrets.other.env',
      '0:5:66 integrations.acme.secrets.other.allowedHosts',
      `0:8:20 ${command}.request.method`,
      `0:8:34 ${command}.request.url`,
      `0:9:18 ${command}.retry.attempts`,
      `0:11:44 ${schedule}.cron`,
      `0:11:61 ${schedule}.enabled`,
      `0:11:85 ${schedule}.items.0.tokens.InvoiceNumber`,
      `0:11:95 ${schedule}.items.0.tokens.Invoice`,
    ]);
    expect(messages).toContain('`{{InvoiceNumbr}}` is not available here. Did you mean `{{InvoiceNumber}}`?');
  });

  it('reads misspelt names as they were meant, at every level', () => {
    const { at, messages } = told(
      `integration:
  acme:
    nam: Acme
    varables: { baseUrl: 7 }
    comands:
      GetInvoiceImage:
        requst: { method: GET, url: "{{baseUrl}}/{{InvoiceNumbr}}" }
    schedule: { nightly: { command: GetInvoiceImage, cron: "0 0 1 * *", items: [{ token: {} }] } }
`,
    );
    expect(at).toEqual([
      '0:1:1 integration',
      '0:3:5 integration.acme.nam',
      '0:4:5 integration.acme.varables',
      '0:4:17 integration.acme.varables.baseUrl',
      '0:5:5 integration.acme.comands',
      '0:7:9 integration.acme.comands.GetInvoiceImage.requst',
      '0:7:32 integration.acme.comands.GetInvoiceImage.requst.url',
      '0:8:5 integration.acme.schedule',
      '0:8:83 integration.acme.schedule.nightly.items.0.token',
      '0:8:83 integration.acme.schedule.nightly.items.0.token.InvoiceNumber',
    ]);
    expect(messages[1]).toBe('is not known here. Did you mean "name"?');
  });

  it.each([
    ['a section that is no map', '    variables: [baseUrl]', ['4:5 integrations.acme.variables']],
    ['what is not known', '    settings: { baseUrl: x }', ['4:5 integrations.acme.settings']],
    ['a value', '    variables: { baseUrl: [] }', ['4:18 integrations.acme.variables.baseUrl']],
    ['a name', '    variables: { baseUrl: "", "{{": "" }', ['4:31 integrations.acme.variables.{{']],
  ])('does not miss names in %s', (_, line, at) => {
    const rest = `    auth: { type: bearer, token: "{{apiKey}}" }
    secrets: { apiKey: 7 }
    commands: { GetInvoiceImage: { request: { method: GET, url: "{{baseUrl}}/{{InvoiceNumber}}" } } }
    schedules: { n: { command: GetInvoiceImage, cron: "0 0 1 * *", items: [{ tokens: { InvoiceNumber: x } }] } }
`;
    expect(told(acme(`${line}\n${rest}`)).at).toEqual(
      [...at, '6:16 integrations.acme.secrets.apiKey'].map((each) => `0:${each}`),
    );
  });

  it('tells of syntax in templates even where names may be missing', () => {
    const text = acme(`    variables: []
    commands: { GetInvoiceImage: { request: { method: GET, url: "https://{{InvoiceNumber}}/{{", headers: [] } } }
`);
    expect(told(text).at).toEqual([
      '0:4:5 integrations.acme.variables',
      '0:5:60 integrations.acme.commands.GetInvoiceImage.request.url',
    ]);
  });

  it('does not hold commands against types that could not be read', () => {
    const commands = acme(
      '    commands: { GetX: { request: { method: GET, url: "https://a.example/{{Month}}/{{}}" } } }\n',
    );
    const url = '1:4:49 integrations.acme.commands.GetX.request.url';
    expect(told('commandTypes: { GetX: { tokens: [Month] } }', commands).at).toEqual([
      '0:1:34 commandTypes.GetX.tokens.0',
      url,
    ]);
    expect(told('commandTypes: { GetX: { tokens: [', commands).at).toEqual(['0:1:34', url]);
    expect(told('commandTypes: [GetX]', commands).at).toEqual(['0:1:1 commandTypes', url]);
    expect(told('commandTypes: *types', commands).at).toEqual(['0:1:1', url]);
    // Which tokens there are can be told, although something else is wrong with one of them.
    const flawed = 'commandTypes: { GetX: { tokens: [{ name: Mont, required: 7 }] } }';
    expect(told(flawed, commands.replace('/{{}}', '')).messages).toEqual([
      'must be true or false, not 7',
      '`{{Month}}` is not available here. Did you mean `{{Mont}}`?',
    ]);
  });

  it('checks what stands below a name that is not right', () => {
    const { at } = told(`integrations:
  Acme!:
    name: Acme
    limits: { concurrency: 0 }
    commands: { "Get It": { request: { method: GETS, url: "https://a.example/{{}}" } } }
`);
    expect(at).toEqual([
      '0:2:3 integrations.Acme!',
      '0:4:15 integrations.Acme!.limits.concurrency',
      '0:5:17 integrations.Acme!.commands.Get It',
      '0:5:40 integrations.Acme!.commands.Get It.request.method',
      '0:5:54 integrations.Acme!.commands.Get It.request.url',
    ]);
  });

  it('tells of the syntax of a command whose type is not there', () => {
    const { at, messages } = told(
      acme('    commands: { GetInvoiceImge: { request: { url: "https://a.example/{{", body: "{{Nothing}}" } } }\n'),
    );
    const command = 'integrations.acme.commands.GetInvoiceImge';
    expect(at).toEqual([`0:4:17 ${command}`, `0:4:35 ${command}.request.method`, `0:4:46 ${command}.request.url`]);
    expect(messages[0]).toContain('Did you mean "GetInvoiceImage"?');
  });

  it('tells of a command once, not again of its schedules', () => {
    const { at } = told(
      acme(`    commands:
      GetInvoiceImage: { request: { method: GET, url: "https://a.example/{{Nothing}}" } }
      GetInvoiceImag: { request: { method: GET, url: "https://a.example/" } }
    schedules:
      one: { command: GetInvoiceImage, cron: "0 0 1 * *", items: [{ tokens: { InvoiceNumber: x } }] }
      two: { command: GetInvoiceImag, cron: "0 0 1 * *", items: [{ tokens: { InvoiceNumber: x } }] }
`),
    );
    expect(at).toEqual([
      '0:5:50 integrations.acme.commands.GetInvoiceImage.request.url',
      '0:6:7 integrations.acme.commands.GetInvoiceImag',
    ]);
  });

  it('does not miss in one place what stands in another, too', () => {
    const values = acme('    variables: { baseUrl: "https://a.example" }\n');
    const commands = acme('    commands: { GetInvoiceImage: { request: { method: GET, url: "{{baseUrl}}/" } } }\n');
    expect(told(commands, values).at).toEqual(['1:2:3 integrations.acme']);
    expect(told(values, commands).at).toEqual(['1:2:3 integrations.acme']);
    const types = 'commandTypes: { GetX: { tokens: [{ name: A }] } }';
    const uses = acme('    commands: { GetX: { request: { method: GET, url: "https://a.example/{{B}}" } } }\n');
    expect(told(types, types.replace('A', 'B'), uses).at).toEqual(['1:1:17 commandTypes.GetX']);
  });

  it.each([
    ['url: {{baseUrl}}/{{InvoiceNumbr}}', '8:16'],
    ['url: {{baseUrl}}', '8:16'],
    ['{ url: {{InvoiceNumbr}}, method: GET }', '8:18'],
  ])('reads on where quotes are missing: %s', (line, place) => {
    const { at, messages } = told(
      acme(`    variables: { baseUrl: "https://a.example" }
    commands:
      GetInvoiceImage:
        request:
          ${line.startsWith('{') ? line : `${line}\n          method: GET`}
    schedules: { nightly: { cron: "0 2 * *", command: GetInvoiceImage, items: [{ tokens: { InvoiceNumber: "1" } }] } }
`),
    );
    expect(at).toContain(`0:${place}`);
    expect(messages).toContain('cannot be read as it is; put what begins with "{{" in quotes');
    expect(messages.filter((message) => message.includes('Did you mean `{{InvoiceNumber}}`?'))).toHaveLength(
      line.includes('InvoiceNumbr') ? 1 : 0,
    );
    expect(at.at(-1)).toContain('schedules.nightly.cron');
  });

  it('tells of YAML what stands before it breaks, not what follows from that', () => {
    const text =
      'integrations:\n  a: { name: @x }\n  a: { name: y }\n\tb: 1\n  c: [\n  d: {\n---\nintegrations: { e: { name: 7 } }\n';
    const { at } = told(text);
    expect(at.map((each) => each.split(' ', 1)[0])).toEqual(['0:2:14', '0:3:3', '0:4:1', '0:8:22']);
    expect(told('integrations: { a: { name: @x, limits: 7 } }').at).toEqual(['0:1:28', '0:1:32 integrations.a.limits']);
  });

  const right = {
    commandTypes: { GetX: { tokens: [{ name: 'Month', required: true }], result: { contentTypes: ['text/csv'] } } },
    integrations: {
      acme: {
        name: 'Acme',
        variables: { baseUrl: 'https://a.example', 'a.b': 'x' },
        limits: { concurrency: 3, rates: [{ count: 1, perSeconds: 1 }] },
        auth: { type: 'basic', username: '{{a.b}}', password: '{{apiKey}}' },
        secrets: { apiKey: { env: 'KEY', allowedHosts: ['a.example'] } },
        commands: {
          GetX: {
            request: {
              method: 'POST',
              url: '{{baseUrl}}/{{Month}}',
              headers: [{ key: 'Content-Type', value: 'application/json' }],
              body: '{ "month": "{{Month}}", "x": "{{a.b}}" }',
            },
            accept: { statuses: ['2xx'] },
            retry: { batch: { attempts: 3, baseMs: 5, maxMs: 6 } },
          },
          GetInvoiceImage: { request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' } },
        },
        schedules: {
          one: { command: 'GetX', cron: '0 0 1 * *', items: [{ tokens: { Month: '1' } }] },
          two: {
            command: 'GetInvoiceImage',
            cron: '0 0 1 * *',
            timezone: 'Europe/Berlin',
            source: { command: 'GetX', itemsPointer: '/items', map: { InvoiceNumber: '/id' }, tokens: { Month: '2' } },
          },
        },
      },
    },
  };

  type Place = { parent: Record<string, unknown>; name: string; path: string };
  const placesIn = (value: unknown, path = ''): Place[] =>
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).flatMap(([name, inside]) => {
          const here = path === '' ? name : `${path}.${name}`;
          return [{ parent: value as Record<string, unknown>, name, path: here }, ...placesIn(inside, here)];
        });
  const misspelt = Symbol('misspelt');
  /** The right content but for one thing, and where that is. */
  const broken = (chosen: number, by: unknown) => {
    const content = structuredClone(right);
    const places = placesIn(content);
    const { parent, name, path } = places[chosen % places.length] as Place;
    if (by === misspelt) parent[`${name}x`] = parent[name];
    else if (by !== undefined) parent[name] = by;
    if (by === misspelt || by === undefined) delete parent[name];
    return { content, path: by === undefined ? path.slice(0, -name.length - 1) : path };
  };

  it('never tells of something else that one thing is of the wrong shape', () => {
    expect(told(new Document(right).toString()).at).toEqual([]);
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom<unknown>(undefined, misspelt, null, 7, [], 'no', ['x'], {}, [{ x: [] }]),
        (chosen, by) => {
          const { content, path } = broken(chosen, by);
          fc.pre(!configurationFileSchema.safeParse(content).success);
          const { at } = told(new Document(content).toString());
          expect(at).not.toEqual([]);
          for (const each of at) {
            const [, wrong = ''] = each.split(/ (.*)/);
            expect(wrong.startsWith(path) || path.startsWith(wrong) ? path : `${wrong}, not ${path}`).toBe(path);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
