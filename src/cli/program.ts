import { Command, Option } from 'commander';
import { version } from '../app/version.ts';
import { roles } from '../contract/api-key.ts';
import { lanes } from '../contract/lane.ts';
import { parseExpiry, parseFinishBy, parseSeal, parseTokens } from './arguments.ts';
import { examples, jsonOption } from './help.ts';
import { addAsCode } from './program-as-code.ts';
import type { Verbs } from './verbs.ts';

/**
 * The command line (contract §2): what there is and how it is called; `verbs` does it. Without `complete` it is what
 * complete.ts completes.
 */
export function createProgram(verbs: Verbs, { withComplete = true } = {}): Command {
  const program = new Command('errand')
    .description("Runs a billing system's custom integrations.")
    .version(version)
    .showHelpAfterError('(errand --help says what there is)')
    .showSuggestionAfterError()
    // Settings of the program are inherited by the commands that are made after this line.
    .exitOverride()
    .addHelpText(
      'after',
      examples(
        ['errand up', 'everything on this machine'],
        ['errand invoke acme GetInvoiceImage InvoiceNumber=INV0000001 --output invoice.pdf', ''],
        ['errand batch acme GetInvoiceImage --items invoices.csv', ''],
        ['errand keys create --role producer --account acme-inc', 'a key for your billing system'],
      ) +
        '\nVariables such as DATABASE_URL, REDIS_URL and ERRAND_URL: see docs/configuration.md; commands: docs/cli.md.\n' +
        'Exit codes: 0 done, 1 failed (why is on stderr), 2 bad usage, 78 bad configuration.',
    );
  addServing(program, verbs);
  addMigrate(program, verbs);
  addDemo(program, verbs);
  addInvoke(program, verbs);
  addBatch(program, verbs);
  addAsCode(program, verbs);
  addKeys(program, verbs);
  addAudit(program, verbs);
  if (withComplete) addComplete(program, verbs);
  return program;
}

function addServing(program: Command, verbs: Verbs): void {
  program
    .command('up')
    .description('API, console, scheduler and both lanes on one machine, on embedded defaults where nothing is set')
    .addHelpText(
      'after',
      examples(
        ['errand up', ''],
        ['PORT=0 ERRAND_DATA_DIR=/var/lib/errand errand up', 'a free port, data elsewhere'],
        ['DATABASE_URL=postgres://… REDIS_URL=redis://… errand up', 'nothing embedded'],
      ),
    )
    .action(() => verbs.up());
  program
    .command('api')
    .description('the HTTP API; any number of copies')
    .addHelpText(
      'after',
      examples(['DATABASE_URL=postgres://… REDIS_URL=redis://… ERRAND_SECRET_KEYS=… errand api', '']),
    )
    .action(() => verbs.api());
  program
    .command('worker')
    .description('takes and runs work; any number of copies')
    .addOption(new Option('--lane <lane>', 'one lane only; default: both').choices(lanes))
    .addHelpText('after', examples(['errand worker --lane interactive', ''], ['errand worker --lane batch', '']))
    .action((options) => verbs.worker(options.lane));
}

function addMigrate(program: Command, verbs: Verbs): void {
  program
    .command('migrate')
    .description("applies the database's migrations; safe to run twice and at the same time")
    .addOption(jsonOption())
    .addHelpText('after', examples(['DATABASE_URL=postgres://… errand migrate', '']))
    .action((options) => verbs.migrate({ json: options.json === true }));
}

function addDemo(program: Command, verbs: Verbs): void {
  program
    .command('demo')
    .description('the main job for real, on loopback')
    .option('--once', 'end when it is done')
    .addHelpText('after', examples(['errand demo --once', '']))
    .action((options) => verbs.demo({ once: options.once === true }));
}

