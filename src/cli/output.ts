/** Data for stdout; what is said to a person goes to stderr. Resolves when it was handed over. */
export function print(data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error) => (error ? reject(error) : resolve()));
  });
}

export function printLine(line: string): Promise<void> {
  return print(`${line}\n`);
}

export function printJson(value: unknown): Promise<void> {
  return printLine(JSON.stringify(value, null, 2));
}

/** One line for the person at the terminal. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Whoever read stdout has read enough (`errand keys list | head -1`): no failure of ours. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}

/** Without these listeners a reader that goes away would end the process with a stack trace. */
export function endQuietlyOnBrokenPipe(): void {
  process.stdout.on('error', (error) => {
    if (!isBrokenPipe(error)) throw error;
    process.exit();
  });
  process.stderr.on('error', (error) => {
    if (!isBrokenPipe(error)) throw error;
  });
}
