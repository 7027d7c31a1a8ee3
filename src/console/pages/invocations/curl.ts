import type { SentRequest } from '../../../contract/invocation.ts';

/** What the API shows in place of a secret. */
const mask = '***';

/** For each place of a request (`request.url`, `request.headers.0.value`, `request.body`) whose values were masked there, in order. */
export type MaskedNames = Readonly<Record<string, readonly string[]>>;

export type Curl = {
  command: string;
  /** Shell variables that stand where values are masked; whoever runs it sets them first. */
  variables: readonly string[];
};

/** A piece of a request: text as it was sent, or a shell variable in place of what was masked. */
type Piece = { text: string } | { variable: string };

/**
 * The request as a command for a POSIX shell that sends the same bytes, whatever the values hold. What is masked becomes
 * a shell variable. Redirects are not followed: curl would take the headers along to another host.
 */
export function curlOf(request: SentRequest, names: MaskedNames = {}): Curl {
  const { method, url, headers, body } = request;
  const naming = createNaming(names);
  const piecesOf = (text: string, place: string, context: (index: number, before: string) => string) =>
    split(text, naming.at(place, context));
  const target = piecesOf(url, 'request.url', (_, before) => /[?&]([^=&?]+)=[^&]*$/.exec(before)?.[1] ?? 'SECRET');
  const sent = headers.map(({ key, value }, index) => ({
    key,
    value: piecesOf(value, `request.headers.${index}.value`, () => (/^authorization$/i.test(key) ? 'TOKEN' : key)),
  }));
  const content = body === null ? null : piecesOf(body, 'request.body', (_, before) => fieldBefore(before) ?? 'SECRET');

  const piped = content?.some((piece) => 'text' in piece && piece.text.includes('\0')) === true;
  const lines = [
    `curl --globoff --path-as-is --compressed ${methodOption(method)} ${quoted(target)}`,
    ...sent.map(({ key, value }) => `-H ${headerOf(key, value)}`),
    ...unwanted(headers, content !== null),
    ...(content === null ? [] : [piped ? '--data-binary @-' : `--data-raw ${quoted(content)}`]),
  ];
  const curl = lines.join(' \\\n  ');
  return { command: piped ? `${printed(content ?? [])} | ${curl}` : curl, variables: naming.variables() };
}

const methodOption = (method: string) => (method === 'HEAD' ? '--head' : `--request ${method}`);

/** curl adds these by itself where they were not sent. */
function unwanted(headers: SentRequest['headers'], hasBody: boolean): string[] {
  const has = (name: string) => headers.some(({ key }) => key.toLowerCase() === name.toLowerCase());
  const added = ['Accept', ...(hasBody ? ['Content-Type'] : [])];
  return added.filter((name) => !has(name)).map((name) => `-H '${name}:'`);
}

/** `X;` is curl's way of an empty header. */
function headerOf(key: string, value: readonly Piece[]): string {
  const [first] = value;
  if (first === undefined) return quoted([{ text: `${key};` }]);
  const whole =
    'text' in first ? [{ text: `${key}: ${first.text}` }, ...value.slice(1)] : [{ text: `${key}: ` }, ...value];
  return quoted(whole, latin1);
}

function createNaming(names: MaskedNames) {
  const used: string[] = [];
  const use = (name: string) => {
    const variable = variableName(name);
    if (!used.includes(variable)) used.push(variable);
    return variable;
  };
  return {
    variables: (): readonly string[] => used,
    /** By the names that are known, where there is one for each mask; else by what stands around it. */
    at(place: string, context: (index: number, before: string) => string) {
      const known = names[place] ?? [];
      return (index: number, before: string, count: number) =>
        use(known.length === count ? (known[index] as string) : context(index, before));
    },
  };
}

function split(text: string, nameOf: (index: number, before: string, count: number) => string): Piece[] {
  const parts = text.split(mask);
  const pieces: Piece[] = [];
  let before = '';
  for (const [index, part] of parts.entries()) {
    if (index > 0) pieces.push({ variable: nameOf(index - 1, before, parts.length - 1) });
    if (part !== '') pieces.push({ text: part });
    before += (index > 0 ? mask : '') + part;
  }
  return pieces;
}

/** `apiKey` is API_KEY. */
export function variableName(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toUpperCase();
  if (words === '') return 'SECRET';
  // Nobody's PATH or HOME is to be taken for a secret.
  return /^\d/.test(words) || !words.includes('_') ? `SECRET_${words}`.replace(/^SECRET_SECRET$/, 'SECRET') : words;
}

/** The field of JSON, a form or XML that text ends in the value of. */
const fieldBefore = (before: string) =>
  /(?:"([^"]+)"\s*:\s*"?|(?:^|&)([^=&]+)=|<([\w:.-]+)[^<>]*>)[^"&<>]*$/
    .exec(before)
    ?.slice(1)
    .find((name) => name !== undefined);

const single = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const expansion = (variable: string) => `"$${variable}"`;

/** One word for the shell. */
function quoted(pieces: readonly Piece[], textOf: (text: string) => string = single): string {
  if (pieces.length === 0) return "''";
  return pieces.map((piece) => ('variable' in piece ? expansion(piece.variable) : textOf(piece.text))).join('');
}

/** Headers are sent in Latin-1, whatever encoding the shell has. */
function latin1(text: string): string {
  return text
    .split(/([\u0080-\u00ff]+)/)
    .filter((part) => part !== '')
    .map((part) => (/^[\u0080-\u00ff]/.test(part) ? `"$(printf '${octal(part)}')"` : single(part)))
    .join('');
}
const octal = (text: string) => Array.from(text, (char) => `\\${char.charCodeAt(0).toString(8)}`).join('');

/** An argument of a command cannot hold U+0000: such a body goes through a pipe. */
function printed(pieces: readonly Piece[]): string {
  const commands = pieces.flatMap((piece) => {
    if ('variable' in piece) return [`printf %s ${expansion(piece.variable)}`];
    return piece.text
      .split(/(\0+)/)
      .filter((part) => part !== '')
      .map((part) => (part.startsWith('\0') ? `printf '${'\\0'.repeat(part.length)}'` : `printf %s ${single(part)}`));
  });
  return `{ ${commands.join('; ')}; }`;
}
