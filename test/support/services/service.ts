/** A server that the tests run on; `from` says in the last lines of the run where it came from. */
export type Service = { url: string; from: string; stop(): Promise<void> };

/** A way to a service: `null` answers say why it is not open on this machine. */
export type Attempt = { service: Service } | { why: string };

/** The first way that is open, or all the reasons why none is. A container that does not start is a reason, too. */
export async function firstOf(ways: readonly (() => Promise<Attempt>)[]): Promise<Attempt> {
  const reasons: string[] = [];
  for (const way of ways) {
    const attempt = await way();
    if ('service' in attempt) return attempt;
    reasons.push(attempt.why);
  }
  return { why: reasons.join('; ') };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
