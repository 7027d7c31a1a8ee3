import { z } from 'zod';
import type { GivenItem } from '../../batches/accept.ts';
import type { KeyAccounts } from '../../contract/api-key.ts';
import type { Actor } from '../../contract/audit.ts';
import type { Batch, BatchFilter, BatchHead } from '../../contract/batch.ts';
import type { BatchReport } from '../../contract/batch-report.ts';
import type { Page, PageQuery } from '../../contract/paging.ts';
import type { WhileConnected } from '../waiting.ts';

type Principal = { actor: Actor; accounts: KeyAccounts };

/** What the routes need of batches/. Every one of them throws `Refusal`. */
export type Batches = {
  accept(
    principal: Principal,
    request: BatchHead & { idempotencyKey?: string | undefined },
    items: AsyncIterable<GivenItem> | Iterable<GivenItem>,
  ): Promise<{ id: string; created: boolean }>;
  get(accounts: KeyAccounts, id: string): Promise<Batch>;
  list(accounts: KeyAccounts, filter: BatchFilter, page: PageQuery): Promise<Page<Batch>>;
  report(accounts: KeyAccounts, id: string, page: PageQuery): Promise<BatchReport>;
  cancel(principal: Principal, id: string): Promise<void>;
};

export type BatchDependencies = { batches: Batches; whileConnected: WhileConnected };

export const tags = ['batches'];
export const read = { permission: 'invocations.read' } as const;
export const idParams = z.strictObject({ id: z.string() });
