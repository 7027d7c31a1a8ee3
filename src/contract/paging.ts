import { z } from 'zod';

export const defaultPageSize = 50;
export const maxPageSize = 200;

/** `?limit` and `?cursor` of every list. */
export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(maxPageSize).default(defaultPageSize),
  cursor: z.string().optional(),
});
export type PageQuery = z.infer<typeof pageQuerySchema>;

/** A list's answer: newest first; `nextCursor` is `null` on the last page. */
export type Page<Item> = { items: Item[]; nextCursor: string | null };

export function pageSchema<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
}
