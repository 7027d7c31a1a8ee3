import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { keyAccountsSchema } from '../../../src/contract/api-key.ts';
import { commandBodySchema } from '../../../src/contract/command.ts';
import { fieldErrors } from '../../../src/contract/field-errors.ts';
import { integrationBodySchema } from '../../../src/contract/integration.ts';
import { invocationBodySchema } from '../../../src/contract/invocation.ts';
import { pageQuerySchema } from '../../../src/contract/paging.ts';
import { wording } from '../../../src/contract/wording.ts';

function errorsOf(schema: z.ZodType, value: unknown): Record<string, string> {
  const { error } = schema.safeParse(value, { error: wording });
  return Object.fromEntries(fieldErrors(error?.issues ?? []).map(({ path, message }) => [path, message]));
}

const command = (rest: object) => ({ request: { method: 'POST', url: 'https://example.com' }, ...rest });

describe('contract §3: field errors', () => {
  it('say what is wrong and what would be right', () => {
    expect(
      errorsOf(integrationBodySchema, { name: '', type: 'standard', limits: { concurrency: 0.5, rates: {} } }),
    ).toEqual({
      name: 'must not be empty',
      type: 'must be "custom"',
      'limits.concurrency': 'must be a whole number, not 0.5',
      'limits.rates': 'must be an array, not an object',
    });
    expect(errorsOf(integrationBodySchema, {})).toEqual({ name: 'is required', type: 'is required: must be "custom"' });
    expect(errorsOf(integrationBodySchema, [])).toEqual({ '': 'must be an object, not an array' });
    expect(errorsOf(integrationBodySchema, undefined)).toEqual({ '': 'is required' });
    expect(errorsOf(pageQuerySchema, { limit: '201' })).toEqual({ limit: 'must be at most 200' });
    expect(errorsOf(pageQuerySchema, { limit: 'many' })).toEqual({ limit: 'must be a number, not that' });
  });

  it('name unknown fields, with the ones that they could have been', () => {
    expect(
      errorsOf(commandBodySchema, { request: { method: 'get', url: 'x', header: [] }, timeoutMS: 5, foo: 1 }),
    ).toEqual({
      'request.method': expect.stringContaining('Did you mean "GET"?'),
      'request.header': 'is not known here. Did you mean "headers"?',
      timeoutMS: 'is not known here. Did you mean "timeoutMs"?',
      foo: 'is not known here. Known are "request", "accept", "conditional", "timeoutMs", "deadlineMs", "retry".',
    });
  });

  it.each([
    ['5', { timeoutMs: 'must be a number or an object' }],
    [0, { timeoutMs: 'must be at least 1' }],
    [1.5, { timeoutMs: 'must be a whole number or an object' }],
    [{ interactive: 'x' }, { 'timeoutMs.interactive': 'must be a number, not a string' }],
    [{ interactiv: 5 }, { 'timeoutMs.interactiv': 'is not known here. Did you mean "interactive"?' }],
  ])('of one value or one per lane: %j', (timeoutMs, errors) => {
    expect(errorsOf(commandBodySchema, command({ timeoutMs }))).toEqual(errors);
  });

  it.each([
    [{ attempts: 0 }, { 'retry.attempts': 'must be at least 1' }],
    [{ batch: { attempts: 0 } }, { 'retry.batch.attempts': 'must be at least 1' }],
    [{ maxSm: 3 }, { 'retry.maxSm': 'is not known here. Did you mean "maxMs"?' }],
    [{ atempts: 3 }, { 'retry.atempts': 'is not known here. Did you mean "attempts"?' }],
  ])('of the form that comes closest: %j', (retry, errors) => {
    expect(errorsOf(commandBodySchema, command({ retry }))).toEqual(errors);
  });

  it('list all the forms that a value could have', () => {
    expect(errorsOf(keyAccountsSchema, 'all')).toEqual({ '': 'must be "*" or an array' });
    expect(errorsOf(keyAccountsSchema, ['', 3])).toEqual({ 0: 'must not be empty', 1: 'must be a string, not 3' });
  });

  it('tell of names and times', () => {
    const body = { integration: 'Acme', command: '1', runAt: 'tomorrow' };
    expect(errorsOf(invocationBodySchema, body)).toEqual({
      integration: expect.stringContaining('must be a slug'),
      command: expect.stringContaining('must begin with a letter'),
      runAt: expect.stringContaining('ISO 8601'),
    });
    const variables = { 'errand.x': 'a' };
    expect(errorsOf(integrationBodySchema, { name: 'a', type: 'custom', variables })).toEqual({
      'variables.errand.x': expect.stringContaining("Errand's own"),
    });
  });

  it('are few, and short, however much is wrong', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`.padEnd(2000, 'x'), 1]));
    const { error } = integrationBodySchema.safeParse(many, { error: wording });
    const errors = fieldErrors(error?.issues ?? []);
    expect(errors).toHaveLength(50);
    expect(JSON.stringify(errors).length).toBeLessThan(40_000);
  });
});
