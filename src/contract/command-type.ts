import { z } from 'zod';
import { commandNameSchema, mediaTypeSchema, text, tokenNameSchema } from './names.ts';

export const declaredTokenSchema = z.strictObject({
  name: tokenNameSchema,
  description: text(1000).optional(),
  example: text(1000).optional(),
  required: z.boolean().optional(),
  sensitive: z.boolean().optional(),
  aliasOf: tokenNameSchema.optional(),
});
export type DeclaredToken = z.infer<typeof declaredTokenSchema>;

/** The body of `PUT /v1/command-types/{name}`. */
export const commandTypeBodySchema = z
  .strictObject({
    description: text(2000).optional(),
    tokens: z.array(declaredTokenSchema).max(100),
    result: z
      .strictObject({
        contentTypes: z
          .array(mediaTypeSchema)
          .optional()
          .describe('What a command takes that has no `accept.contentTypes` of its own.'),
      })
      .optional(),
  })
  .superRefine((body, context) => {
    const declared = new Map<string, DeclaredToken>();
    for (const [index, token] of body.tokens.entries()) {
      if (declared.has(token.name)) {
        context.addIssue({ code: 'custom', path: ['tokens', index, 'name'], message: 'is declared twice' });
      }
      declared.set(token.name, token);
    }
    for (const [index, token] of body.tokens.entries()) {
      if (token.aliasOf === undefined) continue;
      const target = declared.get(token.aliasOf);
      if (target === undefined || target.aliasOf !== undefined) {
        const message = 'must name a declared token that is not itself an alias';
        context.addIssue({ code: 'custom', path: ['tokens', index, 'aliasOf'], message });
      }
    }
  });
export type CommandTypeBody = z.infer<typeof commandTypeBodySchema>;

export const commandTypeSchema = z.strictObject({
  name: commandNameSchema,
  builtIn: z.boolean(),
  ...commandTypeBodySchema.shape,
});
/** Something the billing system can ask for, with the tokens it offers. */
export type CommandType = z.infer<typeof commandTypeSchema>;

/** What Errand knows from the start; an admin can add more (contract §5). */
export const builtInCommandTypes: readonly CommandType[] = [
  {
    name: 'GetInvoiceImage',
    builtIn: true,
    description: "Fetches an invoice's PDF.",
    tokens: [
      { name: 'InvoiceNumber', description: "The invoice's number.", example: 'INV0000001', required: true },
      { name: 'invoicenumber', aliasOf: 'InvoiceNumber' },
      { name: 'authToken', description: "The session token of the customer's user.", sensitive: true },
      { name: 'auth token', aliasOf: 'authToken' },
      { name: 'ipAddress', description: "The address of the customer's user.", example: '203.0.113.7' },
    ],
    result: { contentTypes: ['application/pdf'] },
  },
  {
    name: 'LoginWithToken',
    builtIn: true,
    description: "Signs a customer's user in with a token.",
    tokens: [
      { name: 'authToken', description: "The session token of the customer's user.", required: true, sensitive: true },
      { name: 'auth token', aliasOf: 'authToken' },
      { name: 'ipAddress', description: "The address of the customer's user.", example: '203.0.113.7' },
    ],
  },
];
