import { describe, expect, it } from 'vitest';
import { filtersOf, queryOf, retryAllOf } from '../../../src/console/pages/invocations/filters.ts';

const now = Date.parse('2026-11-27T12:00:00Z');

describe("the invocations' filters in the URL (contract §3)", () => {
  it('keep what is known and has a value', () => {
    const parameters = new URLSearchParams('q=+INV1+&status=failed&command=&theme=dark');
    expect(filtersOf(parameters)).toEqual({ q: 'INV1', status: 'failed' });
  });

  it('ask for a range that moves along with the clock', () => {
    expect(queryOf({ range: '1h', q: 'x' }, now)).toMatchObject({ q: 'x', since: '2026-11-27T11:00:00.000Z' });
    expect(queryOf({ range: 'ever', since: '2026-01-01T00:00:00Z' }, now).since).toBe('2026-01-01T00:00:00Z');
  });
});

describe('"Retry all failed" of a list (contract §3)', () => {
  it('asks for what the filters say', () => {
    const filters = {
      integration: 'acme',
      command: 'GetInvoiceImage',
      code: 'timeout',
      side: 'errand',
      range: '24h',
      status: 'failed',
    };
    expect(retryAllOf(filters, now)).toEqual({
      integration: 'acme',
      command: 'GetInvoiceImage',
      batch: undefined,
      codes: ['timeout'],
      side: 'errand',
      since: '2026-11-26T12:00:00.000Z',
      until: undefined,
    });
  });

  it('leaves it to the button what has failed where no code is named', () => {
    expect(retryAllOf({}, now)).toHaveProperty('codes', undefined);
    expect(retryAllOf({ status: 'failed' }, now)).toHaveProperty('codes', undefined);
  });

  it('means the cancelled ones where those are listed', () => {
    expect(retryAllOf({ status: 'cancelled', batch: 'b' }, now)).toMatchObject({ codes: ['cancelled'] });
    expect(retryAllOf({ status: 'cancelled', code: 'timeout' }, now)).toBeTypeOf('string');
  });

  it.each(['q', 'lane', 'httpStatus', 'reference', 'account'])('says that it cannot be narrowed by %s', (name) => {
    expect(retryAllOf({ [name]: 'x', integration: 'acme' }, now)).toBeTypeOf('string');
  });

  it.each([
    'queued',
    'running',
    'retrying',
    'succeeded',
  ])('retries nothing of a list of those that are %s', (status) => {
    expect(retryAllOf({ status }, now)).toBeTypeOf('string');
  });
});
