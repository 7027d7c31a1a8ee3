import { type AssembleDependencies, redactorOf } from './assemble.ts';
import type { StoredConfiguration } from './stored.ts';

/** Makes the details of an audit entry about an integration: its secrets' values masked, wherever someone typed one. */
export type Details = (stored: StoredConfiguration, details: Record<string, unknown>) => Record<string, unknown>;

export function createDetails(dependencies: AssembleDependencies): Details {
  return (stored, details) => {
    const redact = redactorOf(stored, dependencies);
    return Object.fromEntries(Object.entries(details).map(([name, value]) => [name, redactWithin(value, redact)]));
  };
}

function redactWithin(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactWithin(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redactWithin(item, redact)]));
}
