import { type Command, Option } from 'commander';
import { examples, jsonOption } from './help.ts';
import type { Verbs } from './verbs.ts';

const talks = '\nTalks to ERRAND_URL with ERRAND_API_KEY (default: the admin key in ERRAND_DATA_DIR).';

/** `apply`, `export`, `schema`: configuration as code. */
export function addAsCode(program: Command, verbs: Verbs): void {
  addApply(program, verbs);
  program
    .command('export')
    .description('writes what is configured as the YAML that apply reads')
    .option('--account <account>', 'its integrations only')
    .option('--integration <id...>', 'these integrations only')
    .option('--output <directory>', 'a file for each integration, with the schema for editors; default: all to stdout')
    .addHelpText(
      'after',
      `${examples(
        ['errand export --account acme-inc --output errand/', ''],
        ['errand export --integration acme > acme.yaml', ''],
      )}\nSecrets stay where they are: they are written as the environment variables that apply takes them from.${talks}`,
    )
    .action(({ account, integration, output }) =>
      verbs.export({
        ...(account === undefined ? {} : { account }),
        ...(integration === undefined ? {} : { integrations: integration }),
        ...(output === undefined ? {} : { output }),
      }),
    );
  program
    .command('schema')
    .description('prints the JSON schema of the YAML that apply reads, for editors')
    .addHelpText('after', examples(['errand schema > errand.schema.json', '']))
    .action(() => verbs.schema());
}

function addApply(program: Command, verbs: Verbs): void {
  program
    .command('apply')
    .description('makes what is configured as YAML files have it: shows the plan, asks, applies')
    .requiredOption('-f, --file <path...>', 'files, directories with all *.yaml and *.yml below them, or - for stdin')
    .addOption(new Option('--dry-run', 'show the plan, change nothing').conflicts('yes'))
    .option('--exit-code', 'with --dry-run: exit 3 if there are changes')
    .option('--yes', 'apply without asking; needed where there is no terminal')
    .option('--prune', 'delete what the files do not have, of the sections that they have')
    .option('--update-secrets', 'save secrets again, too, whose hint is that of the one there')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${examples(
        ['errand apply -f errand/ --dry-run', 'what would change'],
        ['errand apply -f errand/', ''],
        ['errand apply -f errand/ --prune --yes', 'in a pipeline'],
      )}\nExit codes: 0 done, or nothing to do; 1 failed, or not confirmed; 2 the files are not right, nothing was applied.${talks}`,
    )
    .action(({ file, dryRun, exitCode, yes, prune, updateSecrets, json }) =>
      verbs.apply({
        files: file,
        dryRun: dryRun === true,
        exitCode: exitCode === true,
        yes: yes === true,
        prune: prune === true,
        updateSecrets: updateSecrets === true,
        json: json === true,
      }),
    );
}
