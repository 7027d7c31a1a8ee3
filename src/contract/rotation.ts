/** What holds sealed values: secrets, the sensitive tokens of invocations, what webhooks are signed with, the key of fingerprints. */
export type SealedKind = 'secret' | 'invocation' | 'signing-secret' | 'fingerprint-key';

/** Records that none of the keys opens. `integration` is `null` for what belongs to none, `name` for what is no secret. */
export type UnreadableRecords = {
  kind: SealedKind;
  integration: string | null;
  name: string | null;
  /** The id of the key that they say they are sealed with. */
  key: string;
  count: number;
};

/** What `errand keys rotate-secrets --json` prints. */
export type RotationReport = {
  /** The id of the first key in `ERRAND_SECRET_KEYS`. */
  key: string;
  dryRun: boolean;
  /** Records that were sealed anew. */
  rotated: number;
  /** Each key of `ERRAND_SECRET_KEYS`, and each that is `known` to the database only, with what is sealed with it now. */
  keys: { id: string; known: boolean; records: number }[];
  unreadable: readonly UnreadableRecords[];
};
