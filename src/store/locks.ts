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
} as const;
