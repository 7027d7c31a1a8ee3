import { ok } from 'node:assert/strict';
import fc from 'fast-check';
import { createRedactor } from '../../src/platform/redaction.ts';
import { renderRequest } from '../../src/tokens/render.ts';
import { compiled, lookup, names, typed } from '../unit/tokens/requests.ts';
import { hostileText, property } from './property.ts';

/** As long as a secret must be; without the mask's own character, which may make any text of its kind by chance. */
const secret = fc
  .oneof(
    fc.string({ minLength: 8, maxLength: 40 }),
    fc.string({ unit: 'grapheme', minLength: 8, maxLength: 40 }),
    fc.array(hostileText, { minLength: 3, maxLength: 8 }).map((parts) => parts.join('')),
  )
  .filter((text) => text.length >= 8 && text.isWellFormed() && !text.includes('*') && text.trim().length >= 8)
  // Encoded already, it is the decoded text that is searched for, and that must not be too short for it.
  .filter((text) => text.replace(/%[\dA-Fa-f]{2}|\\u[\dA-Fa-f]{4}|&#?\w+;|\\./g, '').length >= 4);
const beside = fc.string({ maxLength: 10 });
/** Nothing that makes an escape of a value's first characters, as `%` does of "00…": that is not seen through. */
const before = beside.filter((text) => !/[%\\&#]/.test(text));

const base64 = (text: string) => Buffer.from(text).toString('base64');
const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
const inXml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
const encoders: Record<string, (text: string) => string> = {
  raw: (text) => text,
  percent: encodeURIComponent,
  form: (text) => new URLSearchParams([['', text]]).toString().slice(1),
  json: inJson,
  xml: inXml,
};
const names3 = fc.array(fc.constantFrom(...Object.keys(encoders)), { maxLength: 3 });

const sent = ['key', 'authToken'].map((token) =>
  [
    typed('application/json', `{"a":"x{{${token}}}y","b":["{{${token}}}"]}`),
    typed('application/x-www-form-urlencoded', `a=b{{${token}}}&c={{${token}}}`),
    typed('application/xml', `<a b="{{${token}}}">{{${token}}}</a>`),
    typed('text/plain', `a {{${token}}} b`),
  ].map((template) =>
    compiled(
      {
        ...template,
        url: `https://api.example.com/p/{{${token}}}/q?k={{${token}}}&l=1`,
        headers: [...(template.headers ?? []), { key: 'Authorization', value: `Bearer {{${token}}}` }],
      },
      names({ tokens: ['authToken'], secrets: ['key'] }),
    ),
  ),
);

export const secrets = [
  property(
    'contract §6: no secret survives, up to three encodings deep, whatever stands beside it',
    [secret, names3, before, beside],
    (value, encodings, front, after) => {
      const encoded = encodings.reduce((text, name) => (encoders[name] as (text: string) => string)(text), value);
      const redacted = createRedactor([value])(`${front}${encoded}${after}`);
      ok(!redacted.includes(encoded), redacted);
      ok(!redacted.includes(value), redacted);
    },
  ),
  property(
    'contract §6: no secret survives in base64 of what it stands in',
    [secret, beside, beside],
    (value, front, after) => {
      const redacted = createRedactor([value])(`Basic ${base64(`${front}:${value}${after}`)}`);
      ok(!Buffer.from(redacted.replaceAll('*', '').slice(6), 'base64').toString().includes(value), redacted);
      ok(redacted.includes('***'), redacted);
    },
  ),
  property(
    'contract §6: no part of a request that is kept shows a secret that it was rendered with',
    [secret, fc.nat(1), fc.nat(3)],
    (value, token, kind) => {
      const request = sent[token]?.[kind];
      ok(request !== undefined);
      const rendering = renderRequest(request, lookup({ key: value, authToken: value }));
      if (!rendering.ok) return;
      const redact = createRedactor([value]);
      const { url, headers, body = '' } = rendering.request;
      for (const text of [url, body, ...headers.map((header) => header.value)]) {
        const kept = redact(text);
        for (const encode of Object.values(encoders)) ok(!kept.includes(encode(value)), kept);
      }
      ok(redact(url).includes('***') && redact(body).includes('***'));
    },
  ),
];
