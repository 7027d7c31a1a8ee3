import { type Endpoint, startEndpoint } from './endpoint.ts';

/** An OAuth 2 server's token endpoint, and what a resource server asks it. */
export type TokenEndpoint = Endpoint & {
  /** Is it a token that was given out and not revoked? */
  knows(token: string): boolean;
  revokeAll(): void;
  /** What it answers instead, with this status and body. */
  insteadOf: { answer: { status: number; body: string } | null };
  expiresIn: { seconds: number | undefined };
};

/**
 * Gives tokens to the client `client` with the given secret (RFC 6749 §4.4), which may say who it is in either place.
 *
 * @param issue makes a token that it has not given yet
 */
export async function startTokenEndpoint(secret: string, issue?: () => string): Promise<TokenEndpoint> {
  const given = new Set<string>();
  const insteadOf: TokenEndpoint['insteadOf'] = { answer: null };
  const expiresIn: TokenEndpoint['expiresIn'] = { seconds: 3600 };
  const endpoint = await startEndpoint((request, response) => {
    const answer = (status: number, body: object | string) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(typeof body === 'string' ? body : JSON.stringify(body));
    if (insteadOf.answer !== null) return void answer(insteadOf.answer.status, insteadOf.answer.body);
    const form = new URLSearchParams(request.body.toString());
    // RFC 6749 §2.3.1: form-encoded first.
    const encoded = new URLSearchParams({ secret }).toString().slice('secret='.length);
    const basic = `Basic ${Buffer.from(`client:${encoded}`).toString('base64')}`;
    const inBody = form.get('client_id') === 'client' && form.get('client_secret') === secret;
    if (request.header('authorization') !== basic && !inBody) return void answer(401, { error: 'invalid_client' });
    if (form.get('grant_type') !== 'client_credentials') return void answer(400, { error: 'unsupported_grant_type' });
    const numbered = () => `token-${given.size + 1}-of-${endpoint.port}-${form.get('scope') ?? 'nothing'}`;
    const token = (issue ?? numbered)();
    given.add(token);
    answer(200, { access_token: token, token_type: 'Bearer', expires_in: expiresIn.seconds });
  });
  return Object.assign(endpoint, {
    knows: (token: string) => given.has(token),
    revokeAll: () => given.clear(),
    insteadOf,
    expiresIn,
  });
}
