import type { z } from 'zod';
import { type BatchItem, batchItemSchema } from '../contract/batch.ts';
import { fieldErrors } from '../contract/field-errors.ts';
import { wording } from '../contract/wording.ts';

/** One item of a file, as it is sent and as it stands there. */
export type ItemLine = {
  /** The first line of the file is 1; an item of CSV can have several, this is where it begins. */
  line: number;
  item: BatchItem;
  /** A line of NDJSON. */
  json: string;
  /** As it stands in the file, without the end of the line. */
  text: string;
};

/** What is wrong with a line of the file. */
export type BadLine = { line: number; message: string };

export type ReadLine = ItemLine | BadLine;

export const isBad = (read: ReadLine): read is BadLine => 'message' in read;

/** A file of items: read anew by each call of `read`, in constant memory. Items count from 1 in the order that they come in. */
export type ItemsFile = {
  path: string;
  format: ItemsFormat;
  /** @throws FileTrouble if it cannot be read */
  read(): AsyncGenerator<ReadLine>;
};

export const itemsFormats = ['csv', 'ndjson'] as const;
export type ItemsFormat = (typeof itemsFormats)[number];

/** An item in the shape of the contract, or what is wrong with it, each with its field. */
export function checkedItem(value: unknown): { item: BatchItem } | { message: string } {
  const parsed = batchItemSchema.safeParse(value, { error: wording as z.core.$ZodErrorMap });
  if (parsed.success) return { item: parsed.data };
  const message = fieldErrors(parsed.error.issues)
    .map((error) => (error.path === '' ? error.message : `${error.path}: ${error.message}`))
    .join('; ');
  return { message };
}

/** How many bad lines are told one by one. */
const mostTold = 20;

/** Reads the whole file once, so that nothing of it is sent before all of it is known to be good. */
export async function checkItems(file: ItemsFile): Promise<{ total: number; bad: BadLine[]; badCount: number }> {
  const bad: BadLine[] = [];
  let total = 0;
  let badCount = 0;
  for await (const read of file.read()) {
    if (!isBad(read)) total += 1;
    else {
      badCount += 1;
      if (bad.length < mostTold) bad.push(read);
    }
  }
  return { total, bad, badCount };
}

/** The item of this number, counted from 1. */
export async function itemAt(file: ItemsFile, number: number): Promise<ItemLine | null> {
  let count = 0;
  for await (const read of file.read()) {
    if (isBad(read)) continue;
    count += 1;
    if (count === number) return read;
  }
  return null;
}
