// Loaded before Errand into a process whose clock is to be wrong, by TEST_CLOCK_SHIFT_MS.
const shiftMs = Number(process.env.TEST_CLOCK_SHIFT_MS);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + shiftMs);
    else super(...parts);
  }

  static now() {
    return RealDate.now() + shiftMs;
  }
};
