import { describe, expect, it } from 'vitest';
import { egressWords } from '../../../src/console/pages/editor/egress-words.ts';
import type { EgressAllowList } from '../../../src/contract/egress.ts';
import { egressVerdict } from '../../../src/sending/egress.ts';

const allow: EgressAllowList = { names: new Set(), allowsAddress: () => false };
const wordsFor = async (url: string) =>
  egressWords(await egressVerdict(url, { allow, own: () => [], resolve: async () => [], timeoutMs: 1000 }));

describe('whether Errand may send there (contract §3, §7)', () => {
  it('says once whom to ask about a private address', async () => {
    const words = await wordsFor('http://10.0.0.1/');
    expect(words).toMatch(/^This would not be sent\. 10\.0\.0\.1:80 is a private or reserved address/);
    expect(words).toContain('an operator can allow it');
    expect(words.match(/private or reserved address/g)).toHaveLength(1);
  });

  it("advises nobody to have a cloud's metadata service allowed", async () => {
    const words = await wordsFor('http://169.254.169.254/');
    expect(words).toContain('no place to send requests to');
    expect(words).not.toContain('allow it');
  });

  it('says what is known where it cannot be told, and where nothing is', async () => {
    expect(await wordsFor('https://gone.example/')).toBe(
      'Whether Errand may send there cannot be told now. The name gone.example does not resolve now.',
    );
    expect(egressWords({ allowed: true, reason: null })).toBe('Errand may send there.');
    expect(egressWords({ allowed: false, reason: null })).toContain('ask your provider to allow it');
  });
});
