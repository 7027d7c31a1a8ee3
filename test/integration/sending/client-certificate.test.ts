import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tls } from '../../../src/contract/authentication.ts';
import { type ClientTls, resolveAuthentication } from '../../../src/integrations/authentication/resolve.ts';
import type { Sender } from '../../../src/sending/sender.ts';
import { createCertificateAuthority } from '../../support/endpoints/certificates.ts';
import { type Endpoint, type EndpointHandler, startEndpoint } from '../../support/endpoints/endpoint.ts';
import { answered, failed, limits, loopbackSender, request } from './harness.ts';

const own = createCertificateAuthority('An own CA');
const usual = createCertificateAuthority('A usual CA');
const client = own.issue('errand');
const certificate = { certificate: client.cert, key: '{{clientKey}}' };

function resolved(tls: Tls): ClientTls {
  const values = { variables: new Map(), secrets: new Map([['clientKey', client.key]]) };
  return resolveAuthentication({ auth: null, tls }, values, []).tls as ClientTls;
}

/** Both ask for a certificate and take whoever shows none; `/away` of the first leads to the second, whose `/back` leads back. */
describe('contract §6: a certificate of its own and redirects', () => {
  let sender: Sender;
  let first: Endpoint;
  let second: Endpoint;
  const open: Endpoint[] = [];
  const handler: EndpointHandler = ({ url }, response) => {
    const target = { '/away': `${second.url}/there`, '/away-and-back': `${second.url}/back`, '/within': '/there' }[url];
    const location = url === '/back' ? `${first.url}/there` : target;
    if (location === undefined) response.end('arrived');
    else response.writeHead(302, { location }).end();
  };
  async function serve(issuer: typeof own, more: { lenient?: true } = { lenient: true }) {
    const endpoint = await startEndpoint(handler, { tls: { ...issuer.issue('localhost'), ca: own.cert, ...more } });
    open.push(endpoint);
    return endpoint;
  }

  beforeAll(() => setDefaultCACertificates([...getCACertificates('default'), usual.cert]));
  beforeEach(async () => {
    sender = loopbackSender({ resolve: async () => ['127.0.0.1'] });
    [first, second] = await Promise.all([serve(own), serve(own)]);
  });
  afterEach(async () => {
    await sender.close();
    for (const endpoint of open.splice(0)) await endpoint.close();
  });

  const get = (url: string, tls: ClientTls | null) => sender.send(request(url), { ...limits, tls });
  const shownTo = ({ requests }: Endpoint) => requests.map(({ certificateOf }) => certificateOf);
  const connectionsOf = ({ requests }: Endpoint) => new Set(requests.map(({ clientPort }) => clientPort)).size;

  it('it is shown within the origin, on one connection', async () => {
    answered(await get(`${first.url}/within`, resolved({ ca: own.cert, ...certificate })));
    expect([shownTo(first), connectionsOf(first)]).toEqual([['errand', 'errand'], 1]);
  });

  it('it is shown to no other origin, nor to the first one when they lead back', async () => {
    answered(await get(`${first.url}/away-and-back`, resolved({ ca: own.cert, ...certificate })));
    expect(shownTo(second)).toEqual([undefined]);
    expect([shownTo(first), connectionsOf(first)]).toEqual([['errand', undefined], 2]);
  });

  it('connections with it are never used without it, nor the other way round', async () => {
    const tls = resolved({ ca: own.cert, ...certificate });
    answered(await get(`${second.url}/there`, tls));
    answered(await get(`${first.url}/away`, tls));
    answered(await get(`${second.url}/there`, tls));
    answered(await get(`${second.url}/there`, resolved({ ca: own.cert })));
    expect(shownTo(second)).toEqual(['errand', undefined, 'errand', undefined]);
    expect(connectionsOf(second)).toBe(2);
  });

  it('an own CA goes on to be the only one that is trusted', async () => {
    second = await serve(usual);
    const exchange = await get(`${first.url}/away`, resolved({ ca: own.cert, ...certificate }));
    expect(failed(exchange)).toMatchObject({ code: 'tls-failed', requestSent: true });
    expect(second.requests).toEqual([]);
  });

  it('without an own CA the usual authorities are trusted, with the certificate and beyond', async () => {
    [first, second] = await Promise.all([serve(usual), serve(usual)]);
    answered(await get(`${first.url}/away`, resolved(certificate)));
    answered(await get(`${second.url}/there`, null));
    expect([shownTo(first), shownTo(second)]).toEqual([['errand'], [undefined, undefined]]);
    expect(connectionsOf(second)).toBe(1);
    second = await serve(own);
    expect(failed(await get(`${first.url}/away`, resolved(certificate)))).toMatchObject({ code: 'tls-failed' });
  });

  it('another origin that demands one gets none', async () => {
    second = await serve(own, {});
    const failure = failed(await get(`${first.url}/away`, resolved({ ca: own.cert, ...certificate })));
    expect(failure.message).toMatch(
      /\. Redirects led there: beyond the first origin the certificate in tls is not shown$/,
    );
    expect(second.requests).toEqual([]);
  });
});
