import type { Method } from '../contract/command.ts';
import type { TokenValue } from '../contract/tokens.ts';
import type { CompiledRequest } from './compile.ts';
import type { Hole, Pieces } from './places/place.ts';
import { type CompiledUrl, dotSegment, encodeLiteralText } from './places/url.ts';

/** A request, ready to send. `url` is exactly what is sent: parsing it changes nothing any more. */
export type RenderedRequest = {
  method: Method;
  url: string;
  headers: readonly { key: string; value: string }[];
  body: string | undefined;
};

/** Why a request cannot be rendered. Messages name tokens and never hold a value; `where` is as in `request.url`. */
export type RenderFailure = { ok: false; code: 'token-missing' | 'render-failed'; message: string; where: string };
export type Rendering = { ok: true; request: RenderedRequest } | RenderFailure;

export type RenderOptions = {
  /** Tokens to show as `***`; their values are not asked for. Where one is in the host, the URL is not checked. */
  masked?: (name: string) => boolean;
};

/**
 * Puts values into a compiled request, in one pass: a value is never searched for tokens (contract §5).
 *
 * @param value The value of a token by its name, aliases folded; `undefined` if it has none.
 */
export function renderRequest(
  compiled: CompiledRequest,
  value: (name: string) => TokenValue | undefined,
  options: RenderOptions = {},
): Rendering {
  try {
    const render = new Renderer(value, options.masked);
    const url = render.url(compiled.url);
    const headers = compiled.headers.map((header, index) => ({
      key: header.key,
      value: render.text(header.value, () => `request.headers.${index}.value`),
    }));
    const body = compiled.body && render.text(compiled.body, () => 'request.body');
    return { ok: true, request: { method: compiled.method, url, headers, body } };
  } catch (error) {
    if (error instanceof Unrenderable) return error.failure;
    throw error;
  }
}

/** Leaves the rendering from any depth; never leaves this module. */
class Unrenderable extends Error {
  readonly failure: RenderFailure;

  constructor(code: RenderFailure['code'], message: string, where: string) {
    super(message);
    this.failure = { ok: false, code, message, where };
  }
}

const inUrl = () => 'request.url';

/** Of one part of a request: a template of 1 MiB and values of 64 KiB could otherwise make gigabytes. */
const maxRenderedLength = 8 * 1024 * 1024;

class Renderer {
  readonly #value: (name: string) => TokenValue | undefined;
  readonly #masked: ((name: string) => boolean) | undefined;

  constructor(value: (name: string) => TokenValue | undefined, masked: ((name: string) => boolean) | undefined) {
    this.#value = value;
    this.#masked = masked;
  }

  text(pieces: Pieces, where: () => string): string {
    let text = '';
    for (const piece of pieces) {
      text += typeof piece === 'string' ? piece : this.#fill(piece, where);
      if (text.length > maxRenderedLength) {
        throw new Unrenderable('render-failed', `${where()} would be longer than 8,388,608 characters.`, where());
      }
    }
    return text;
  }

  #fill(hole: Hole, where: () => string): string {
    if (this.#masked?.(hole.name)) return hole.mask;
    const value = this.#value(hole.name);
    if (value === undefined) {
      throw new Unrenderable('token-missing', `{{${hole.name}}} has no value; ${where()} needs one.`, where());
    }
    const encoded = hole.encode(value);
    if (typeof encoded === 'string') return encoded;
    const message = `The value of {{${hole.name}}} ${encoded.unfit} (${where()}).`;
    throw new Unrenderable('render-failed', message, where());
  }

  /** The pieces whose text stands in this part of what they make together. */
  #piecesAt(pieces: Pieces, from: number, to: number): Pieces {
    let end = 0;
    return pieces.filter((piece) => {
      const start = end;
      end += this.text([piece], inUrl).length;
      return start < to && end > from && start < end;
    });
  }

  url(compiled: CompiledUrl): string {
    const raw = this.text(compiled.origin, inUrl);
    const path = this.text(compiled.path, inUrl);
    const query = this.text(compiled.query, inUrl);
    const dots = dotSegment.exec(path);
    if (dots !== null) {
      const named = namesIn(this.#piecesAt(compiled.path, dots.index, dots.index + dots[0].length));
      throw failed(`${named} would make a path segment "." or "..", which leads to another path.`);
    }
    // `*` may stand in a host, but a masked base URL has no scheme, and a masked port is no number.
    if (compiled.origin.some((piece) => typeof piece !== 'string' && this.#masked?.(piece.name))) {
      return raw + path + query;
    }
    const { origin, rest } = splitBase(raw, compiled);
    return finish(origin, encodeLiteralText(rest) + path, query);
  }
}

function failed(message: string): Unrenderable {
  return new Unrenderable('render-failed', message, 'request.url');
}

function namesIn(pieces: Pieces): string {
  const names = pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [`{{${piece.name}}}`]));
  return names.length === 1
    ? `The value of ${names.join()}`
    : `The values of ${[...new Set(names)].join(', ')} together`;
}

/** A base URL variable may bring the start of the path, and a query if it is the whole URL. */
function splitBase(raw: string, compiled: CompiledUrl): { origin: string; rest: string } {
  const end = raw.slice(raw.indexOf('://') + 3).search(/[/?]/);
  if (end === -1) return { origin: raw, rest: '' };
  const at = raw.indexOf('://') + 3 + end;
  const rest = raw.slice(at);
  if (rest.includes('?') && !compiled.whole) {
    throw failed(`The base URL in ${namesOf(compiled.origin)} has a query ("?…"), but the URL goes on after it.`);
  }
  return { origin: raw.slice(0, at), rest };
}

function namesOf(pieces: Pieces): string {
  return pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [`{{${piece.name}}}`])).join(', ');
}

/** The finished URL, if the parser reads in it what the template says: the last line of defence, not the first. */
function finish(origin: string, pathAndRest: string, query: string): string {
  const target = pathAndRest + query;
  const expected = target.startsWith('/') ? target : `/${target}`;
  const parsed = URL.parse(origin + expected);
  if (parsed === null) throw failed('The finished URL is not valid: look at its host and port.');
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') {
    throw failed('The finished URL does not begin with http:// or https://.');
  }
  if (parsed.username !== '' || parsed.password !== '' || origin.includes('@')) {
    throw failed('The finished URL holds user:password@; use an Authorization header with a secret.');
  }
  const read = parsed.pathname + parsed.search;
  // `search` drops a "?" that nothing follows; `href` keeps it.
  if (parsed.hash !== '' || (read !== expected && `${read}?` !== expected)) {
    throw failed('The finished URL would be read as another path or query than its template has.');
  }
  return parsed.href;
}
