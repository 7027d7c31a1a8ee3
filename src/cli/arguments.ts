import { InvalidArgumentError } from 'commander';

/** `Name=value …` as tokens; everything after the first `=` is the value. */
export function parseTokens(pairs: readonly string[]): Record<string, string> {
  const tokens = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new InvalidArgumentError(`"${pair}" is not of the form Name=value.`);
    const name = pair.slice(0, at);
    if (tokens.has(name)) throw new InvalidArgumentError(`"${name}" is given twice.`);
    tokens.set(name, pair.slice(at + 1));
  }
  return Object.fromEntries(tokens);
}

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };
const zonedTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** `90d`, `12h`, `4w` from now, or a time as of ISO 8601 with its zone; as the contract writes times. */
export function parseExpiry(text: string, now = Date.now()): string {
  return parseTime(text, now, /^(\d{1,5})([hdw])$/, '90d, 12h or 4w');
}

/** `45m`, `5h`, `1d` from now, or a time as of ISO 8601 with its zone. */
export function parseFinishBy(text: string, now = Date.now()): string {
  return parseTime(text, now, /^(\d{1,5})([mhd])$/, '45m, 5h or 1d');
}

function parseTime(text: string, now: number, span: RegExp, such: string): string {
  const [, count, unit] = span.exec(text) ?? [];
  const at = count === undefined ? dateOf(text) : now + Number(count) * unitMs[unit as keyof typeof unitMs];
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError(`It must be like ${such}, or a time such as 2027-01-01T00:00:00Z.`);
  }
  if (at <= now) throw new InvalidArgumentError('It must lie in the future.');
  return new Date(at).toISOString();
}

function dateOf(text: string): number {
  return zonedTime.test(text) ? Date.parse(text) : Number.NaN;
}

/** `number:head`, as logged and as `errand audit verify` prints it. */
export function parseSeal(text: string): { number: number; head: string } {
  const [, number, head] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/i.exec(text) ?? [];
  if (number === undefined || head === undefined) {
    throw new InvalidArgumentError("It must be number:head, with the 64 hexadecimal digits of the seal's head.");
  }
  return { number: Number(number), head };
}
