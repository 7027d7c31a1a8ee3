/** A server that the tests run on; `from` says in the last lines of the run where it came from. */
export type Service = { url: string; from: string; stop(): Promise<void> };

/** A way to a service: `why` says why it is not open on this machine, `broken` that it should have been. */
export type Attempt = { service: Service } | { why: string; broken?: true };

/** The first way that is open, or all the reasons why none is. What was broken is told also where another way was open. */
export async function firstOf(ways: readonly (() => Promise<Attempt>)[]): Promise<Attempt> {
  const reasons: string[] = [];
  const broken: string[] = [];
  for (const way of ways) {
    const attempt = await way();
    if ('service' in attempt) {
      const { service } = attempt;
      return { service: { ...service, from: [service.from, ...broken].join('; ') } };
    }
    reasons.push(attempt.why);
    if (attempt.broken === true) broken.push(attempt.why);
  }
  return { why: reasons.join('; ') };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
