import { readFileSync } from 'node:fs';

/** `<!-- generated: NAME -->` … `<!-- /generated -->`, of which only what stands between them is made. */
const section = /(<!-- generated: ([^>]+?) -->\n)[\s\S]*?(<!-- \/generated -->)/g;

/**
 * The page at `path` with its generated sections as the code has them now.
 *
 * @param make a section's content, by its name
 * @throws Error when the page names a section that nothing makes, or has none
 */
export function filled(path: URL, make: (name: string) => string | undefined): string {
  let count = 0;
  const page = readFileSync(path, 'utf8').replace(section, (_, begin: string, name: string, end: string) => {
    const content = make(name);
    if (content === undefined) throw new Error(`${path.pathname}: nothing makes the section "${name}"`);
    count += 1;
    return `${begin}\n${content}\n\n${end}`;
  });
  if (count === 0) throw new Error(`${path.pathname} has no generated section`);
  return page;
}
