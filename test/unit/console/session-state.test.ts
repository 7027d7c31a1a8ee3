import { describe, expect, it } from 'vitest';
import { ApiError, ApiUnreachable } from '../../../src/client/errors.ts';
import { batchPath, commandPath, integrationPath, invocationsPath } from '../../../src/console/parts/paths.ts';
import { isPortalPath } from '../../../src/console/portal-path.ts';
import { sessionState } from '../../../src/console/session-state.ts';

const signedOut = new ApiError({ type: 'about:blank', title: 'Unauthorized', status: 401, detail: 'no', errors: [] });
const outage = new ApiUnreachable('https://errand.example', null);
const data = { role: 'admin' };

describe('who is signed in (contract §3)', () => {
  it('sends to sign in only those who never were', () => {
    expect(sessionState({ data: undefined, error: null })).toEqual({ show: 'loading' });
    expect(sessionState({ data: undefined, error: signedOut })).toEqual({ show: 'sign-in' });
    expect(sessionState({ data: undefined, error: outage })).toEqual({ show: 'outage', error: outage });
  });

  it('keeps the page of those who were, and what they have typed, through an outage and the end of the session', () => {
    expect(sessionState({ data, error: null })).toEqual({ show: 'page', trouble: 'none' });
    expect(sessionState({ data, error: outage })).toEqual({ show: 'page', trouble: 'outage' });
    expect(sessionState({ data, error: signedOut })).toEqual({ show: 'page', trouble: 'signed-out' });
  });
});

describe("the console's addresses (contract §3)", () => {
  it('tells the pages that may be in a frame from those of operators', () => {
    expect(['/portal', '/portal/x', '/portal/integrations/a'].filter(isPortalPath)).toHaveLength(3);
    expect(['/', '/portals', '/integrations/portal', '/audit'].filter(isPortalPath)).toEqual([]);
  });

  it('encodes what stands in them', () => {
    expect(integrationPath('a/b')).toBe('/integrations/a%2Fb');
    expect(integrationPath('a', { tab: 'secrets', add: 'secret' })).toBe('/integrations/a?tab=secrets&add=secret');
    expect(commandPath('a', 'Get?')).toBe('/integrations/a/commands/Get%3F');
    expect(invocationsPath({ integration: 'a&b' })).toBe('/invocations?integration=a%26b');
    expect(batchPath('1')).toBe('/batches/1');
  });
});
