import type { Auth, Tls } from '../../../contract/authentication.ts';

export type Kind = Auth['type'];
/** What can be typed, or chosen from; `secret`: one of the integration's secrets. */
export type AuthField = {
  name: string;
  label: string;
  of: 'text' | 'long' | 'secret' | readonly { value: string; label: string }[];
  optional?: true;
  description?: string;
};

const sameValue = (...values: string[]) => values.map((value) => ({ value, label: value }));

/** Each kind with its fields, as docs/authentication.md has them. */
export const kinds: Readonly<Record<Kind, { label: string; fields: readonly AuthField[] }>> = {
  basic: {
    label: 'Basic: user name and password',
    fields: [
      { name: 'username', label: 'User name', of: 'text' },
      { name: 'password', label: 'Password', of: 'secret' },
    ],
  },
  bearer: { label: 'Bearer token', fields: [{ name: 'token', label: 'Token', of: 'secret' }] },
  'api-key': {
    label: 'API key',
    fields: [
      {
        name: 'in',
        label: 'In',
        of: [
          { value: 'header', label: 'a header' },
          { value: 'query', label: 'the query' },
        ],
      },
      { name: 'name', label: 'Name', of: 'text', description: 'Of the header or the parameter, such as X-Api-Key.' },
      { name: 'value', label: 'Key', of: 'secret' },
    ],
  },
  'oauth2-client-credentials': {
    label: 'OAuth 2 client credentials',
    fields: [
      { name: 'tokenUrl', label: 'Token URL', of: 'text' },
      { name: 'clientId', label: 'Client id', of: 'text' },
      { name: 'clientSecret', label: 'Client secret', of: 'secret' },
      { name: 'scope', label: 'Scope', of: 'text', optional: true },
      { name: 'audience', label: 'Audience', of: 'text', optional: true },
      {
        name: 'clientAuthentication',
        label: 'Client says who it is in',
        optional: true,
        of: [
          { value: '', label: 'the Authorization header (the usual)' },
          { value: 'basic', label: 'the Authorization header' },
          { value: 'body', label: 'the body' },
        ],
      },
    ],
  },
  hmac: {
    label: 'Signature (HMAC)',
    fields: [
      { name: 'secret', label: 'Key', of: 'secret' },
      { name: 'header', label: 'Header', of: 'text', description: 'Carries the signature, such as X-Signature.' },
      { name: 'algorithm', label: 'Algorithm', of: sameValue('sha256', 'sha512') },
      { name: 'encoding', label: 'Encoding', of: sameValue('hex', 'base64') },
      { name: 'prefix', label: 'Prefix', of: 'text', optional: true, description: 'Before it, such as sha256=.' },
      {
        name: 'timestampHeader',
        label: 'Timestamp header',
        of: 'text',
        optional: true,
        description: 'Carries the time, which is then signed, too.',
      },
    ],
  },
  'standard-webhooks': {
    label: 'Signature (Standard Webhooks)',
    fields: [{ name: 'secret', label: 'Secret', of: 'secret', description: 'Base64, with or without whsec_.' }],
  },
};

export const tlsFields: readonly AuthField[] = [
  {
    name: 'ca',
    label: 'Certificate authorities',
    of: 'long',
    optional: true,
    description: 'In PEM, or one token. Trusted instead of the usual ones.',
  },
  {
    name: 'certificate',
    label: "Errand's own certificate",
    of: 'long',
    optional: true,
    description: 'In PEM with its chain, or one token.',
  },
  { name: 'key', label: 'Its private key', of: 'secret', optional: true },
];

/** As it is being typed: what is not there is `''`, the kind as well. */
export type Values = { type: Kind | ''; auth: Record<string, string>; tls: Record<string, string> };

export const fieldsOf = (type: Kind | '') => (type === '' ? [] : kinds[type].fields);

/** What the fields of a kind begin with. */
function filled(fields: readonly AuthField[], there: object): Record<string, string> {
  const given = there as Record<string, string | undefined>;
  return Object.fromEntries(
    fields.map(({ name, of }) => [name, given[name] ?? (typeof of === 'string' ? '' : (of[0]?.value ?? ''))]),
  );
}

export function valuesOf({ auth, tls }: { auth: Auth | null; tls: Tls | null }): Values {
  const type = auth?.type ?? '';
  return { type, auth: filled(fieldsOf(type), auth ?? {}), tls: filled(tlsFields, tls ?? {}) };
}

/** Another kind, keeping what both have. */
export const ofKind = (type: Kind | '', { auth }: Values) => filled(fieldsOf(type), auth);

/** As the API takes it: optional fields that are empty are left out. */
export function authenticationOf({ type, auth, tls }: Values): { auth: Auth | null; tls: Tls | null } {
  const given = (fields: readonly AuthField[], values: Record<string, string>) =>
    Object.fromEntries(
      fields
        .map(({ name, optional }) => [name, values[name] ?? '', optional] as const)
        .filter(([, value, optional]) => value !== '' || optional !== true)
        .map(([name, value]) => [name, value]),
    );
  const wanted = given(tlsFields, tls);
  return {
    auth: type === '' ? null : ({ type, ...given(fieldsOf(type), auth) } as Auth),
    tls: Object.keys(wanted).length === 0 ? null : (wanted as Tls),
  };
}

/** What somebody changed of what they were shown: what others have changed meanwhile of the other part stays. */
export function authenticationPatch(
  shown: { auth: Auth | null; tls: Tls | null },
  typed: { auth: Auth | null; tls: Tls | null },
): { auth?: Auth | null; tls?: Tls | null } {
  const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  return {
    ...(isSame(shown.auth, typed.auth) ? {} : { auth: typed.auth }),
    ...(isSame(shown.tls, typed.tls) ? {} : { tls: typed.tls }),
  };
}

/** What has to be there and is not. */
export function missing({ type, auth }: Values): Record<string, string> {
  const empty = fieldsOf(type).filter(({ name, optional }) => optional !== true && (auth[name] ?? '') === '');
  return Object.fromEntries(empty.map(({ name }) => [`auth.${name}`, 'is required']));
}

/** The field of a path of the API, such as `auth.password`. */
export function formField(path: string, { type }: Values): string | null {
  const [part = '', name, ...more] = path.split('.');
  const fields: Record<string, readonly AuthField[]> = { auth: fieldsOf(type), tls: tlsFields };
  const known = more.length === 0 && fields[part]?.some((field) => field.name === name) === true;
  return known ? path : null;
}
