import { type Encode, textOf } from './place.ts';

/** RFC 9110 §5.5, Latin-1 and no control character but tab; U+0080 to U+009F are control characters too. */
const fieldValue = /^[\t\x20-\x7e\xa0-\xff]*$/;

/** What is wrong with a header's literal text; `null` if it can be sent. */
export function headerLiteralProblem(text: string): string | null {
  return fieldValue.test(text)
    ? null
    : 'must hold only Latin-1 characters and no control character but tab (RFC 9110 §5.5)';
}

/** A header's value goes as it is, or not at all. */
export const encodeHeaderText: Encode = (value) => {
  const text = textOf(value);
  if (typeof text !== 'string' || fieldValue.test(text)) return text;
  return {
    unfit: 'holds a line break, another control character or one outside of Latin-1, which no header can carry',
  };
};
