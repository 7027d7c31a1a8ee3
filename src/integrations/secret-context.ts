/** Names the field that a sealed secret belongs to, so that it opens nowhere else. */
export function secretContext(integration: string, name: string): string {
  return `integration_values/${integration}/${name}`;
}
