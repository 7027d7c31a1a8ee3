/** The longest wait that can be asked for (contract §3). */
export const maxWaitSeconds = 60;

/**
 * The seconds of `Prefer: wait=N` (RFC 7240 §4.3), at most 60; `null` if it is not there. A preference that makes no
 * sense is ignored, as RFC 7240 §2 demands, and so is all but the first of its name.
 */
export function preferredWait(header: string | string[] | undefined): number | null {
  for (const preference of splitOutsideQuotes([header ?? ''].flat().join(','), ',')) {
    const [token = ''] = splitOutsideQuotes(preference, ';');
    const [name = '', value = ''] = splitOutsideQuotes(token, '=');
    if (name.trim().toLowerCase() !== 'wait') continue;
    const seconds = /^(?:\d{1,9}|"\d{1,9}")$/.exec(value.trim())?.[0].replaceAll('"', '');
    return seconds === undefined ? null : Math.min(Number(seconds), maxWaitSeconds);
  }
  return null;
}

/** Splits at a separator that stands outside of quoted strings (RFC 9110 §5.6.4). */
export function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts = [''];
  let inQuotes = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] as string;
    if (char === separator && !inQuotes) parts.push('');
    else parts[parts.length - 1] += char;
    if (char === '"') inQuotes = !inQuotes;
    if (char === '\\' && inQuotes) parts[parts.length - 1] += text[++index] ?? '';
  }
  return parts;
}
