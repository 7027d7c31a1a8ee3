import { readFileSync } from 'node:fs';
import path from 'node:path';
import type {
  AppControllerRoute,
  AppViewRoute,
  BullBoardQueues,
  IServerAdapter,
  UIConfig,
} from '@bull-board/api/dist/types.js';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

type Told = {
  queues: BullBoardQueues;
  views: string;
  statics: { route: string; path: string };
  entry: AppViewRoute;
  api: readonly AppControllerRoute[];
  uiConfig: UIConfig;
};

/** On every route of the board. */
export const boardConfig = { permission: 'queues.read' } as const;
const fixed = { config: boardConfig, schema: { hide: true } };

/**
 * Bull Board on our server, in place of its own fastify adapter, for two reasons: only what reads is there at all, so
 * nothing that Bull Board may ever add can change a queue; and the page loads no font from another host.
 */
export function createBoardAdapter() {
  const told: Partial<Told> = {};
  const adapter: IServerAdapter = {
    setQueues: (queues) => tell({ queues }),
    setViewsPath: (views) => tell({ views }),
    setStaticPath: (route, folder) => tell({ statics: { route, path: folder } }),
    setEntryRoute: (entry) => tell({ entry }),
    setApiRoutes: (api) => tell({ api }),
    setUIConfig: (uiConfig) => tell({ uiConfig }),
    // Ours is the API's: see `board.ts`.
    setErrorHandler: () => adapter,
  };
  function tell(what: Partial<Told>): IServerAdapter {
    Object.assign(told, what);
    return adapter;
  }
  return {
    adapter,
    /** Adds the board's routes to a scope whose prefix is `basePath`. Call it after `createBullBoard`. */
    addRoutes: (scope: FastifyInstance, basePath: string) => addRoutes(scope, basePath, told as Told),
  };
}

function addRoutes(
  scope: FastifyInstance,
  basePath: string,
  { queues, views, statics, entry, api, uiConfig }: Told,
): void {
  scope.register(fastifyStatic, { root: statics.path, serve: false, cacheControl: false });
  scope.get(`${statics.route}/*`, fixed, async (request, reply) =>
    reply.sendFile((request.params as { '*': string })['*']),
  );

  const { name, params } = entry.handler({ basePath, uiConfig });
  const page = render(readFileSync(path.join(views, name), 'utf8'), params);
  for (const url of [entry.route].flat()) {
    scope.get(url, fixed, async (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
  }

  for (const { method, route, handler } of api) {
    if (![method].flat().every((each) => each === 'get')) continue;
    for (const url of [route].flat()) {
      scope.get(url, fixed, async (request, reply) => {
        const { params, query, headers } = request as { params: object; query: object; headers: object };
        const answer = await handler({ queues, uiConfig, params, query, body: {}, headers: { ...headers } });
        return reply.code(answer.status ?? 200).send(answer.body);
      });
    }
  }
}

/** Fills in the page's five names: `<%= escaped %>`, `<%- as it is %>`. It is a template of EJS, but uses no more. */
function render(template: string, params: Readonly<Record<string, string>>): string {
  return template
    .replace(/<link href="https:\/\/[^"]*" rel="stylesheet">\s*/g, '')
    .replace(/<%([=-])\s*(\w+)\s*%>/g, (_, kind: string, name: string) => {
      const value = params[name];
      if (value === undefined) throw new Error(`Bull Board's page wants "${name}", which nobody gives`);
      return kind === '-' ? value : value.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
    });
}
