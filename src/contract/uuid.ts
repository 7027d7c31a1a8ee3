const pattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Is it an id, in either case (RFC 9562 §4)? What is not need not be looked up. */
export const isUuid = (text: string): boolean => pattern.test(text);
