import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemOf } from './problem-of.ts';
import { ProblemError, type ProblemName, problemBody, problemCatalogue, problemMediaType } from './problems.ts';

/** For answers that are data, never pages: nothing in them may run, be framed, be sniffed or be kept. */
export const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The error handler: answers any error as a problem. */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // A client that goes away within its body is no failure of ours, whatever the socket's error looks like.
  const brokeOff = request.raw.readableAborted ? new ProblemError('malformed-request', 'The body broke off.') : null;
  const problem =
    brokeOff ?? problemOf(error, request.routeOptions.bodyLimit ?? request.server.initialConfig.bodyLimit ?? 0);
  const { status } = problemCatalogue[problem.problem];
  if (status >= 500) request.failure = problem.cause ?? error;
  // What was prepared for an answer that did not come, such as a result's ETag, goes; Location stays.
  for (const name of ['etag', 'last-modified', 'content-disposition']) reply.removeHeader(name);
  return reply
    .code(status)
    .headers({ ...securityHeaders, 'x-request-id': request.id, ...problem.options.headers })
    .header('content-type', `${problemMediaType}; charset=utf-8`)
    .serializer((body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body)))
    .send(problemBody(problem));
}

/** What is not even HTTP never reaches a route. */
export function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const name: ProblemName =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'headers-too-large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'request-timeout'
        : 'malformed-request';
  const body = JSON.stringify(
    problemBody(new ProblemError(name, 'The request is not valid HTTP/1.1, or not complete.')),
  );
  const { status, title } = problemCatalogue[name];
  const headers = {
    ...securityHeaders,
    'content-type': problemMediaType,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const head = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${head.join('')}\r\n${body}`);
}
