const largestUuidTime = 2 ** 48 - 1;

/** The smallest UUIDv7 of a moment (RFC 9562 §5.7), however far away that is. */
export function uuidFloor(ms: number): string {
  const hex = Math.min(Math.max(ms, 0), largestUuidTime).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
