import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerProblem } from './answer-problem.ts';
import { ProblemError } from './problems.ts';

/** How long a client may take, in milliseconds. */
export type Patience = {
  /** From the connection to the end of a request's header section. */
  headersMs: number;
  /** For a whole body; where bodies are streams, for the next piece of one. */
  bodyMs: number;
  /** Without reading anything of an answer that is being sent. */
  readingMs: number;
  /** For a whole answer that lies in memory until it is read. */
  answerMs: number;
};

/**
 * A proxy in front sends whole header sections at once, a person's browser does so, too. 25 MiB in ten minutes is 44 kB/s,
 * less than any line that an invoice is looked at on.
 */
export const patienceDefaults: Patience = {
  headersMs: 20_000,
  bodyMs: 60_000,
  readingMs: 60_000,
  answerMs: 600_000,
};

/** What Node watches by itself, for `createServer`. */
export function headerLimits({ headersMs }: Patience) {
  return { headersTimeout: headersMs, connectionsCheckingInterval: Math.ceil(headersMs / 4) };
}

/**
 * A client that trickles its body, or does not read its answer, may not hold a connection and what lies in memory for it for
 * ever. Not by the server's own `requestTimeout`: that would end a stream of a million items in the middle, too. Waiting
 * for an answer is not bounded by it.
 */
export function limitSlowClients(app: FastifyInstance, patience: Patience): void {
  limitSlowBodies(app, patience);
  limitSlowReaders(app, patience);
}

function limitSlowBodies(app: FastifyInstance, { bodyMs }: Patience): void {
  const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>();
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.streams === true) {
      request.raw.setTimeout(bodyMs, () => giveUp(request, reply));
    } else {
      timers.set(request, setTimeout(giveUp, bodyMs, request, reply).unref());
    }
  });
  const received = async (request: FastifyRequest) => clearTimeout(timers.get(request));
  app.addHook('preValidation', received);
  app.addHook('onResponse', received);
  app.addHook('onRequestAbort', received);
}

function giveUp(request: FastifyRequest, reply: FastifyReply): void {
  if (request.raw.complete || reply.sent) return;
  // Not before the answer is written: the client is to know why.
  reply.raw.once('finish', () => request.raw.destroy());
  const headers = { connection: 'close' };
  answerProblem(new ProblemError('request-timeout', 'The body did not arrive in time.', { headers }), request, reply);
}

function limitSlowReaders(app: FastifyInstance, patience: Patience): void {
  app.addHook('onSend', async (_request, reply, payload) => {
    destroyUnread(reply, patience.readingMs);
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return;
    const timer = setTimeout(() => reply.raw.destroy(), patience.answerMs).unref();
    reply.raw.once('close', () => clearTimeout(timer));
  });
}

/**
 * From now on a connection ends of which nothing is read while something is to be. Node's own timer of the socket knows
 * how much of a write the other side has taken, and with nobody listening to it, destroys the socket; when the answer is
 * over, it becomes the one that bounds keeping the connection.
 */
export function destroyUnread({ raw }: Pick<FastifyReply, 'raw'>, readingMs: number): void {
  raw.setTimeout(readingMs);
}
