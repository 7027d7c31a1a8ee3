import { z } from 'zod';
import { perLane } from './lane.ts';
import { mediaTypeSchema, text } from './names.ts';

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type Method = (typeof methods)[number];

const headerName = z
  .string()
  .max(200)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be an HTTP header name (RFC 9110 §5.1); header names hold no tokens');

/** Headers that belong to the connection or are computed from the body: a command may not set them. */
/** What belongs to the connection, and so to Errand. */
export const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A header of a request template. */
export const headerSchema = z.strictObject({ key: headerName, value: z.string().max(8192) });

export const requestTemplateSchema = z
  .strictObject({
    method: z.enum(methods),
    url: z.string().min(1).max(8192),
    headers: z.array(headerSchema).max(100).optional(),
    body: z
      .string()
      .max(1024 * 1024)
      .optional(),
  })
  .superRefine((request, context) => {
    if ((request.method === 'GET' || request.method === 'HEAD') && request.body !== undefined && request.body !== '') {
      context.addIssue({
        code: 'custom',
        path: ['body'],
        message: `${request.method} takes no body; use POST or remove it`,
      });
    }
    const seen = new Set<string>();
    for (const [index, { key }] of (request.headers ?? []).entries()) {
      const name = key.toLowerCase();
      if (connectionHeaders.has(name)) {
        context.addIssue({
          code: 'custom',
          path: ['headers', index, 'key'],
          message: `${key} is set by Errand itself`,
        });
      }
      if (seen.has(name)) {
        context.addIssue({ code: 'custom', path: ['headers', index, 'key'], message: `${key} is given twice` });
      }
      seen.add(name);
    }
  });
/** The web request as configured, with `{{tokens}}` in URL, header values and body. */
export type RequestTemplate = z.infer<typeof requestTemplateSchema>;

/** `2xx` or one status. 1xx is never final. */
const statusPattern = z.union([
  z.number().int().min(200).max(599),
  z.string().regex(/^(?:[2-5]xx|[2-5][0-9]{2})$/, 'must be a status (200) or a class of them ("2xx")'),
]);
export const defaultMaxBytes = 25 * 1024 * 1024;

export const acceptSchema = z.strictObject({
  statuses: z.array(statusPattern).min(1).optional(),
  contentTypes: z
    .array(mediaTypeSchema)
    .min(1)
    .optional()
    .describe("Left out: the command type's `result.contentTypes`. `*/*` takes anything."),
  maxBytes: z
    .number()
    .int()
    .min(1)
    .max(100 * 1024 * 1024)
    .optional(),
  absentStatuses: z.array(z.number().int().min(200).max(599)).optional(),
  extract: z
    .strictObject({
      pointer: text(1000).regex(/^(?:\/(?:[^~/]|~[01])*)*$/, 'must be a JSON Pointer (RFC 6901) such as /invoice/pdf'),
      encoding: z.enum(['base64', 'base64url', 'hex', 'utf8']).optional(),
      contentType: mediaTypeSchema.optional(),
    })
    .optional(),
});
/** What counts as success (contract §6). */
export type Accept = z.infer<typeof acceptSchema>;

const retrySchema = z.strictObject({
  attempts: z.number().int().min(1).max(100).optional(),
  baseMs: z.number().int().min(0).max(86_400_000).optional(),
  maxMs: z.number().int().min(0).max(86_400_000).optional(),
  nonIdempotent: z.boolean().optional(),
});
export type Retry = z.infer<typeof retrySchema>;

const timeoutMs = z.number().int().min(1).max(600_000);
const deadlineMs = z
  .number()
  .int()
  .min(1)
  .max(7 * 86_400_000);

export const commandBodySchema = z.strictObject({
  request: requestTemplateSchema,
  accept: acceptSchema.optional(),
  conditional: z
    .boolean()
    .optional()
    .describe(
      'Ask only for what is not stored yet: the newest result for the same tokens is named by its ETag and ' +
        'Last-Modified (If-None-Match, If-Modified-Since), and a 304 is a success that keeps its bytes. Saves the ' +
        'transfer where invoices seldom change; leave it off where the server answers 304 wrongly. Default: true for ' +
        'GET whose URL holds no `errand.` token, else false.',
    ),
  timeoutMs: perLane(timeoutMs).optional(),
  deadlineMs: perLane(deadlineMs).optional(),
  retry: perLane(retrySchema).optional(),
});
/** The body of `PUT …/commands/{command}`; only `request.method` and `request.url` are required. */
export type CommandBody = z.infer<typeof commandBodySchema>;

export const commandSchema = z.strictObject({
  name: z.string(),
  ...commandBodySchema.shape,
  version: z.number().int(),
  updatedAt: z.iso.datetime(),
});
export type Command = z.infer<typeof commandSchema>;
