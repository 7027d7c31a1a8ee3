import { createHash } from 'node:crypto';
import { bodyOf, type Seen } from './customer.ts';
import { type Accepted, ask, commands } from './load.ts';
import type { World } from './world.ts';

type Row = {
  id: string;
  status: string;
  attempt: number;
  finishedMs: number | null;
  kept: number;
  sha256: string | null;
  code: string | null;
};

export type Counts = {
  accepted: number;
  requests: number;
  /** Ended otherwise than succeeded, by code. */
  failed: Record<string, number>;
  /** Invocations whose request was answered whole more than once: what a crash may repeat. */
  repeated: number;
};

export type Judgement = { counts: Counts; problems: string[] };

const shown = 20;
const isEnded = (status: string) => ['succeeded', 'failed', 'cancelled'].includes(status);

const rowColumns = `i.id, i.status, i.attempt, extract(epoch from i.finished_at) * 1000 as "finishedMs",
  i.error->>'code' as code, (select count(*)::int from attempts a where a.invocation = i.id) as kept,
  (select encode(a.sha256, 'hex') from attempts a where a.invocation = i.id and a.outcome = 'succeeded'
    order by a.number desc limit 1) as sha256`;

/** How many of what was accepted have not ended yet. */
export async function openOf(world: World, { singles, batches }: Accepted): Promise<number> {
  const [row] = await world.query<{ open: number }>(
    `select (select count(*) from invocations where id = any($1::uuid[]) and finished_at is null)::int
       + (select count(*) from batches where id = any($2::uuid[]) and finished_at is null)::int as open`,
    [[...singles.values()].map(({ id }) => id), [...batches.values()].map(({ id }) => id)],
  );
  return row?.open ?? 0;
}

/** Holds what the customer saw and what was recorded against what was promised (contract §7). */
export async function judge(world: World, accepted: Accepted): Promise<Judgement> {
  const problems: string[] = [
    ...accepted.twice.map((each) => `one key, two ids: ${each}`),
    ...accepted.refused,
    ...world.unexpected,
    ...(await world.crashes()),
  ];
  const invoices = new Map<string, { invoice: string; command: string }>();
  for (const { id, ...single } of accepted.singles.values()) invoices.set(id, single);
  for (const { id, total, name } of accepted.batches.values()) {
    const items = await world.query<{ id: string; invoice: string }>(
      `select id, tokens->>'InvoiceNumber' as invoice from invocations where batch = $1`,
      [id],
    );
    if (items.length !== total) problems.push(`batch ${name} (${id}): ${items.length} of ${total} items`);
    for (const item of items) invoices.set(item.id, { invoice: item.invoice, command: commands.safe });
    problems.push(...(await batchProblems(world, id, total)));
  }
  const rows = await world.query<Row>(`select ${rowColumns} from invocations i where i.id = any($1::uuid[])`, [
    [...invoices.keys()],
  ]);
  const seen = Map.groupBy(world.customer.seen, ({ invocation }) => invocation);
  const known = new Map(rows.map((row) => [row.id, row]));
  const counts: Counts = { accepted: invoices.size, requests: world.customer.seen.length, failed: {}, repeated: 0 };
  for (const [id, { invoice, command }] of invoices) {
    const row = known.get(id);
    if (row === undefined) {
      problems.push(`${invoice} (${id}) is lost`);
      continue;
    }
    if (row.status !== 'succeeded')
      counts.failed[row.code ?? row.status] = (counts.failed[row.code ?? row.status] ?? 0) + 1;
    const requests = seen.get(id) ?? [];
    if (requests.filter(({ answered }) => answered).length > 1) counts.repeated += 1;
    problems.push(
      ...rowProblems(row, invoice, requests, command === commands.once).map(
        (problem) => `${invoice} (${id}) ${problem}`,
      ),
    );
  }
  for (const id of seen.keys())
    if (!invoices.has(id) && !(await isKnown(world, id))) problems.push(`a request of an unknown ${id}`);
  problems.push(...(await endingProblems(world, accepted)), ...(await auditProblems(world)));
  return { counts, problems: problems.slice(0, shown) };
}

function rowProblems(row: Row, invoice: string, requests: readonly Seen[], once: boolean): string[] {
  const problems: string[] = [];
  if (!isEnded(row.status)) problems.push(`has not ended: ${row.status}`);
  if (requests.length > row.kept)
    problems.push(`was sent ${requests.length} times, and ${row.kept} attempts are recorded`);
  if (new Set(requests.map(({ attempt }) => attempt)).size < requests.length)
    problems.push('had an attempt sent twice');
  if (new Set(requests.map(({ key }) => key)).size > 1) problems.push('was sent under several keys');
  if (once && requests.length > 1) problems.push(`is not idempotent, and was sent ${requests.length} times`);
  if (row.status !== 'succeeded') return problems;
  if (!requests.some(({ answered }) => answered)) problems.push('succeeded without an answer');
  if (row.sha256 !== createHash('sha256').update(bodyOf(invoice)).digest('hex'))
    problems.push('has other bytes than it was answered');
  const late = requests.find(({ at }) => row.finishedMs !== null && at > row.finishedMs + 50);
  if (late !== undefined) problems.push(`was sent again (attempt ${late.attempt}) after it had ended`);
  return problems;
}

async function batchProblems(world: World, id: string, total: number): Promise<string[]> {
  const [batch] = await world.query<{ status: string; counted: number }>(
    `select b.status, (select sum(r.succeeded + r.absent + r.failed + r.cancelled)::int from batch_ranges r
       where r.batch = b.id) as counted from batches b where b.id = $1`,
    [id],
  );
  if (batch === undefined) return [`batch ${id} is lost`];
  if (batch.status === 'finished' && batch.counted === total) return [];
  return [`batch ${id} is ${batch.status} with ${batch.counted} of ${total} counted`];
}

/** Each single invocation was accepted once and ended once, as its audit entries tell. */
async function endingProblems(world: World, { singles }: Accepted): Promise<string[]> {
  const rows = await world.query<{ id: string; began: number; ended: number }>(
    `select s.id, count(a.id) filter (where a.action = 'invocation.accepted')::int as began,
       count(a.id) filter (where a.action in ('invocation.succeeded', 'invocation.failed', 'invocation.cancelled'))::int as ended
     from unnest($1::text[]) as s(id) left join audit_log a on a.subject_type = 'invocation' and a.subject_id = s.id
     group by s.id having count(a.id) filter (where a.action = 'invocation.accepted') <> 1
       or count(a.id) filter (where a.action in ('invocation.succeeded', 'invocation.failed', 'invocation.cancelled')) <> 1`,
    [[...singles.values()].map(({ id }) => id)],
  );
  return rows.map(
    ({ id, began, ended }) => `${id} was accepted ${began} times and ended ${ended} times, says the audit log`,
  );
}

/** One whose acceptance was not heard, because the API was killed: it was kept, so it may well be sent. */
async function isKnown(world: World, id: string): Promise<boolean> {
  return (await world.query('select 1 from invocations where id = $1', [id])).length > 0;
}

/** Whoever led, and however often that changed: the audit log is under seal, and as it was sealed. */
async function auditProblems(world: World): Promise<string[]> {
  const { status, answer } = await ask(world, 'GET', '/v1/audit/verify');
  if (status !== 200) return [`the audit log could not be verified: ${JSON.stringify(answer)}`];
  const none = answer.seals === 0 ? ['the audit log has no seal'] : [];
  return [...none, ...answer.problems.map(({ message }: { message: string }) => `audit log: ${message}`)];
}
