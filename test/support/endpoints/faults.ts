import type { Socket } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { cutConnection, type RawScript, resetConnection } from './raw-endpoint.ts';

const ok = 'HTTP/1.1 200 OK\r\n';

/** Answers each request with these bytes and keeps the connection. */
const answer = (...parts: readonly (string | Buffer)[]): RawScript => ({
  request: (socket) => {
    socket.write(Buffer.concat(parts.map((part) => Buffer.from(part as string))));
  },
});
/** Answers and closes in an orderly way. */
const answerThenEnd = (...parts: readonly string[]): RawScript => ({
  request: (socket) => {
    socket.end(parts.join(''));
  },
});
/** Answers and, once that is out, resets the connection. */
const answerThenReset = (...parts: readonly string[]): RawScript => ({
  request: (socket) => {
    socket.write(parts.join(''), () => setImmediate(() => resetConnection(socket)));
  },
});

const coded = (coding: string, bytes: Buffer, status = '200 OK'): RawScript =>
  answer(`HTTP/1.1 ${status}\r\nContent-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n`, bytes);

/** Writes a first part, and then another at an interval until the other side has had enough. */
function drip(everyMs: number, first: string, next: (index: number) => string): RawScript {
  return {
    request: (socket) => {
      socket.write(first);
      let index = 0;
      const timer = setInterval(() => {
        socket.write(next(index));
        index += 1;
      }, everyMs);
      socket.once('close', () => clearInterval(timer));
    },
  };
}

/** Writes chunks for as long as the other side takes them. */
function endless(socket: Socket): void {
  const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.write(`${ok}Transfer-Encoding: chunked\r\n\r\n`);
  socket.on('drain', more);
  more();
}

const zeros = Buffer.alloc(8 * 1024 * 1024);
const text = Buffer.from('hello hello hello hello hello');
const repeated = (count: number, bytes: Buffer): Buffer =>
  Array.from({ length: count }).reduce<Buffer>((inner) => gzipSync(inner), bytes);

/** Servers that misbehave on the wire, each by the name of what it does; for `startRawEndpoint`. */
export const faults = {
  'reset-before-headers': { request: (socket) => void resetConnection(socket) },
  'fin-before-headers': { request: (socket) => void socket.end() },
  'headers-never': {},
  'headers-endless-drip': drip(20, ok, (index) => `X-${index}: 1\r\n`),
  'header-huge': answer(`${ok}X-Huge: ${'x'.repeat(100 * 1024)}\r\nContent-Length: 0\r\n\r\n`),
  'header-flood': answer(
    `${ok}${Array.from({ length: 5000 }, (_, index) => `X-${index}: 1\r\n`).join('')}Content-Length: 0\r\n\r\n`,
  ),
  'not-http': { connected: (socket) => void socket.write('220 smtp.example.com ready\r\n') },
  'not-http-html': answerThenEnd('<html><body>hello</body></html>'),
  'header-nul': answer(`${ok}X-Nul: a\0b\r\nContent-Length: 0\r\n\r\n`),
  'obs-fold': answer(`${ok}X-Fold: a\r\n b\r\nContent-Length: 0\r\n\r\n`),
  'space-before-colon': answer(`${ok}Content-Length : 0\r\n\r\n`),
  'bare-lf': answer('HTTP/1.1 200 OK\nContent-Length: 0\n\n'),
  'status-099': answer('HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n'),
  'status-999': answer('HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n'),
  '1xx-flood': answer('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(500), `${ok}Content-Length: 5\r\n\r\nhello`),
  '1xx-endless': drip(10, '', () => 'HTTP/1.1 103 Early Hints\r\n\r\n'),
  '100-unsolicited': answer('HTTP/1.1 100 Continue\r\n\r\n', `${ok}Content-Length: 5\r\n\r\nhello`),
  '101-unsolicited': answer('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'),
  'reset-mid-body': answerThenReset(`${ok}Content-Length: 100\r\n\r\nhello`),
  'truncated-content-length': answerThenEnd(`${ok}Content-Length: 100\r\n\r\nhello`),
  'truncated-chunked': answerThenEnd(`${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`),
  'chunk-garbage': answer(`${ok}Transfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n`),
  'chunk-without-crlf': answer(`${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloworld0\r\n\r\n`),
  'close-delimited': answerThenEnd(`${ok}\r\nhello`),
  'close-delimited-reset': answerThenReset(`${ok}\r\nhello`),
  'close-delimited-cut': {
    request: (socket) => void socket.write(`${ok}\r\nhello`, () => setImmediate(() => cutConnection(socket))),
  },
  'content-length-duplicate-different': answer(`${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`),
  'content-length-duplicate-same': answer(`${ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`),
  'content-length-and-chunked': answer(
    `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  ),
  'content-length-negative': answer(`${ok}Content-Length: -1\r\n\r\nhello`),
  'content-length-absurd': answer(`${ok}Content-Length: ${'9'.repeat(30)}\r\n\r\nhello`),
  'content-length-promises-much': answer(`${ok}Content-Length: 1099511627776\r\n\r\nhello`),
  'te-unknown': answer(`${ok}Transfer-Encoding: foo\r\n\r\nhello`),
  'body-1-byte-per-interval': drip(20, `${ok}Content-Length: 1000000\r\n\r\n`, () => 'x'),
  'body-stalled': answer(`${ok}Content-Length: 100\r\n\r\nhello`),
  'body-endless': { request: endless },
  '204-with-body': answer('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello'),
  '304-with-body': answer('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello'),
  'extra-bytes': answer(`${ok}Content-Length: 5\r\n\r\nhello`, `${ok}Content-Length: 4\r\n\r\nevil`),
  'early-response-close': {
    connected: (socket) =>
      void socket.once('data', () => {
        socket.end('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      }),
  },
  'gzip-bomb': coded('gzip', gzipSync(zeros)),
  'br-bomb': coded('br', brotliCompressSync(zeros)),
  'coding-chain': coded(Array.from({ length: 12 }, () => 'gzip').join(', '), repeated(12, text)),
  'coding-chain-short': coded('gzip, gzip, gzip', repeated(3, text)),
  'coding-wrong': coded('gzip', text),
  'coding-truncated': coded('gzip', gzipSync(text).subarray(0, -6)),
  'coding-unknown': coded('foo', text),
  'error-body-compressed': coded('gzip', gzipSync(text), '500 Internal Server Error'),
} satisfies Record<string, RawScript>;

export type FaultName = keyof typeof faults;
