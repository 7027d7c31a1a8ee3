import { createRequire } from 'node:module';

// Required, not imported: the compiler would take the manifest for a source and move the root of what it compiles. The
// way there is the same from src/app and from dist/app.
const manifest = createRequire(import.meta.url)('../../package.json') as { version: string };

export const version: string = manifest.version;

/** Every request says who sends it (contract §6). */
export const userAgent = `errand/${version}`;
