import type { FastifyInstance, FastifyReply } from 'fastify';

/** Does something for a client for as long as it is there and the server is not closing; then `signal` aborts. */
export type WhileConnected = <Answer>(
  reply: Pick<FastifyReply, 'raw'>,
  work: (signal: AbortSignal) => Promise<Answer>,
) => Promise<Answer>;

/** Ends waits early when the server closes, so that closing takes no minute: their clients get an honest 202. */
export function trackClients(app: FastifyInstance): WhileConnected {
  const waiting = new Set<AbortController>();
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
    for (const controller of waiting) controller.abort();
  });
  return async (reply, work) => {
    const controller = new AbortController();
    const left = () => controller.abort();
    // Of the response: the request's own "close" comes as soon as its body was read.
    reply.raw.once('close', left);
    waiting.add(controller);
    if (closing || reply.raw.closed) controller.abort();
    try {
      return await work(controller.signal);
    } finally {
      reply.raw.off('close', left);
      waiting.delete(controller);
    }
  };
}
