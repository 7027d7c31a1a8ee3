const firstMs = 1_000;
const longestMs = 60_000;
/** What ran this long before it died was well: its delays begin anew. */
const wellAfterMs = 60_000;

/**
 * How long to wait before what died is started again, by how long it ran: a second, doubling up to a minute while it dies
 * soon after each start.
 */
export function restartDelays(): (ranMs: number) => number {
  let delayMs = 0;
  return (ranMs) => {
    delayMs = delayMs === 0 || ranMs > wellAfterMs ? firstMs : Math.min(delayMs * 2, longestMs);
    return delayMs;
  };
}
