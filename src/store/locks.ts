/**
 * Errand's advisory locks: one number space per database, so they are all here. Any constants of our own.
 */
export const advisoryLocks = {
  /** Two `errand migrate` at the same time take turns. */
  migrate: 7_230_711,
  /** Shared by who saves commands, alone for who changes a type that they are checked against. */
  commandTypes: 7_230_712,
  /** Held for as long as a process leads. */
  leader: 7_230_713,
  /** With an integration's hash as a second number: who leases its slots takes turns. */
  slots: 7_230_714,
  /** Likewise: who takes permits under its rates. */
  rates: 7_230_715,
  /** With a batch's idempotency key's hash: of several that come in under the same one, the first to be complete counts. */
  batchKeys: 7_230_716,
} as const;
