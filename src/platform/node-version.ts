/** The oldest Node.js that Errand runs on, as major.minor: that of the `engines` of its dependencies. */
export const oldestNode = '22.19';

/**
 * What is wrong with the Node.js that runs this; `null`: nothing. Imports nothing, so that an old one gets as far as here.
 *
 * @param version as `process.version` has it
 */
export function nodeProblem(version: string, program: string): string | null {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode.split('.').map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return null;
  return `Errand needs Node ${oldestNode} or later; this is ${version} (${program}).`;
}
