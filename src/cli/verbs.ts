import type { Lane } from '../contract/lane.ts';
import type { ApplyOptions } from './apply.ts';
import type { AuditVerbs } from './audit.ts';
import type { BatchCall, BatchOptions } from './batch.ts';
import type { ExportOptions } from './export.ts';
import type { InvokeCall, InvokeOptions } from './invoke.ts';
import type { KeyVerbs } from './keys.ts';

/** What the command line can do; main.ts joins it to the rest. */
export type Verbs = {
  up(): Promise<void>;
  api(): Promise<void>;
  /** Without a lane: both. */
  worker(lane: Lane | undefined): Promise<void>;
  migrate(options: { json: boolean }): Promise<void>;
  demo(options: { once: boolean }): Promise<void>;
  invoke(call: InvokeCall, options: InvokeOptions): Promise<void>;
  batch(call: BatchCall, options: BatchOptions): Promise<void>;
  apply(options: ApplyOptions): Promise<void>;
  export(options: ExportOptions): Promise<void>;
  schema(): Promise<void>;
  keys: KeyVerbs;
  audit: AuditVerbs;
  /** @param args a shell's name, or `--` and the words so far */
  complete(args: string[]): Promise<void>;
};
