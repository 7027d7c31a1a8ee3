import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BodyBytes } from '../../../src/sending/body.ts';

it('contract §6: gives back what was put in, however it was cut', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 12 }), (sizes) => {
      const body = new BodyBytes();
      const chunks = sizes.map((size) => randomBytes(size));
      for (const chunk of chunks) body.add(chunk);
      const whole = Buffer.concat(chunks);
      expect(Buffer.compare(body.preview(1000), whole.subarray(0, 1000))).toBe(0);
      expect(Buffer.compare(body.bytes(), whole)).toBe(0);
      expect(body.length).toBe(whole.length);
    }),
    { numRuns: 50 },
  );
});

it('contract §6: does not keep an object for each byte', () => {
  const body = new BodyBytes();
  for (let index = 0; index < 50_000; index += 1) body.add(Buffer.from([index & 0xff]));
  expect(body.bytes()).toEqual(Buffer.from(Array.from({ length: 50_000 }, (_, index) => index & 0xff)));
});
