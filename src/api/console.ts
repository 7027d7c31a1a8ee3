import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { needsKey } from './authorization.ts';
import { ProblemError } from './problems.ts';

export type ConsoleDependencies = {
  /** Where the built console lies. */
  folder: string;
  /** Resolves when it is there. */
  ready: () => Promise<void>;
  /** Origins whose pages may show the customer's own admin's part in a frame. */
  portalOrigins: readonly string[];
};

/** Paths of the console's pages (`src/console/app.tsx`): each is the same document, which finds out what to show. */
export const consolePages = [
  '/',
  ...[
    'integrations',
    'invocations',
    'problems',
    'runs',
    'batches',
    'schedules',
    'notifications',
    'audit',
    'keys',
  ].flatMap((page) => [`/${page}`, `/${page}/*`]),
];

/** Mantine sets its variables in a style element; scripts come from files only. */
const policy = (frameAncestors: string) =>
  `default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors ${frameAncestors}`;

const pageHeaders = (frameAncestors: string) => ({
  'cache-control': 'no-cache',
  'content-security-policy': policy(frameAncestors),
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
});
/** Their contents' hash, or their version, is in their path. */
const assetHeaders = { 'cache-control': 'public, max-age=31536000, immutable', 'x-content-type-options': 'nosniff' };

const open = { config: { permission: 'public' as const }, schema: { hide: true } };

/** The console at `/`: files only, which anybody may have. What they show, they ask the API for. */
export function addConsole(app: FastifyInstance, { folder, ready, portalOrigins }: ConsoleDependencies): void {
  app.register(async (scope) => {
    scope.register(fastifyStatic, { root: folder, serve: false, cacheControl: false, preCompressed: true });

    const sendFile = async (reply: FastifyReply, file: string, headers: Record<string, string>) => {
      await whenReady();
      return reply.headers(headers).sendFile(file);
    };
    const framed = portalOrigins.length === 0 ? "'none'" : portalOrigins.join(' ');
    for (const url of consolePages) {
      scope.get(url, open, (_request, reply) => sendFile(reply, 'index.html', pageHeaders("'none'")));
    }
    // A customer's own admin's pages, which never act by a cookie, so that they may be in a frame; one of them has a
    // ticket for its path, of which no other host is to learn.
    const portalHeaders = { ...pageHeaders(framed), 'referrer-policy': 'no-referrer' };
    scope.get('/portal/*', open, (_request, reply) => sendFile(reply, 'index.html', portalHeaders));
    for (const assets of ['assets', 'pdfjs']) {
      scope.get(`/${assets}/*`, open, (request, reply) =>
        sendFile(reply, `${assets}/${(request.params as { '*': string })['*']}`, assetHeaders),
      );
    }
  });

  // Where there is nothing, whoever reads pages gets the console's, which says so.
  app.addHook('preHandler', async (request, reply) => {
    const { method, url, headers } = request;
    const page = request.is404 && method === 'GET' && !needsKey(url) && headers.accept?.includes('text/html');
    if (page !== true) return;
    await whenReady();
    const document = await readFile(join(folder, 'index.html'));
    return reply
      .code(404)
      .headers({ ...pageHeaders("'none'"), vary: 'accept' })
      .type('text/html; charset=utf-8')
      .send(document);
  });

  async function whenReady(): Promise<void> {
    try {
      await ready();
    } catch (cause) {
      const detail =
        'The console is not built: run "npm ci" with development dependencies, then "npm run build". Everything else works.';
      throw new ProblemError('unavailable', detail, { cause });
    }
  }
}
