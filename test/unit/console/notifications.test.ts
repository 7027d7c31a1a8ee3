import { describe, expect, it } from 'vitest';
import {
  answerWords,
  deliveryState,
  endpointName,
  hostOf,
} from '../../../src/console/pages/notifications/delivery-words.ts';
import { bodyOf, fieldOf, patchOf, valuesOf } from '../../../src/console/pages/notifications/endpoint-values.ts';
import { subjectPath } from '../../../src/console/parts/subject-path.ts';
import type { Notification } from '../../../src/contract/notification.ts';

const error = { code: 'unexpected-status', message: 'The receiver answered 503.' } as const;
const tried = (overrides: Partial<Notification>) => ({
  status: 'pending' as const,
  lastStatus: null,
  lastError: null,
  nextAttemptAt: null,
  ...overrides,
});

describe("contract §3: the console's notifications", () => {
  it('tell one that nobody has tried from one that has failed so far', () => {
    expect(deliveryState(tried({}))).toBe('waiting');
    expect(deliveryState(tried({ lastError: error, lastStatus: 503 }))).toBe('retrying');
    expect(deliveryState(tried({ status: 'failed', lastError: error }))).toBe('failed');
    expect(deliveryState(tried({ status: 'delivered', lastStatus: 204 }))).toBe('delivered');
  });

  it('say what came back', () => {
    expect(answerWords(tried({}))).toBeNull();
    expect(answerWords(tried({ lastError: error, lastStatus: 503 }))).toBe('The receiver answered 503.');
    expect(answerWords(tried({ status: 'delivered', lastStatus: 204 }))).toBe('The receiver answered 204.');
  });

  it('call an endpoint by its host where it has no name', () => {
    const url = 'https://ops.example.com:8443/token';
    expect(endpointName({ name: 'On call', url })).toBe('On call');
    expect(endpointName({ name: null, url })).toBe('ops.example.com:8443');
    expect(hostOf('nowhere')).toBe('nowhere');
  });

  it('lead to what they tell of', () => {
    expect(subjectPath({ type: 'run', id: 'night/1' })).toBe('/runs/night%2F1');
    expect(subjectPath({ type: 'schedule', id: 'acme/nightly' })).toBe('/integrations/acme?tab=schedules');
    expect(subjectPath({ type: 'audit', id: 'log' })).toBe('/audit');
    expect(subjectPath({ type: 'portal-session', id: '1' })).toBeNull();
  });

  it('save of an endpoint only what somebody has changed', () => {
    const before = valuesOf({ name: 'Ops', url: 'https://a.example', events: ['run.finished'], accounts: '*' });
    expect(patchOf(before, before)).toEqual({});
    expect(patchOf({ ...before, name: ' ' }, before)).toEqual({ name: null });
    expect(patchOf({ ...before, every: 'some', accounts: ['acme'] }, before)).toEqual({ accounts: ['acme'] });
    expect(patchOf({ ...before, url: ' https://b.example ', events: ['audit.broken'] }, before)).toEqual({
      url: 'https://b.example',
      events: ['audit.broken'],
    });
    expect(bodyOf({ ...before, name: '' })).toEqual({
      url: 'https://a.example',
      events: ['run.finished'],
      accounts: '*',
    });
  });

  it("find the field of the API's errors", () => {
    expect(['name', 'url', 'events', 'events.0', 'accounts.1', 'enabled'].map(fieldOf)).toEqual([
      'name',
      'url',
      'events',
      'events',
      'accounts',
      null,
    ]);
  });
});
