import { errorCatalogue } from '../src/contract/errors.ts';

/** docs/errors.md, from the catalogue in src/contract/errors.ts. */
export function errorsPage(): string {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { side, means, mend }]) => `| \`${code}\` | ${side} | ${means} | ${mend} |`,
  );
  return `# Errors

<!-- Generated from src/contract/errors.ts by \`npm run generate\`. -->

A failed invocation, and every failed attempt, says why in \`error\`: \`{code, message, side, cause?}\`. Match \`code\`; the
message is for the person who can mend it and may change. \`side\` says whose move it is: the customer's server, the
credentials, the configuration, the request, or Errand itself. Usually it is the one below; a 401 or 403 is \`credentials\`,
a proxy on the way that is not there or refuses Errand \`errand\`.
\`attempts-exhausted\` and \`deadline-exceeded\` carry the last attempt's code in \`cause\`.

| code | side | what it means | what mends it |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}
