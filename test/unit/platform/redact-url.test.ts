import { expect, it } from 'vitest';
import { redactUrl } from '../../../src/platform/redact-url.ts';

it.each([
  ['postgres://errand:hunter2@db:5432/errand', 'postgres://errand:***@db:5432/errand'],
  ['rediss://:hunter2@redis:6380/2', 'rediss://:***@redis:6380/2'],
  ['postgres:///errand?host=/run&password=hunter2', 'postgres:///errand?host=***&password=***'],
  ['postgres://db/errand', 'postgres://db/errand'],
  ['https://example.com/hook?hunter2', 'https://example.com/hook?***'],
  ['https://example.com/?key=&key=hunter2&hunter2&a=b=c#d', 'https://example.com/?key=***&key=***&***&a=***'],
  ['https://example.com/?', 'https://example.com/'],
  ['hunter2', '(not a URL)'],
])('%s is shown as %s', (url, shown) => {
  expect(redactUrl(url)).toBe(shown);
});
