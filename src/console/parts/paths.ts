/** Where an integration is; `query` is what is chosen there: its tab, a secret, a schedule. */
export function integrationPath(id: string, query: Readonly<Record<string, string>> = {}): string {
  const chosen = new URLSearchParams(query).toString();
  return `/integrations/${encodeURIComponent(id)}${chosen === '' ? '' : `?${chosen}`}`;
}

/** Where a command is edited. */
export const commandPath = (integration: string, command: string) =>
  `${integrationPath(integration)}/commands/${encodeURIComponent(command)}`;

export const invocationPath = (id: string) => `/invocations/${encodeURIComponent(id)}`;

/** The invocations that fit. */
export const invocationsPath = (query: Readonly<Record<string, string>>) =>
  `/invocations?${new URLSearchParams(query)}`;

export const batchPath = (id: string) => `/batches/${encodeURIComponent(id)}`;

export const runPath = (run: string) => `/runs/${encodeURIComponent(run)}`;
