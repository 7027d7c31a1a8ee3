import type pg from 'pg';
import type { Log } from './log.ts';
import { reasonOf } from './pg-errors.ts';
import { keepSession, pause } from './pg-session.ts';

export type LeaderOptions = {
  /**
   * This process leads now, until `signal` fires. If it returns a promise, the lead is not handed on by `close` before
   * that has settled.
   */
  onGained: (signal: AbortSignal) => void | Promise<void>;
  /** It leads no longer: the connection broke, or `close` was called. */
  onLost: () => void;
  log: Log;
};

export type Leader = {
  /** Ends the lead, waits for what `onGained` returned, then frees the lock. Repeatable. */
  close(): Promise<void>;
};

/** How long a free lock waits for its next holder. */
const attemptMs = 2_000;

/**
 * Seconds after which PostgreSQL gives up on a holder whose machine went away without a word: 10 + 3 × 5 = 25, so that
 * somebody leads again within the 30 s that a killed worker's work may take to resume. A process that is killed frees the
 * lock at once.
 */
const keepAlives = 'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3';

/**
 * Leadership by a session advisory lock: whoever's connection holds `lockKey` leads. A holder that lost its connection
 * notices within seconds, the server at about the same time; for that moment two may believe that they lead, so what a
 * leader does must be guarded by rows as well.
 *
 *     standing by ──got the lock──► leading ──connection broke──► standing by
 *          └───────────close()─────────┴─────────────────────────► closed
 */
export function openLeader(url: string, lockKey: number, options: LeaderOptions): Leader {
  const closing = new AbortController();
  let lead: { end: AbortController; work: Promise<void> } | null = null;
  let lost = new AbortController();
  let trying: Promise<void> = Promise.resolve();

  function gained(): void {
    const end = new AbortController();
    const work = Promise.resolve()
      .then(() => options.onGained(end.signal))
      .catch((error: unknown) => options.log.error('leader.failed', { error }, 'The work of the leader failed'));
    lead = { end, work };
  }

  async function ended(): Promise<void> {
    if (lead === null) return;
    const { end, work } = lead;
    lead = null;
    end.abort();
    options.onLost();
    await work;
  }

  async function contend(client: pg.Client, until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1::bigint) as got', [
        lockKey,
      ]);
      if (until.aborted) return;
      if (rows[0]?.got === true) return gained();
      await pause(attemptMs, until);
    }
  }

  const session = keepSession({
    url,
    applicationName: 'errand-leader',
    log: options.log,
    async onConnected(client) {
      // A former lead's work may still be winding down: only one at a time in this process.
      await trying;
      await client.query(keepAlives);
      lost = new AbortController();
      trying = contend(client, AbortSignal.any([closing.signal, lost.signal])).catch((error: unknown) => {
        options.log.warn('leader.not-elected', { reason: reasonOf(error) });
        // The session connects again, and with it comes the next attempt.
        void client.end();
      });
    },
    onLost() {
      lost.abort();
      trying = Promise.all([trying, ended()]).then(() => undefined);
    },
  });

  return {
    async close() {
      closing.abort();
      await ended();
      await session.stop();
      await trying;
    },
  };
}
