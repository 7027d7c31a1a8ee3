import { z } from 'zod';
import { connectionHeaders } from './command.ts';
import { lineOfText, text } from './names.ts';
import { webhookUrlProblem } from './webhook-url.ts';

const referenceDescription = 'Text, or one token that names a variable or a secret of the integration: `{{clientId}}`.';
const secretDescription = 'One token that names a secret of the integration: `{{apiPassword}}`.';

const reference = (maxLength: number) => lineOfText(maxLength).describe(referenceDescription);
// As long as a key that somebody pastes, so that it is told what is wrong with that.
const secret = () => text(65_536).describe(secretDescription);

/** What each request has of its own. */
const ownHeaders = new Set([...connectionHeaders, 'idempotency-key', 'traceparent', 'user-agent']);

/** A field name of HTTP (RFC 9110 §5.1). */
const headerName = z
  .string()
  .max(200)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be the name of a header, such as X-Api-Key')
  .refine((name) => !ownHeaders.has(name.toLowerCase()), 'is set by Errand itself');

const basicSchema = z.strictObject({
  type: z.literal('basic'),
  username: reference(1000).refine(
    (name) => name.includes('{{') || !name.includes(':'),
    'must not hold a colon, which ends a user name (RFC 7617 §2)',
  ),
  password: secret(),
});

const apiKeySchema = z.strictObject({
  type: z.literal('api-key'),
  in: z.enum(['header', 'query']),
  name: lineOfText(200),
  value: secret(),
});

const bearerSchema = z.strictObject({ type: z.literal('bearer'), token: secret() });

const oauth2Schema = z.strictObject({
  type: z.literal('oauth2-client-credentials'),
  tokenUrl: reference(2000).superRefine((url, context) => {
    const problem = url.includes('{{') ? null : webhookUrlProblem(url);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  }),
  clientId: reference(1000),
  clientSecret: secret(),
  scope: reference(2000).optional(),
  audience: reference(2000).optional(),
  clientAuthentication: z
    .enum(['basic', 'body'])
    .optional()
    .describe('How the client says who it is: in the `Authorization` header (the default), or in the body.'),
});

const hmacSchema = z.strictObject({
  type: z.literal('hmac'),
  secret: secret(),
  header: headerName,
  algorithm: z.enum(['sha256', 'sha512']),
  encoding: z.enum(['hex', 'base64']),
  prefix: lineOfText(100).optional().describe('Stands before the signature, such as `sha256=`.'),
  timestampHeader: headerName
    .optional()
    .describe(
      'Carries the Unix time in seconds; then what is signed is that, a dot and the body. Else it is the body.',
    ),
});

const standardWebhooksSchema = z.strictObject({ type: z.literal('standard-webhooks'), secret: secret() });

/** How Errand says who it is to a customer's server, in every request of the integration. */
export const authSchema = z.discriminatedUnion('type', [
  basicSchema,
  apiKeySchema.superRefine(({ in: place, name }, context) => {
    const [issue] = place === 'query' ? [] : (headerName.safeParse(name).error?.issues ?? []);
    if (issue !== undefined) context.addIssue({ code: 'custom', path: ['name'], message: issue.message });
  }),
  bearerSchema,
  oauth2Schema,
  hmacSchema,
  standardWebhooksSchema,
]);
export type Auth = z.infer<typeof authSchema>;

const pem = (what: string) =>
  text(65_536)
    .refine(
      (value) => !/PRIVATE KEY/.test(value),
      'must hold no private key: save that as a secret, and name it in tls.key',
    )
    .describe(`${what} in PEM, or one token that names a variable or a secret that holds it.`);

/** What TLS with a customer's server goes by, beside the usual certificate authorities. */
export const tlsSchema = z
  .strictObject({
    ca: pem('The certificate authorities that are trusted, instead of the usual ones,').optional(),
    certificate: pem("Errand's own certificate, with its chain,").optional(),
    key: secret().optional(),
  })
  .refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
    path: ['key'],
    message: 'and certificate go together: give both or neither',
  });
export type Tls = z.infer<typeof tlsSchema>;
