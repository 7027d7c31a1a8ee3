import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

/** The bytes of a result, as they came from the customer's system. */
export type ResultBytes = {
  bytes: Buffer;
  contentType: string | null;
  /** Lower-case hex. */
  sha256: string;
  /** When the answer came. */
  at: Date;
  command: string;
  invocation: string;
};

/** For OpenAPI. */
export const resultContent = {
  description: 'The bytes of the result, with their own Content-Type.',
  content: { 'application/octet-stream': { schema: z.any() } },
};

const mediaType = /^[!#$&^_.+a-z0-9-]+\/[!#$&^_.+a-z0-9-]+(?:[ \t]*;[\x20-\x7e\t]*)?$/i;

/** What a browser would run, or render with scripts in it: HTML, SVG and XML of any kind, and what wraps them. */
const active =
  /^(?:text\/(?:html|xml|xsl)|application\/(?:xhtml\+xml|xml|.*\+xml)|image\/svg.*|.*\+xml|multipart\/.*)$/;

const extensions: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'application/json': 'json',
  'application/xhtml+xml': 'xhtml',
  'application/xml': 'xml',
  'application/zip': 'zip',
  'image/gif': 'gif',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/svg+xml': 'svg',
  'image/tiff': 'tiff',
  'image/webp': 'webp',
  'text/csv': 'csv',
  'text/html': 'html',
  'text/plain': 'txt',
  'text/xml': 'xml',
};

/** For `application/atom+xml` that of what it is written in. */
function extensionOf(type: string): string {
  const suffix = /\+(xml|json|zip)$/.exec(type)?.[1];
  return extensions[type] ?? suffix ?? 'bin';
}

/**
 * Serves a customer's bytes from our own origin: sandboxed, never sniffed, and as a mere attachment if a browser would
 * run them (contract §6). A GET may be conditional on the ETag, which is the SHA-256.
 */
export function sendResult(request: FastifyRequest, reply: FastifyReply, result: ResultBytes): FastifyReply {
  const contentType =
    result.contentType !== null && mediaType.test(result.contentType) ? result.contentType : 'application/octet-stream';
  const [essence = ''] = contentType.split(';');
  const type = essence.trim().toLowerCase();
  const etag = `"${result.sha256}"`;
  // Command names and UUIDs hold no character that means something in a header.
  const fileName = `${result.command}-${result.invocation}.${extensionOf(type)}`;
  reply.headers({
    etag,
    'last-modified': result.at.toUTCString(),
    'cache-control': 'private, no-cache',
    'content-security-policy': 'sandbox',
    'content-disposition': `${active.test(type) ? 'attachment' : 'inline'}; filename="${fileName}"`,
  });
  const conditional = request.method === 'GET' || request.method === 'HEAD';
  if (conditional && matches(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.code(200).header('content-type', contentType).send(result.bytes);
}

/** `If-None-Match` compares weakly (RFC 9110 §13.1.2). */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === etag);
}
