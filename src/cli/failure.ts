/** Ends the command with this exit code and message: what went wrong is the user's to read, not a stack trace. */
export class CliFailure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = 'CliFailure';
    this.exitCode = exitCode;
  }
}

/** Exit codes (contract §2); after Ctrl-C what shells expect, 128 and the signal's number. */
export const exitCodes = { failed: 1, usage: 2, changes: 3, configuration: 78, interrupted: 130 } as const;
