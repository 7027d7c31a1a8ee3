import { describe, expect, it } from 'vitest';
import { failedOf, invocationsOf } from '../../../src/console/pages/problems/members.ts';
import { failureCodes, narrowingOf, redriveOf } from '../../../src/console/parts/redrive-filter.ts';

const group = {
  integration: 'acme',
  command: 'GetInvoiceImage',
  code: 'timeout',
  side: 'customer-server',
  failed: 3,
} as const;

describe('what "Retry all failed" retries (contract §3)', () => {
  it('is what failed, wherever it is pressed: neither what is absent nor what was cancelled', () => {
    expect(redriveOf({ run: 'night' })).toEqual({ run: 'night', codes: failureCodes });
    expect(redriveOf({ run: 'night', codes: undefined }).codes).toBe(failureCodes);
    expect(failureCodes).toContain('timeout');
    expect(failureCodes).not.toContain('absent');
    expect(failureCodes).not.toContain('cancelled');
  });

  it('is what was asked for where somebody named a code', () => {
    expect(redriveOf({ codes: ['absent'] }).codes).toEqual(['absent']);
  });

  it('leaves alone what failed before the seven days that a problem is of', () => {
    expect(failedOf(group, Date.parse('2026-11-27T10:00:00Z'))).toEqual({
      integration: 'acme',
      command: 'GetInvoiceImage',
      codes: ['timeout'],
      side: 'customer-server',
      since: '2026-11-20T10:00:00.000Z',
    });
    const shown = new URL(invocationsOf(group), 'http://errand').searchParams;
    expect([shown.get('range'), shown.get('side')]).toEqual(['7d', 'customer-server']);
    expect(new URL(invocationsOf({ ...group, failed: 0 }), 'http://errand').searchParams.get('status')).toBe(
      'retrying',
    );
  });

  it('is told line by line before', () => {
    const lines = narrowingOf({ integration: 'acme', codes: ['timeout', 'absent'], since: '2026-11-20T10:00:00.000Z' });
    expect(lines[0]).toBe('of the integration acme');
    expect(lines[1]).toBe('that ended with: Too slow, No such thing there');
    expect(lines[2]).toMatch(/^accepted since Nov 20, 2026/);
    expect(narrowingOf({ codes: ['unexpected-status'], side: 'credentials' })[1]).toBe(
      'that come from the credentials',
    );
    expect(narrowingOf({})).toEqual(['whatever went wrong, but neither what is absent there nor what was cancelled']);
  });
});
