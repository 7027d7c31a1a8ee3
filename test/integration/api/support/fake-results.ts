import { createHash } from 'node:crypto';
import type { StoredResults } from '../../../../src/api/stored-results.ts';
import { commandNameSchema } from '../../../../src/contract/names.ts';
import { Refusal } from '../../../../src/contract/problem.ts';

const invocation = '01890000-0000-7000-8000-0000000000aa';

/** The stored results of invoices that a test says; `INV0000001` has one from the beginning. */
export function fakeResults() {
  const bytes = new Map([['INV0000001', Buffer.from('%PDF-1.7 stored %%EOF')]]);
  const held = new Set<string>();
  const at = new Date('2026-03-01T02:00:00Z');
  const sha256 = (invoice: unknown) =>
    createHash('sha256')
      .update(bytes.get(String(invoice)) ?? '')
      .digest();

  const port: StoredResults = {
    async find(_accounts, { integration, command, tokens }) {
      const invoice = String(tokens.InvoiceNumber ?? 'INV0000001');
      const size = bytes.get(invoice)?.byteLength;
      if (size === undefined) return null;
      const stored = { invocation, contentType: 'application/pdf', sha256: sha256(invoice), size, at, ageSeconds: 7 };
      return { ...stored, integration, command };
    },
    async bytesOf({ command, contentType, sha256: hash }) {
      const [invoice] = [...bytes.keys()].filter((each) => sha256(each).equals(hash));
      const stored = bytes.get(invoice ?? '');
      if (stored === undefined) return null;
      return { bytes: stored, contentType, sha256: hash.toString('hex'), at, command, invocation };
    },
    async byQuery(accounts, { integration, command, tokens }) {
      if (accounts !== '*' && !accounts.includes('north')) {
        throw new Refusal('not-found', `There is no integration "${integration}".`);
      }
      if (!commandNameSchema.safeParse(command).success) {
        throw new Refusal('not-found', `There is no command "${command}".`);
      }
      const errors = Object.keys(tokens).flatMap((path) =>
        path === 'InvoiceNumber' ? [] : [{ path, message: 'is not a token of this command' }],
      );
      if (errors.length > 0) throw new Refusal('invalid', 'The tokens do not fit the command.', errors);
      const latest = await port.find(accounts, { integration, command, tokens });
      const stored = latest && (await port.bytesOf(latest));
      if (stored === null) throw new Refusal('not-found', 'There is no good result for these tokens.');
      return { ...stored, ageSeconds: 7 };
    },
    isHeld: async (integration) => held.has(integration),
  };
  return { port, bytes, held };
}
