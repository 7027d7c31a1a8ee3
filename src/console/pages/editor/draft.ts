import type { Accept, CommandBody, Method } from '../../../contract/command.ts';
import type { Measure } from './measures.ts';
import { noPace, type Paces, pacesOf, pacesToBody } from './paces.ts';

/** `id` keeps a row's field when rows before it are removed. */
export type HeaderRow = { id: number; key: string; value: string };

export type Extract = { pointer: string; encoding: string | null; contentType: string };

/** A command as the form has it: every field is there, and empty where the command says nothing. */
export type Draft = {
  method: Method;
  url: string;
  headers: HeaderRow[];
  body: string;
  statuses: string[];
  contentTypes: string[];
  absentStatuses: string[];
  maxBytes: Measure;
  extract: Extract | null;
  conditional: boolean | null;
  paces: Paces;
};

export const emptyDraft: Draft = {
  method: 'GET',
  url: '',
  headers: [],
  body: '',
  statuses: [],
  contentTypes: [],
  absentStatuses: [],
  maxBytes: null,
  extract: null,
  conditional: null,
  paces: { apart: false, interactive: noPace, batch: noPace },
};

export const takesBody = (method: Method) => method !== 'GET' && method !== 'HEAD';

let rows = 0;
export function headerRow(key = '', value = ''): HeaderRow {
  rows += 1;
  return { id: rows, key, value };
}

export function draftOf(command: CommandBody): Draft {
  const { request, accept = {}, conditional } = command;
  const { extract } = accept;
  return {
    method: request.method,
    url: request.url,
    headers: (request.headers ?? []).map(({ key, value }) => headerRow(key, value)),
    body: request.body ?? '',
    statuses: (accept.statuses ?? []).map(String),
    contentTypes: accept.contentTypes ?? [],
    absentStatuses: (accept.absentStatuses ?? []).map(String),
    maxBytes: accept.maxBytes ?? null,
    extract:
      extract === undefined
        ? null
        : {
            pointer: extract.pointer,
            encoding: extract.encoding ?? null,
            contentType: extract.contentType ?? '',
          },
    conditional: conditional ?? null,
    paces: pacesOf(command),
  };
}

/** The rows that are sent: one that was added and not filled in is nothing yet. */
export const filledHeaders = ({ headers }: Draft) => headers.filter(({ key, value }) => key !== '' || value !== '');

/** The body to save. It may still be wrong: the API says what is. */
export function commandBody(draft: Draft): CommandBody {
  const headers = filledHeaders(draft).map(({ key, value }) => ({ key, value }));
  const accept = acceptOf(draft);
  return {
    request: {
      method: draft.method,
      url: draft.url,
      ...(headers.length === 0 ? {} : { headers }),
      ...(draft.body === '' || !takesBody(draft.method) ? {} : { body: draft.body }),
    },
    ...(Object.keys(accept).length === 0 ? {} : { accept }),
    ...(draft.conditional === null ? {} : { conditional: draft.conditional }),
    ...pacesToBody(draft.paces),
  };
}

function acceptOf({ statuses, contentTypes, absentStatuses, maxBytes, extract }: Draft): Accept {
  return {
    ...(statuses.length === 0
      ? {}
      : { statuses: statuses.map((status) => (/^\d+$/.test(status) ? Number(status) : status)) }),
    ...(contentTypes.length === 0 ? {} : { contentTypes }),
    ...(maxBytes === null ? {} : { maxBytes: maxBytes as number }),
    ...(absentStatuses.length === 0 ? {} : { absentStatuses: absentStatuses.map(Number) }),
    ...(extract === null ? {} : { extract: extractOf(extract) }),
  };
}

type ApiExtract = NonNullable<Accept['extract']>;
function extractOf({ pointer, encoding, contentType }: Extract): ApiExtract {
  return {
    pointer,
    ...(encoding === null ? {} : { encoding: encoding as NonNullable<ApiExtract['encoding']> }),
    ...(contentType === '' ? {} : { contentType }),
  };
}

export const isSame = (one: Draft, other: Draft) =>
  JSON.stringify(commandBody(one)) === JSON.stringify(commandBody(other));
