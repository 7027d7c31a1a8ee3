type Following<Ended> = {
  wait: () => Promise<Ended>;
  ended: (what: Ended) => Promise<unknown>;
  failed: () => Promise<unknown>;
  signal: AbortSignal;
  pauseMs?: number;
};

/** Waits for an end and, where the waiting fails, waits again after a pause, until the signal says that nobody looks. */
export async function follow<Ended>({ wait, ended, failed, signal, pauseMs = 5_000 }: Following<Ended>) {
  while (!signal.aborted) {
    try {
      await ended(await wait());
      return;
    } catch {
      if (signal.aborted) return;
      await failed();
      await pause(pauseMs, signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
