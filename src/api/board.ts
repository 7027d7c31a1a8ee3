import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { Queue } from 'bullmq';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Unauthenticated } from '../access/authenticate.ts';
import type { Lane } from '../contract/lane.ts';
import { answerProblem } from './answer-problem.ts';
import { createBoardAdapter } from './board-adapter.ts';
import { invocationOf, shownData, shownName } from './board-jobs.ts';
import { principalOf } from './instance.ts';
import { ProblemError } from './problems.ts';
import { notAllowedPage, onwardPage, sendPage } from './session-page.ts';
import { acceptsPage } from './session-routes.ts';

export type BoardDependencies = {
  /** Both lanes' queues. Rejects with a Refusal `unavailable` while the queue is away. */
  openQueues: () => Promise<readonly { lane: Lane; queue: Queue }[]>;
};

const basePath = '/queues';

/** What an operator reads beside a queue's name. */
const described: Readonly<Record<Lane, string>> = {
  interactive: 'A person is waiting for these: a customer clicked VIEW.',
  batch: 'Nightly syncs and whatever else nobody is waiting for.',
};

/** Bull Board styles its elements one by one, and has its data in the page; all of it comes from here. */
const pageHeaders = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'same-origin',
};
/** Its scripts have their contents' hash in their names. */
const fileHeaders = { 'cache-control': 'private, max-age=3600' };

/**
 * Bull Board at `/queues`, for looking only (contract §4): what happens to an invocation is asked of the API, which
 * keeps the rows; a job that somebody moved would only be rung for again.
 */
export function addBoard(app: FastifyInstance, { openQueues }: BoardDependencies): void {
  const { adapter, addRoutes } = createBoardAdapter();
  const board = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'Errand: queues',
        favIcon: { default: 'static/images/logo.svg', alternative: 'static/favicon-32x32.png' },
        hideDocsLink: true,
        sortQueues: false,
        theme: systemFonts,
        miscLinks: [
          { text: 'The HTTP API', url: '/docs' },
          { text: 'Who is signed in; sign out', url: '/sign-in' },
        ],
      },
    },
  });
  app.register(
    async (scope) => {
      scope.addHook('onRequest', async (request, reply) => {
        const isFile = request.routeOptions.url?.startsWith(`${basePath}/static/`) ?? false;
        reply.headers({ ...pageHeaders, ...(isFile ? fileHeaders : {}) });
        if (principalOf(request).accounts !== '*') {
          throw new ProblemError('forbidden', 'The queues hold the jobs of all accounts: this needs a key for "*".');
        }
        if (!request.routeOptions.url?.startsWith(`${basePath}/api/`)) return;
        board.replaceQueues((await openQueues()).map(asShown));
      });
      scope.setErrorHandler(answerBrowser);
      addRoutes(scope, basePath);
    },
    { prefix: basePath },
  );
}

const systemFont = { 'font-sans': 'system-ui, sans-serif', 'font-mono': 'ui-monospace, monospace' };
const systemFonts = { light: systemFont, dark: systemFont };

const shown = new WeakMap<Queue, BullMQAdapter>();

function asShown({ lane, queue }: { lane: Lane; queue: Queue }): BullMQAdapter {
  const known = shown.get(queue);
  if (known !== undefined) return known;
  const adapter = new BullMQAdapter(queue, {
    readOnlyMode: true,
    description: described[lane],
    externalJobUrl: (job) => {
      const invocation = invocationOf(job);
      // Bull Board shows no link where there is none, but its types do not say so.
      return invocation === null
        ? (undefined as never)
        : { displayText: 'Invocation', href: `/invocations/${invocation}` };
    },
  });
  adapter.setFormatter('name', shownName);
  adapter.setFormatter('data', shownData);
  shown.set(queue, adapter);
  return adapter;
}

/** To a person in a browser a 401 is a way to sign in, and a 403 a page; to everybody else they are problems. */
function answerBrowser(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isPage = acceptsPage(request) && (request.method === 'GET' || request.method === 'HEAD');
  if (isPage && error instanceof Unauthenticated) {
    if (request.headers['sec-fetch-site'] === 'cross-site') return sendPage(reply, 200, onwardPage(request.url));
    return reply.redirect(`/sign-in?to=${encodeURIComponent(request.url)}`, 303);
  }
  if (isPage && error instanceof ProblemError && error.problem === 'forbidden' && request.principal !== null) {
    return sendPage(reply, 403, notAllowedPage(request.principal, error.message));
  }
  return answerProblem(error, request, reply);
}
