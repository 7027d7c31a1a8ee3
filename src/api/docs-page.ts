import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/** Swagger UI styles its elements one by one; all else comes from files of this host. */
const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};

/** Without it a telephone shows the page of a desk in small. */
const viewport = `document.head.append(Object.assign(document.createElement('meta'),
  { name: 'viewport', content: 'width=device-width, initial-scale=1' }));`;

/** `/docs`: what `/openapi.json` says, for people. Needs no key and asks no other host for anything. */
export function docsPage(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (/^\/docs(?:[/?]|$)/.test(request.url)) reply.headers(headers);
  });
  app.register(swaggerUi, {
    routePrefix: '/docs',
    // A way to enter a key, and nothing to type another address into.
    uiConfig: { layout: 'BaseLayout', docExpansion: 'list', defaultModelsExpandDepth: 0, deepLinking: true },
    theme: { title: 'Errand: the HTTP API', js: [{ filename: 'viewport.js', content: viewport }] },
  });
}