function addInvoke(program: Command, verbs: Verbs): void {
  program
    .command('invoke')
    .description("runs a command and writes its result's bytes; exit 0 succeeded, 1 failed, 2 bad usage")
    .argument('<integration>', 'its id, e.g. acme')
    .argument('<command>', 'e.g. GetInvoiceImage')
    .argument('[tokens...]', 'Name=value, e.g. InvoiceNumber=INV0000001', (pair: string, previous: string[] = []) => {
      parseTokens([...previous, pair]);
      return [...previous, pair];
    })
    .option('--output <file>', 'where to write the bytes; default: stdout')
    .addOption(new Option('--lane <lane>', 'which workers run it').choices(lanes).default('interactive'))
    .option('--callback-url <url>', 'whom to tell when it has ended')
    .addOption(new Option('--json', 'the ended invocation as JSON on stdout; bytes then only with --output'))
    .addHelpText(
      'after',
      `${examples(
        ['errand invoke acme GetInvoiceImage InvoiceNumber=INV0000001 --output invoice.pdf', ''],
        ["errand invoke acme GetInvoiceImage InvoiceNumber=INV1 'auth token=s3cr3t' > invoice.pdf", ''],
        ['errand invoke acme GetInvoiceImage InvoiceNumber=INV1 --json | jq .status', ''],
      )}\nTalks to ERRAND_URL with ERRAND_API_KEY (default: the admin key in ERRAND_DATA_DIR).`,
    )
    .action((integration, command, pairs, options) =>
      verbs.invoke(
        { integration, command, tokens: parseTokens(pairs ?? []) },
        {
          lane: options.lane,
          json: options.json === true,
          ...(options.output === undefined ? {} : { output: options.output }),
          ...(options.callbackUrl === undefined ? {} : { callbackUrl: options.callbackUrl }),
        },
      ),
    );
}

function addBatch(program: Command, verbs: Verbs): void {
  program
    .command('batch')
    .description('runs a command for every item of a file; exit 0 if all succeeded, 1 if not, 2 bad usage')
    .argument('<integration>', 'its id, e.g. acme')
    .argument('<command>', 'e.g. GetInvoiceImage')
    .requiredOption(
      '--items <file>',
      'a .csv whose header names the tokens (a column "reference" is the item\'s reference), or a .ndjson with ' +
        '{"tokens": {…}, "reference": "…"} on each line',
    )
    .option('--run <label>', 'a label over batches, e.g. nightly-2026-11-23')
    .option('--callback-url <url>', 'whom to tell when it has ended')
    .addOption(
      new Option(
        '--finish-by <when>',
        'no attempt after this: 45m, 5h, 1d, or a time such as 2027-01-01T06:00:00Z',
      ).argParser((text: string) => parseFinishBy(text)),
    )
    .addOption(
      new Option(
        '--failed <file>',
        'where to write the items that did not succeed, in the format of the items; default: nowhere',
      ).conflicts(['dryRun', 'detach']),
    )
    .addOption(new Option('--dry-run', 'show the requests of the first 5 items; send nothing').conflicts('detach'))
    .option('--detach', 'hand the items over, print the id of the batch, do not wait')
    .addOption(new Option('--json', 'the batch with its counts by error code as JSON on stdout'))
    .addHelpText(
      'after',
      `${examples(
        ['errand batch acme GetInvoiceImage --items invoices.csv --dry-run', 'what would be sent'],
        ['errand batch acme GetInvoiceImage --items invoices.csv --failed again.csv', ''],
        ['errand batch acme GetInvoiceImage --items invoices.ndjson --run nightly --finish-by 5h --detach', ''],
      )}\nCtrl-C stops watching; the batch goes on.\nTalks to ERRAND_URL with ERRAND_API_KEY (default: the admin key in ERRAND_DATA_DIR).`,
    )
    .action((integration, command, { items, run, callbackUrl, finishBy, failed, dryRun, detach, json }) =>
      verbs.batch(
        { integration, command, items },
        {
          dryRun: dryRun === true,
          detach: detach === true,
          json: json === true,
          ...(run === undefined ? {} : { run }),
          ...(callbackUrl === undefined ? {} : { callbackUrl }),
          ...(finishBy === undefined ? {} : { finishBy }),
          ...(failed === undefined ? {} : { failed }),
        },
      ),
    );
}

