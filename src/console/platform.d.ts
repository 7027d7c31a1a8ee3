/** Fetch takes it (fetch.spec.whatwg.org, RequestInit); TypeScript's DOM library does not know it yet. */
interface RequestInit {
  duplex?: 'half';
}

/** For the contract's schemas, of which only the types come here. */
declare const Buffer: { byteLength(text: string): number };
