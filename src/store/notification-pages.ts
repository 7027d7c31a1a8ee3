import type { Pool } from 'pg';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Notification, NotificationError, NotificationFilter } from '../contract/notification.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { redactUrl } from '../platform/redact-url.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { uuidFloor } from './uuid-floor.ts';

type Row = {
  id: string;
  event: Notification['event'];
  account: string | null;
  endpoint: string | null;
  url: string;
  subject_type: string;
  subject_id: string;
  status: Notification['status'];
  attempts: number;
  last_attempt_at: Date | null;
  last_status: number | null;
  last_error: NotificationError | null;
  due_at: Date | null;
  created_at: Date;
  ended_at: Date | null;
};

const columns = `id, event, account, endpoint, url, subject_type, subject_id, status, attempts, last_attempt_at, last_status,
  last_error, due_at, created_at, ended_at`;

const iso = (at: Date | null) => at?.toISOString() ?? null;

const present = (row: Row): Notification => ({
  id: row.id,
  event: row.event,
  account: row.account,
  endpoint: row.endpoint,
  url: redactUrl(row.url),
  subject: { type: row.subject_type, id: row.subject_id },
  status: row.status,
  attempts: row.attempts,
  lastAttemptAt: iso(row.last_attempt_at),
  lastStatus: row.last_status,
  lastError: row.last_error,
  nextAttemptAt: iso(row.due_at),
  createdAt: row.created_at.toISOString(),
  endedAt: iso(row.ended_at),
});

const bound = (time: string | undefined) => (time === undefined ? null : uuidFloor(Date.parse(time)));
const stored = (accounts: KeyAccounts) => (accounts === '*' ? null : accounts);

/** One page, newest first. Ids are made by the database as it stages them, so times are bounds of ids. */
export async function pageNotifications(
  pool: Pool,
  accounts: KeyAccounts,
  { endpoint, status, event, since, until }: NotificationFilter,
  { limit, cursor }: PageQuery,
): Promise<Page<Notification>> {
  const { rows } = await pool.query<Row>(
    `select ${columns} from notifications
     where ($1::text[] is null or accounts <@ $1)
       and ($2::uuid is null or endpoint = $2)
       and ($3::text is null or status = $3)
       and ($4::text is null or event = $4)
       and ($5::uuid is null or id >= $5)
       and ($6::uuid is null or id < $6)
       and ($7::uuid is null or id < $7)
     order by id desc limit $8`,
    [
      stored(accounts),
      endpoint ?? null,
      status ?? null,
      event ?? null,
      bound(since),
      bound(until),
      cursor === undefined ? null : decodeCursor(cursor),
      limit + 1,
    ],
  );
  return pageOf(rows.map(present), limit, ({ id }) => id);
}

export async function findNotification(pool: Pool, accounts: KeyAccounts, id: string): Promise<Notification | null> {
  const { rows } = await pool.query<Row>(
    `select ${columns} from notifications where id = $1 and ($2::text[] is null or accounts <@ $2)`,
    [id, stored(accounts)],
  );
  return rows[0] === undefined ? null : present(rows[0]);
}

/** The newest message of a callback. */
export async function newestCallback(pool: Pool, type: string, id: string): Promise<Notification | null> {
  const { rows } = await pool.query<Row>({
    name: 'newest-callback',
    text: `select ${columns} from notifications where endpoint is null and subject_id = $1 and subject_type = $2
      order by id desc limit 1`,
    values: [id, type],
  });
  return rows[0] === undefined ? null : present(rows[0]);
}

/**
 * What was tried last for each of these endpoints, of what these accounts may see. Among the newest, since all of a hundred
 * thousand took 200 ms: what is older is tried rarely, and a dead endpoint's newest are tried soonest.
 */
export async function lastTried(
  pool: Pool,
  accounts: KeyAccounts,
  endpoints: readonly string[],
): Promise<ReadonlyMap<string, Notification>> {
  const { rows } = await pool.query<Row & { endpoint: string }>(
    `select n.* from unnest($1::uuid[]) as wanted(endpoint) cross join lateral (
       select * from (
         select ${columns} from notifications
         where endpoint = wanted.endpoint and last_attempt_at is not null and ($2::text[] is null or accounts <@ $2)
         order by id desc limit 1000
       ) newest order by last_attempt_at desc limit 1
     ) n`,
    [endpoints, stored(accounts)],
  );
  return new Map(rows.map((row) => [row.endpoint, present(row)]));
}

/**
 * To be sent again at once, with all its tries before it. `null`: its endpoint is disabled or deleted, or the notification is
 * gone.
 */
export async function retryNotification(pool: Pool, id: string): Promise<Notification | null> {
  const { rows } = await pool.query<Row>(
    `update notifications n set status = 'pending', due_at = now(), tried = 0, ended_at = null
     where n.id = $1 and (n.endpoint is null or exists (
       select from notification_endpoints e where e.id = n.endpoint and e.enabled))
     returning ${columns}`,
    [id],
  );
  return rows[0] === undefined ? null : present(rows[0]);
}
