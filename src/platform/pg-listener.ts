import pg from 'pg';
import type { Log } from './log.ts';
import { keepSession } from './pg-session.ts';

export type Listener = {
  /** Resolves when the channel is listened to for the first time. */
  readonly listening: Promise<void>;
  /** Repeatable. */
  close(): Promise<void>;
};

/**
 * Listens to `channel` on a connection of its own, for as long as it is open. What was notified while the connection was
 * down is lost: `onReconnect` says when that may have happened, so that caches can be dropped.
 */
export function openListener(
  url: string,
  channel: string,
  onNotify: (payload: string) => void,
  options: { log: Log; onReconnect?: () => void },
): Listener {
  const first = Promise.withResolvers<void>();
  let connectedBefore = false;
  const session = keepSession({
    url,
    applicationName: `errand-listen-${channel}`,
    log: options.log,
    async onConnected(client) {
      client.on('notification', ({ payload }) => onNotify(payload ?? ''));
      await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      // After LISTEN, not before: what comes between would be neither in the new cache nor notified.
      if (connectedBefore) options.onReconnect?.();
      connectedBefore = true;
      first.resolve();
    },
    onLost: () => undefined,
  });
  return { listening: first.promise, close: session.stop };
}
