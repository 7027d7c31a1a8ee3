import { oldestNode } from '../src/platform/node-version.ts';

type Manifest = Record<string, unknown> & { bin: { errand: string } };

/** What a package needs of the repository's manifest; the rest is for working on it. */
const kept = ['name', 'version', 'description', 'keywords', 'license', 'repository', 'homepage', 'bugs', 'type'];

/** The program's; the client alone does with Node 20 (docs/producing.md). */
const engines = { node: `>=${oldestNode}` };

const compiled = (file: string) => ({ types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` });

/**
 * The manifest of the package, from that of the repository: what is compiled in place of its sources, and nothing that only
 * somebody who works on it needs. Node.js itself is not among the dependencies, as it is in the repository: it would become
 * the `node` of the scripts of whoever installs this.
 */
export function publishedManifest(manifest: Manifest): Record<string, unknown> {
  const { dependencies } = manifest;
  return {
    ...Object.fromEntries(kept.filter((name) => name in manifest).map((name) => [name, manifest[name]])),
    engines,
    // What can be imported does nothing by that: bundlers may leave out what is not used.
    sideEffects: false,
    exports: {
      './client': { browser: compiled('client/over-http'), ...compiled('client/index') },
      './client/http': compiled('client/over-http'),
      './package.json': './package.json',
    },
    bin: { errand: manifest.bin.errand.replace('src/', 'dist/').replace(/\.ts$/, '.js') },
    dependencies,
    publishConfig: { access: 'public', provenance: true },
  };
}
