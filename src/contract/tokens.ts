import { z } from 'zod';

/** What an invocation may give a token: objects and arrays have a place only in JSON, outside of strings. */
export type TokenValue = string | number | boolean | null | TokenValue[] | { [key: string]: TokenValue };
export type Tokens = Readonly<Record<string, TokenValue>>;

export const maxTokenStringBytes = 64 * 1024;
export const maxTokensBytes = 256 * 1024;

export const tokenValueSchema: z.ZodType<TokenValue> = z
  .lazy(() =>
    z.union([
      z.string(),
      z.number(),
      z.boolean(),
      z.null(),
      z.array(tokenValueSchema),
      z.record(z.string(), tokenValueSchema),
    ]),
  )
  .meta({ id: 'TokenValue', description: 'A string of at most 64 KiB, a number, boolean, null, or JSON of these' });

/** Token values by token name (contract §5). Sizes are checked here; names against the command type at enqueue. */
export const tokensSchema = z.record(z.string(), tokenValueSchema).superRefine((tokens, context) => {
  for (const [name, value] of Object.entries(tokens)) {
    if (typeof value === 'string' && Buffer.byteLength(value) > maxTokenStringBytes) {
      context.addIssue({ code: 'custom', path: [name], message: 'must hold at most 64 KiB (65,536 bytes)' });
    }
  }
  if (Buffer.byteLength(JSON.stringify(tokens)) > maxTokensBytes) {
    context.addIssue({ code: 'custom', message: 'must hold at most 256 KiB (262,144 bytes) as JSON' });
  }
});

/** The tokens that Errand itself fills in. */
export const errandTokens = ['errand.invocationId', 'errand.attempt', 'errand.now', 'errand.lastSync'] as const;
export type ErrandToken = (typeof errandTokens)[number];

/**
 * Those that only the source of a schedule has: since when things changed, and which page is asked for. Any command may
 * become a source, so any template may name them; an invocation of one that does is refused elsewhere.
 */
export const sourceTokens = ['errand.since', 'errand.next'] as const;
export type SourceToken = (typeof sourceTokens)[number];
