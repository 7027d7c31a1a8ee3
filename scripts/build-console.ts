import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import pdfjs from 'pdfjs-dist/package.json' with { type: 'json' };
import { build } from 'vite';
import { consoleFolder, consoleStamp } from '../src/app/console-files.ts';

const root = path.resolve(import.meta.dirname, '..');

// Whoever asks for it may be a test: React's own checks would make it half as large again.
process.env.NODE_ENV = 'production';

/** Builds the console into dist/console. The stamp comes last: a build that broke off is not taken for a whole one. */
await build({
  root: path.join(root, 'src/console'),
  configFile: false,
  logLevel: process.argv.includes('--quiet') ? 'error' : 'info',
  plugins: [react()],
  // Everything from this host, nothing inlined: its content security policy allows nothing else.
  build: {
    outDir: consoleFolder,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
  },
});
// For PDFs that name the standard fonts or a character map and do not bring them, and for kinds of images that they have.
// The version is in their path, since browsers keep them.
for (const folder of ['standard_fonts', 'cmaps', 'wasm']) {
  const to = path.join(consoleFolder, 'pdfjs', pdfjs.version, folder);
  cpSync(path.join(root, 'node_modules/pdfjs-dist', folder), to, { recursive: true });
}
// Once, in place of each time that somebody asks for them.
for (const file of globSync('**/*.{js,mjs,css,html}', { cwd: consoleFolder }).map((name) =>
  path.join(consoleFolder, name),
)) {
  const bytes = readFileSync(file);
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  writeFileSync(`${file}.br`, brotliCompressSync(bytes));
}
writeFileSync(path.join(consoleFolder, 'stamp'), consoleStamp());
