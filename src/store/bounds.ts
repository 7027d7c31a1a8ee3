/** The smallest and the largest of `ids`: with them in the statement, only the partitions concerned are touched. */
export function boundsOf(ids: readonly string[]): [string, string] {
  let low = ids[0] as string;
  let high = low;
  for (const id of ids) {
    if (id < low) low = id;
    if (id > high) high = id;
  }
  return [low, high];
}
