import { invokeJobName } from '../contract/job.ts';

/** What is shown of a job on the board; whatever a producer put there may have any shape. */
type Job = {
  id?: string | number | null | undefined;
  name: string;
  data: unknown;
  progress: unknown;
  returnvalue: unknown;
};

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** Errand's own jobs are called `<invocation>.<generation>`. */
const ownId = new RegExp(`^(${uuid})\\.\\d+$`);
const invocationId = new RegExp(`^${uuid}$`);
const hidden = '(not shown)';

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value.slice(0, 200) : null);

/** "acme GetInvoiceImage" says more than the "invoke" that all of them are called. */
export function shownName({ name, data }: Pick<Job, 'name' | 'data'>): string {
  const parts = [text(field(data, 'integration')), text(field(data, 'command'))].filter((part) => part !== null);
  return name === invokeJobName && parts.length > 0 ? parts.join(' ') : name;
}

/**
 * A job's data without the values of its tokens: a producer's job does not say which of them are sensitive. What has no
 * place in a job at all is not shown either, for nobody knows what it is.
 */
export function shownData(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return hidden;
  const known = ['invocation', 'integration', 'command', 'batch', 'from', 'to', 'reference', 'idempotencyKey'];
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => {
      if (name === 'tokens' && typeof value === 'object' && value !== null) {
        return [name, Object.fromEntries(Object.keys(value).map((token) => [token, hidden]))];
      }
      return [name, known.includes(name) ? value : hidden];
    }),
  );
}

/** The invocation that a job stands for; `null` for a producer's that no worker has taken, or that was refused. */
export function invocationOf({
  id,
  progress,
  returnvalue,
}: Pick<Job, 'id' | 'progress' | 'returnvalue'>): string | null {
  const own = ownId.exec(String(id))?.[1];
  if (own !== undefined) return own;
  // A failed job has no return value; its progress tells instead.
  const named = text(field(returnvalue, 'invocation')) ?? text(field(progress, 'invocation'));
  return named !== null && invocationId.test(named) ? named : null;
}
