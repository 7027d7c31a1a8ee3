/**
 * A connection URL fit for logs and messages: `postgres://errand:***@db:5432/errand`. Every part that can hold a secret
 * is masked: the password and all query parameters' values. What is no URL is not repeated at all.
 */
export function redactUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) return '(not a URL)';
  if (url.password !== '') url.password = '***';
  for (const name of new Set(url.searchParams.keys())) url.searchParams.set(name, '***');
  url.hash = '';
  return url.href;
}
