/** Errand cannot start as it is configured; `message` begins with the variable and says what to change. */
export class CannotStart extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CannotStart';
  }
}
