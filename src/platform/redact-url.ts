/**
 * A URL fit for logs, answers and messages: `postgres://errand:***@db:5432/errand`. What can hold a secret beside the path is
 * masked: the password, and of the query everything but names. What is no URL is not repeated at all.
 */
export function redactUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) return '(not a URL)';
  if (url.password !== '') url.password = '***';
  url.search = url.search.replaceAll(/(?<=[?&])([^=&]*=|(?=[^&]))[^&]*/g, '$1***');
  url.hash = '';
  return url.href;
}
