import type { CommandPreview } from '../../../contract/command-test.ts';
import { mendWords } from '../../words.ts';

/** May Errand send there, and why or why not? */
export function egressWords({ allowed, reason }: CommandPreview['egress']): string {
  const because = reason === null ? '' : ` ${sentence(reason)}`;
  if (allowed === true) return `Errand may send there.${because}`;
  if (allowed === null) return `Whether Errand may send there cannot be told now.${because}`;
  // A reason says itself what would be right, if anything would: a cloud's metadata service is to be allowed by nobody.
  return `This would not be sent.${reason === null ? ` ${mendWords({ code: 'egress-blocked' })}` : because}`;
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
