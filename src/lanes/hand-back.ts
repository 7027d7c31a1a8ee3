/**
 * Thrown by a handler that cannot do its work now, through no fault of the job's: PostgreSQL is away, for example. The
 * job goes back to the queue untried and is handed over again after `delayMs`, to this worker or to another.
 */
export class HandBack extends Error {
  readonly delayMs: number;

  constructor(message: string, delayMs: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HandBack';
    this.delayMs = delayMs;
  }
}
