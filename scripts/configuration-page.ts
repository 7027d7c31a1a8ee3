import { variablesSchema } from '../src/platform/variables.ts';
import { markdownTable } from './markdown-table.ts';

/** docs/configuration.md, from the schema of the variables in src/platform/variables.ts. */
export function configurationPage(): string {
  const rows = Object.entries(variablesSchema.shape).map(([name, schema]) => {
    const { fallback, description } = schema.meta() ?? {};
    if (typeof fallback !== 'string' || description === undefined) throw new Error(`${name} is not documented`);
    return [`\`${name}\``, fallback, description];
  });
  return `# Configuration

<!-- Generated from src/platform/variables.ts by \`npm run generate\`. -->

Environment variables are all there is. They are read and checked once, at the start: every problem is named on stderr,
one line each with the variable's name, and the exit code is 78. An empty value counts as unset. A variable that begins
with \`ERRAND_\` and is none of these is refused, with the name that was probably meant.

${markdownTable(['variable', 'default', 'meaning'], rows)}

\`errand api\` and \`errand worker\` need \`DATABASE_URL\` and \`ERRAND_SECRET_KEYS\`, the same for all of them; \`errand
migrate\` needs \`DATABASE_URL\`. \`errand up\` and \`npm run demo\` need none: they make what is missing in the data
directory. Commands that talk to the API read \`ERRAND_URL\` and \`ERRAND_API_KEY\`.

\`HTTPS_PROXY\`, \`HTTP_PROXY\`, \`ALL_PROXY\` and \`NO_PROXY\`, in either case, say how requests
[go out](authentication.md#through-a-proxy). A URL of a proxy that cannot be used is a problem like the others.

## The data directory

${markdownTable(
  ['file', 'holds'],
  [
    [`\`admin-key\``, 'the generated admin key (mode 0600)'],
    [
      `\`secret-keys\``,
      `the generated secret keys (0600), written as in \`ERRAND_SECRET_KEYS\`; keep a copy: without it, stored secrets cannot be read`,
    ],
    [`\`postgres/\``, "the embedded PostgreSQL's data and log"],
    [`\`postgres-password\``, "its superuser's password (0600); it listens on 127.0.0.1 only"],
    [
      `\`postgres-location\``,
      `where its data is, if the data directory is out of its user's reach (\`/var/lib/errand/…\`)`,
    ],
    [
      `\`up-….sock\``,
      `shows that an \`errand up\` uses the directory; a second one is refused. What a killed one left is removed by the next`,
    ],
  ],
)}

OpenTelemetry's own variables (\`OTEL_…\`) are not checked at the start: [Tracing](operating.md#tracing) says which count.

Started by root, the embedded PostgreSQL runs as the user \`postgres\` (made if there is none), because PostgreSQL refuses
to run as root. For this the data directory is made passable (mode 0711); the files in it stay 0600.

## For the test suite

${markdownTable(
  ['variable', 'meaning'],
  [
    [
      `\`ERRAND_TEST_DATABASE_URL\``,
      'PostgreSQL on which test databases may be made, instead of a container or the embedded one',
    ],
    [`\`ERRAND_TEST_REDIS_URL\``, 'Redis or Valkey, instead of a container or a server on the path'],
    [`\`ERRAND_TEST_PGBOUNCER\``, 'The program, instead of `pgbouncer` on the path'],
    [`\`ERRAND_TEST_REQUIRE\``, `\`postgres,redis\`: the run fails where these could not be had`],
  ],
)}
`;
}
