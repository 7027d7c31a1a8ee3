import type { ServerResponse } from 'node:http';
import type { CommandBody } from '../../../src/contract/command.ts';
import { type Canary, waysToWrite } from '../canary.ts';
import { type Endpoint, type EndpointOptions, type LoggedRequest, startEndpoint } from './endpoint.ts';

/** How the server fails; the first part of the path. Each of the first four writes a quarter of all there is to write. */
export const echoModes = [
  'echo-0',
  'echo-1',
  'echo-2',
  'echo-3',
  'redirect',
  'bad-redirect',
  'retry-after',
  'type',
  'broken',
  'refused',
  'ok',
] as const;

const bodies = {
  Get: null,
  Json: ['application/json', '{"k":"{{apiKey}}","t":"{{authToken}}","p":{{payload}}}'],
  Form: ['application/x-www-form-urlencoded', 'k={{apiKey}}&t={{authToken}}'],
  Xml: ['application/xml', '<a k="{{apiKey}}">{{authToken}}</a>'],
  Plain: ['text/plain', '{{apiKey}} {{authToken}}'],
} as const;
export type BodyKind = keyof typeof bodies;
export const bodyKinds = Object.keys(bodies) as BodyKind[];

/** Has the secret `apiKey` and the tokens `authToken` and `payload` in every place; `mode` is the server's. */
export function requestToEcho(kind: BodyKind, url: string, control: string): CommandBody['request'] {
  const body = bodies[kind];
  return {
    method: body === null ? 'GET' : 'POST',
    url: `${url}/{{mode}}?c=${control}&k={{apiKey}}&t={{authToken}}`,
    headers: [
      { key: 'X-Key', value: '{{apiKey}}' },
      { key: 'X-Token', value: 'Bearer {{authToken}}' },
      ...(body === null ? [] : [{ key: 'Content-Type', value: body[0] }]),
    ],
    ...(body === null ? {} : { body: body[1] }),
  };
}

const quarters = 4;

/** RFC 9110 §5.6.4. */
const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

/**
 * A server that tells whatever it was sent, and all ways to write it, to whoever asks: in headers, bodies, redirects, content
 * types, validators and in what is no HTTP at all. `/never` does not answer.
 *
 * @param knows the values that it has to tell whoever sends that request
 */
export function startEcho(
  knows: (request: LoggedRequest) => readonly Canary[],
  control: string,
  options: EndpointOptions = {},
): Promise<Endpoint> {
  return startEndpoint((request, response) => {
    const values = knows(request).map(({ value }) => value);
    const mode = request.url.split(/[/?]/)[1] ?? '';
    const echoing = { request, response, control, first: values[0] ?? '', ways: values.flatMap(waysToWrite) };
    (answers[mode] ?? ((each) => echo(mode, each)))(echoing);
  }, options);
}

type Echoing = {
  request: LoggedRequest;
  response: ServerResponse;
  control: string;
  first: string;
  ways: readonly string[];
};

const headersOf = (texts: readonly string[]) =>
  Object.fromEntries(texts.map((text, index) => [`X-Echo-${index}`, text]));

const answers: Record<string, (echoing: Echoing) => void> = {
  redirect({ response, control, first, ways }) {
    const query = ways.slice(2, 6).map((way) => way.replace(/[^\x21-\x7e]/g, ''));
    response.writeHead(302, { location: `/echo-1?${query.join('&')}`, 'x-control': control }).end(first);
  },
  'bad-redirect'({ response, control, first }) {
    response.writeHead(302, { location: `http://[${first}` }).end(`${control} ${first}`);
  },
  'retry-after'({ response, control, first }) {
    response.writeHead(503, { 'retry-after': first, 'content-type': 'text/plain' }).end(`${control} ${first}`);
  },
  type({ response, control, first }) {
    response.writeHead(200, { 'content-type': `text/${control}; a=${quoted(first)}` });
    response.end(`${control} ${first}`);
  },
  broken({ response, first }) {
    response.socket?.end(`HTTP/1.1 200 ${first}\r\nNo header ${first}\r\n\r\n${first}`, 'latin1');
  },
  refused({ response, control, first, ways }) {
    response.writeHead(401, { 'www-authenticate': `Bearer realm=${quoted(first)}`, 'content-type': 'text/plain' });
    response.end(`${control} ${ways.join('\n')}`);
  },
  ok({ response, first, ways }) {
    const etag = `"${Buffer.from(first).toString('base64')}"`;
    const headers = { etag, 'content-type': `application/pdf; name=${quoted(first)}` };
    response.writeHead(200, { ...headers, ...headersOf(ways.slice(0, 12)) });
    response.end(`%PDF-1.7\n${first}\n%%EOF`);
  },
  never() {},
};

/** A quarter of all there is to write. */
function echo(mode: string, { request, response, control, ways }: Echoing): void {
  const quarter = Number(mode.slice(-1));
  const mine = ways.filter((_, index) => index % quarters === quarter);
  response.writeHead(quarter === 0 ? 500 : 400, {
    'content-type': quarter === 3 ? 'text/plain; charset=iso-8859-1' : 'text/plain; charset=utf-8',
    ...headersOf(mine),
  });
  const got = `${request.url}\n${JSON.stringify(request.headers)}\n${request.body.toString('latin1').slice(0, 500)}`;
  response.end(`${control}\n${mine.join('\n')}\n${got}`, quarter === 3 ? 'latin1' : 'utf8');
}
