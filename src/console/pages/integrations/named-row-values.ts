/** A name and its value, as they are being typed. */
export type NamedRow = { name: string; value: string };
/** The part of a form's values that has an integration's variables. */
export type WithVariables = { variables: NamedRow[] };

/** As the API takes them. Rows that nobody filled in are left out. */
export function recordOf(rows: readonly NamedRow[]): Record<string, string> {
  return Object.fromEntries(
    rows.filter(({ name, value }) => name !== '' || value !== '').map((row) => [row.name, row.value]),
  );
}

/** A name that two rows have would be one of them in the API, and the other would be gone without a word. */
export function duplicateNames(field: string, rows: readonly NamedRow[]): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const [index, { name }] of rows.entries()) {
    if (name !== '' && rows.findIndex((row) => row.name === name) !== index) {
      errors[`${field}.${index}.name`] = 'is there twice';
    }
  }
  return errors;
}

/** The field of a path such as `variables.companyId`, whose rows are in `field`. */
export function rowField(path: string, prefix: string, field: string, rows: readonly NamedRow[]): string | null {
  if (!path.startsWith(prefix)) return null;
  const index = rows.findIndex(({ name }) => name === path.slice(prefix.length));
  return index === -1 ? null : `${field}.${index}.name`;
}
