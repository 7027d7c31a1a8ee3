type Content = Record<string, { schema?: object; example?: unknown }>;
type Operation = {
  operationId?: string;
  requestBody?: { content?: Content };
  responses?: Record<string, { content?: Content }>;
};
export type Paths = Record<string, Record<string, Operation>>;

const text = { schema: { type: 'string' } };
/** Bytes (JSON Schema Validation 2020-12 §8: without `contentEncoding` they are as they are). */
const bytes = { schema: {} };

/** Answers that an operation has besides JSON, where `Accept` asks for them. */
const otherAnswers: Readonly<Record<string, readonly [status: string, content: Content]>> = {
  enqueue: ['200', { 'application/octet-stream': bytes }],
  listAudit: ['200', { 'application/x-ndjson': text }],
  getBatchReport: ['200', { 'text/csv': text }],
};

/** Bodies that an operation takes besides JSON. */
const otherBodies: Readonly<Record<string, Content>> = {
  enqueueBatch: { 'application/x-ndjson': text },
};

const request = {
  method: 'POST',
  url: 'https://example.com/invoices/{{InvoiceNumber}}',
  headers: [{ key: 'Content-Type', value: 'application/json' }],
  body: '{"key1":"value1","key2":"{{InvoiceNumber}}"}',
};
const tokens = { InvoiceNumber: 'INV0000001' };

/** Of bodies, by operation. */
const examples: Readonly<Record<string, unknown>> = {
  putCommandType: { tokens: [{ name: 'Month', required: true, example: '2026-11' }] },
  putIntegration: { name: 'Acme invoices', type: 'custom', variables: { companyId: '77' }, limits: { concurrency: 8 } },
  patchIntegration: { variables: { companyId: '78', unused: null } },
  createNotificationEndpoint: {
    name: 'On call',
    url: 'https://ops.example.com/errand',
    events: ['integration.held', 'schedule.missed'],
    accounts: '*',
  },
  patchNotificationEndpoint: { enabled: false },
  putSecret: { value: 'gckQ5rGz0taJ9xyz', allowedHosts: ['example.com'] },
  putCommand: { request, accept: { contentTypes: ['application/pdf'] }, timeoutMs: 20_000 },
  checkCommand: { draft: { request } },
  previewCommand: { tokens },
  testCommand: { tokens },
  dryRunCommand: { draft: { request }, last: 20 },
  putSchedule: { command: 'GetInvoiceImage', cron: '0 2 * * *', timezone: 'America/Chicago', items: [{ tokens }] },
  enqueue: { integration: 'acme', command: 'GetInvoiceImage', tokens },
  enqueueBatch: { integration: 'acme', command: 'GetInvoiceImage', run: 'nightly-2026-11-23', items: [{ tokens }] },
  redriveInvocations: { run: 'nightly-2026-11-23', codes: ['timeout'], dryRun: true },
  acknowledgeProblem: { integration: 'acme', command: 'GetInvoiceImage', code: 'timeout' },
  createKey: { role: 'producer', accounts: ['acme-inc'], name: 'billing' },
  createPortalSession: { account: 'acme-inc', role: 'configurer' },
  openPortalSession: { ticket: 'the last part of the address' },
};

/** Adds to the description what routes' schemas cannot say: other media types, and examples. */
export function withOtherForms(paths: Paths): void {
  for (const { operationId = '', requestBody, responses } of Object.values(paths).flatMap((path) =>
    Object.values(path),
  )) {
    const [status = '', content] = otherAnswers[operationId] ?? [];
    Object.assign(responses?.[status]?.content ?? {}, content);
    Object.assign(requestBody?.content ?? {}, otherBodies[operationId]);
    const json = requestBody?.content?.['application/json'];
    if (json !== undefined && operationId in examples) json.example = examples[operationId];
  }
}
