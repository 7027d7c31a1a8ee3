import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';

/**
 * A value to be looked for everywhere. Its cores are letters and digits, which percent-encoding, forms, JSON and XML leave as
 * they are: whatever is left of it in a text, also a part, has one of them, or one in base64, hexadecimal or wholly escaped.
 */
export type Canary = { name: string; value: string; cores: readonly string[] };

const newCores = () => [0, 1, 2].map(() => `Z${randomBytes(7).toString('hex')}q`);

/** With characters that each encoding writes in its own way, between three cores. All are in Latin-1, for headers. */
export function createCanary(name: string): Canary {
  const cores = newCores();
  return { name, value: `${cores[0]}&<"'>/+%=?# \\ü~${cores[1]}%2F;:@é,|${cores[2]}`, cores };
}

/** Of what an access token, an OAuth error or a key in base64 may be made of. */
export function createPlainCanary(name: string, before = ''): Canary {
  const cores = newCores();
  return { name, value: before + cores.join(''), cores };
}

/** A private key in PEM, of P-256 in PKCS #8: the private number is in 32 bytes behind 36, which are in any key. */
export function keyCanary(name: string, pem: string): Canary {
  const [, first = '', second = ''] = pem.split('\n');
  return { name, value: pem, cores: [first.slice(48), second.slice(0, 26)] };
}

const everyByte = (text: string, write: (byte: number) => string) => Array.from(Buffer.from(text), write).join('');
const hexByte = (byte: number) => byte.toString(16).padStart(2, '0');
const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const inXml = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character] as string);
const allInJson = (text: string) =>
  Array.from(text, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const inForm = (text: string) => new URLSearchParams([['', text]]).toString().slice(1);
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The value as servers write it: in all the ways that contract §6 names, and some of them one in the other. */
export function waysToWrite(value: string): string[] {
  return [
    value,
    Buffer.from(value).toString('latin1'),
    encodeURIComponent(value),
    encodeURIComponent(value).replace(/%../g, (byte) => byte.toLowerCase()),
    everyByte(value, (byte) => `%${hexByte(byte).toUpperCase()}`),
    inForm(value),
    inJson(value),
    inJson(value).replaceAll('/', '\\/'),
    allInJson(value),
    inXml(value),
    Array.from(value, (character) => `&#x${character.codePointAt(0)?.toString(16)};`).join(''),
    base64(value),
    Buffer.from(value).toString('base64url'),
    `Basic ${base64(`user:${value}`)}`,
    `Basic ${Buffer.from(`user:${value}`, 'latin1').toString('base64')}`,
    everyByte(value, hexByte),
    inJson(inJson(value)),
    inJson(inForm(value)),
    inForm(inJson(value)),
    inXml(inJson(value)),
    encodeURIComponent(encodeURIComponent(value)),
    base64(JSON.stringify({ key: value })),
    base64(inForm(value)),
    encodeURIComponent(base64(`n:${value}`)),
  ];
}

/** What is left of a canary in a text: names and forms, empty if nothing is. */
export function tracesOf(canaries: readonly Canary[], text: string): string[] {
  return canaries.flatMap(({ name, cores }) =>
    cores.flatMap((core, index) =>
      formsOf(core)
        .filter(([, form]) => text.includes(form))
        .map(([how, form]) => {
          const at = text.indexOf(form);
          return `${name}, core ${index}, ${how}: …${text.slice(Math.max(0, at - 300), at + form.length + 20)}…`;
        }),
    ),
  );
}

function formsOf(core: string): [how: string, form: string][] {
  const digits = [0, 1, 2].map((before) => {
    const encoded = base64('\0'.repeat(before) + core).replace(/=+$/, '');
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + core.length) * 8) / 6));
  });
  const hex = everyByte(core, hexByte);
  return [
    ['as it is', core],
    ['in lower case', core.toLowerCase()],
    ...digits.map((form): [string, string] => ['base64', form]),
    ['hexadecimal', hex],
    ['HEXADECIMAL', hex.toUpperCase()],
    ['percent', everyByte(core, (byte) => `%${hexByte(byte)}`)],
    ['Percent', everyByte(core, (byte) => `%${hexByte(byte).toUpperCase()}`)],
    ['JSON', allInJson(core)],
    ['XML', everyByte(core, (byte) => `&#x${byte.toString(16)};`)],
    ['UTF-16', core.split('').join('\ufffd')],
  ];
}

/** Every row of every table of a database, as JSON; but of those that are named, `schema.table`. */
export async function databaseText(pool: Pool, without: readonly string[]): Promise<string> {
  const { rows: tables } = await pool.query<{ name: string; quoted: string }>(
    `select n.nspname || '.' || c.relname as name, format('%I.%I', n.nspname, c.relname) as quoted
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`,
  );
  const texts: string[] = [];
  for (const { name, quoted } of tables.filter((table) => !without.includes(table.name))) {
    const { rows } = await pool.query<{ row: string }>(`select row_to_json(t)::text as row from ${quoted} t`);
    texts.push(...rows.map(({ row }) => `${name} ${row}`));
  }
  return texts.join('\n');
}

/** Every key of a Redis with what it holds, whatever its type. */
export async function redisText(url: string): Promise<string> {
  const redis = new Redis(url);
  const read: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => redis.get(key),
    hash: (key) => redis.hgetall(key),
    list: (key) => redis.lrange(key, 0, -1),
    set: (key) => redis.smembers(key),
    zset: (key) => redis.zrange(key, '0', '-1', 'WITHSCORES'),
    stream: (key) => redis.xrange(key, '-', '+'),
  };
  try {
    const texts: string[] = [];
    for (const key of await redis.keys('*')) {
      const type = await redis.type(key);
      if (type === 'none') continue;
      const how = read[type];
      if (how === undefined) throw new Error(`${key} is a ${type}, which this cannot read`);
      texts.push(`${key} ${JSON.stringify(await how(key))}`);
    }
    return texts.join('\n');
  } finally {
    redis.disconnect();
  }
}
