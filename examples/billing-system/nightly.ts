/** Every night: all of a customer's invoices of the day as one batch, read from the database while they are sent. */
import { type BatchItem, WaitTimeout } from 'errand/client';
import { command, errand } from './errand.ts';

const [customer = 'acme', day = new Date().toISOString().slice(0, 10)] = process.argv.slice(2);

/** Stands for a cursor over your own table: a million rows are never in memory. If it throws, nothing of them is kept. */
async function* invoicesOf(of: string): AsyncGenerator<BatchItem> {
  for (const number of ['INV0000001', 'INV0000002', 'INV0000003']) {
    yield { tokens: { InvoiceNumber: number }, reference: `${of}/${number}` };
  }
}

const run = `nightly-${day}`;
const { id, total } = await errand.enqueueBatch({ integration: customer, command, run, items: invoicesOf(customer) });
console.log(`${total} invoices accepted as batch ${id}`);
try {
  const batch = await errand.waitForBatch(id, {
    timeoutMs: 5 * 3_600_000,
    onProgress: ({ succeeded, failed }) => console.log(`${succeeded} of ${total}, ${failed} failed`),
  });
  console.log(`${batch.outcome}: ${batch.succeeded} succeeded, ${batch.absent} absent, ${batch.failed} failed`);
  for (let cursor: string | undefined; ; ) {
    const { missing, nextCursor } = await errand.batchReport(id, cursor === undefined ? {} : { cursor });
    for (const { reference, code, message } of missing) console.log(`${reference}: ${code}: ${message}`);
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  if (batch.outcome !== 'clean') process.exitCode = 1;
} catch (error) {
  if (!(error instanceof WaitTimeout)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
