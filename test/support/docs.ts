import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

/** A fenced block of shell commands on a page of the docs. `elsewhere`: its info string says that it does not run here. */
export type ShellBlock = { page: string; line: number; code: string; elsewhere: boolean };

/** The pages for people, by their path from the root. */
export const docsPages = (): string[] =>
  globSync(['*.md', '{docs,examples,deploy,bench}/**/*.md'], { cwd: root }).sort();

/** The blocks of a page that are marked `sh`, in their order. */
export function shellBlocks(page: string): ShellBlock[] {
  const text = readFileSync(path.join(root, page), 'utf8');
  return [...text.matchAll(/^```sh( elsewhere)?\n(.*?)^```$/gms)].map((found) => ({
    page,
    line: text.slice(0, found.index).split('\n').length,
    code: found[2] ?? '',
    elsewhere: found[1] !== undefined,
  }));
}

/** The programs of docs/producing.md that are whole: they find Errand by its variables. */
export function producingExamples(): { title: string; code: string }[] {
  const page = readFileSync(path.join(root, 'docs/producing.md'), 'utf8');
  return [...page.matchAll(/^```ts example\n(.*?)^```$/gms)].map(([, code = '']) => ({
    code,
    title: code.split('\n', 1)[0] ?? '',
  }));
}

/** Headings as anchors, as GitHub makes them. */
export function anchorsOf(page: string): string[] {
  const text = readFileSync(path.join(root, page), 'utf8').replaceAll(/^```.*?^```$/gms, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Links within the project: where they lead, from the root, and the heading if they name one. */
export function linksOf(page: string): { target: string; anchor: string | null }[] {
  const text = readFileSync(path.join(root, page), 'utf8').replaceAll(/^```.*?^```$/gms, '');
  return [...text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(
    ([, file = '', anchor = null]) => ({
      target: file === '' ? page : path.join(path.dirname(page), file),
      anchor,
    }),
  );
}
