/** `URL.parse`, which the first versions of Node 20 do not have; `null`: it is no URL. */
export const parseUrl = (text: string): URL | null => (URL.canParse(text) ? new URL(text) : null);