function addKeys(program: Command, verbs: Verbs): void {
  const keys = program
    .command('keys')
    .description('API keys and secret keys, on the database itself')
    .addHelpText(
      'after',
      examples(['errand keys create --role producer --account acme-inc', ''], ['errand keys list', '']),
    );
  keys
    .command('create')
    .description('makes a key and prints it, once, on stdout')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).makeOptionMandatory())
    .option('--account <account...>', 'the accounts it is for; default: all')
    .option('--name <name>', 'whose it is, for the list and the audit log')
    .option(
      '--expires <when>',
      '90d, 12h, 4w, or a time such as 2027-01-01T00:00:00Z; default: never',
      (text: string) => parseExpiry(text),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        ['errand keys create --role producer --account acme-inc --name billing --expires 90d', ''],
        ['export ERRAND_API_KEY="$(errand keys create --role operator)"', ''],
      ),
    )
    .action(({ role, account, name, expires, json }) =>
      verbs.keys.create({ role, accounts: account ?? '*', name, expiresAt: expires, json: json === true }),
    );
  keys
    .command('list')
    .description('what keys there are; never the keys themselves')
    .addOption(jsonOption())
    .addHelpText('after', examples(['errand keys list', '']))
    .action((options) => verbs.keys.list({ json: options.json === true }));
  keys
    .command('revoke')
    .description('stops a key, from the next request on')
    .argument('<id>', "the key's id, from keys list")
    .addOption(jsonOption())
    .addHelpText('after', examples(['errand keys revoke 01989f4e-7c5a-7000-8000-000000000000', '']))
    .action((id, options) => verbs.keys.revoke(id, { json: options.json === true }));
  keys
    .command('rotate-secrets')
    .description('encrypts everything anew with the first key of ERRAND_SECRET_KEYS, while Errand runs')
    .option('--dry-run', 'count what is encrypted with which key; change nothing')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${examples(
        ['ERRAND_SECRET_KEYS=k2:…,k1:… errand keys rotate-secrets --dry-run', ''],
        ['ERRAND_SECRET_KEYS=k2:…,k1:… errand keys rotate-secrets', 'k1 may be removed afterwards'],
      )}\nSafe to end, to run again, and to run twice at the same time. Step by step: docs/operating.md.`,
    )
    .action(({ dryRun, json }) => verbs.keys.rotateSecrets({ dryRun: dryRun === true, json: json === true }));
}

function addAudit(program: Command, verbs: Verbs): void {
  const audit = program
    .command('audit')
    .description('the audit log: is it as it was sealed, and all of it as NDJSON')
    .addHelpText('after', examples(['errand audit verify', ''], ['errand audit export --output audit.ndjson', '']));
  audit
    .command('verify')
    .description('holds every entry against the seals; exit 1 if one was changed, removed or added')
    .addOption(
      new Option(
        '--kept <number:head>',
        'a seal that was kept elsewhere: finds what was cut off with its seals',
      ).argParser(parseSeal),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(['errand audit verify', ''], [`errand audit verify --kept 4711:${'ab'.repeat(32)}`, '']),
    )
    .action(({ kept, json }) => verbs.audit.verify({ ...(kept === undefined ? {} : { kept }), json: json === true }));
  audit
    .command('export')
    .description('every entry that fits, one JSON object a line, newest first')
    .option('--output <file>', 'where to write them; default: stdout')
    .option('--account <account>', 'of this account')
    .option('--action <action>', 'e.g. command.saved')
    .option('--actor <actor>', 'an id or a name')
    .option('--subject <subject>', 'type:id, e.g. command:acme/GetInvoiceImage')
    .option('--since <time>', 'e.g. 2026-11-01T00:00:00Z')
    .option('--until <time>', 'e.g. 2026-12-01T00:00:00Z')
    .addHelpText('after', examples(['errand audit export --since 2026-11-01T00:00:00Z > november.ndjson', '']))
    .action(({ output, ...filter }) => verbs.audit.export({ ...(output === undefined ? {} : { output }), filter }));
}

function addComplete(program: Command, verbs: Verbs): void {
  program
    .command('complete')
    .description('prints a script with which your shell completes commands and options')
    .argument('[shell]', 'bash, zsh, fish or powershell')
    .allowExcessArguments()
    .addHelpText(
      'after',
      examples(['source <(errand complete bash)', 'in ~/.bashrc'], ['source <(errand complete zsh)', 'in ~/.zshrc']),
    )
    .action(() => {
      // As they were given: the script asks `errand complete -- WORDS`, and commander drops the dashes.
      const { rawArgs } = program as Command & { rawArgs: string[] };
      return verbs.complete(rawArgs.slice(rawArgs.indexOf('complete') + 1));
    });
}
