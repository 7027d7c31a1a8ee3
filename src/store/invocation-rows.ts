/** The columns of an `InvocationRow`, but for when it can be tried: see `withWait`. */
export const rowColumns = `id, account, integration, command, lane, status, tokens, sealed_tokens as "sealedTokens", reference,
  idempotency_key as "idempotencyKey", batch, traceparent, due_at as "dueAt", error, created_at as "createdAt", finished_at as "finishedAt",
  callback_url as "callbackUrl"`;

/**
 * When a page's rows can be tried at the earliest, where their integrations are held, by Errand, or asked to wait. Joined to
 * the whole page at once, and only batch work waits.
 */
export const withWait = (page: string) => `
select p.*, greatest(case when f.hold is not null then f.next_probe_at end, f.not_before) as "waitsUntil"
from (${page}) p left join integration_flow f on f.integration = p.integration and p.lane = 'batch'
  and p.status in ('queued', 'retrying')
order by p.id desc`;
