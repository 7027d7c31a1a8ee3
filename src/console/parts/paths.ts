/** Where an integration is in the console. */
export const integrationPath = (id: string) => `/integrations/${encodeURIComponent(id)}`;

/** Where a command of an integration is in the console. */
export const commandPath = (id: string, command: string) =>
  `${integrationPath(id)}/commands/${encodeURIComponent(command)}`;
