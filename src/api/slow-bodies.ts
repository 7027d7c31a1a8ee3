import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerProblem } from './answer-problem.ts';
import { ProblemError } from './problems.ts';

/** For a whole body; where bodies are streams, for the next piece of one. */
const bodyTimeoutMs = 60_000;

/**
 * A client that trickles its body may not hold a connection for ever. Not by the server's own `requestTimeout`: that would
 * end a stream of a million items in the middle, too. Waiting for an answer is not bounded by it.
 */
export function limitSlowBodies(app: FastifyInstance): void {
  const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>();
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.streams === true) {
      request.raw.setTimeout(bodyTimeoutMs, () => giveUp(request, reply));
    } else {
      timers.set(request, setTimeout(giveUp, bodyTimeoutMs, request, reply).unref());
    }
  });
  const received = async (request: FastifyRequest) => clearTimeout(timers.get(request));
  app.addHook('preValidation', received);
  app.addHook('onResponse', received);
  app.addHook('onRequestAbort', received);
}

function giveUp(request: FastifyRequest, reply: FastifyReply): void {
  if (request.raw.complete || reply.sent) return;
  answerProblem(new ProblemError('request-timeout', 'The body did not arrive in time.'), request, reply);
  request.raw.destroy();
}
