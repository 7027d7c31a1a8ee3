import type { Environment } from '../platform/config.ts';
import type { Verbs } from './verbs.ts';

/**
 * Joins the command line to what it runs. Each command is loaded when it is called: who asks for help or invokes a command
 * need not wait for a server's modules.
 */
export function createVerbs(env: Environment): Verbs {
  const serving = async () => (await import('./serve.ts')).createServing(env);
  const keys = async () => (await import('./keys.ts')).createKeyVerbs(env);
  const audit = async () => (await import('./audit.ts')).createAuditVerbs(env);
  const verbs: Verbs = {
    up: async () => (await serving()).up(),
    api: async () => (await serving()).api(),
    worker: async (lane) => (await serving()).worker(lane),
    migrate: async (options) => (await serving()).migrate(options),
    demo: async (options) => (await serving()).demo(options),
    invoke: async (call, options) => (await import('./invoke.ts')).runInvoke(env, call, options),
    batch: async (call, options) => (await import('./batch.ts')).runBatch(env, call, options),
    apply: async (options) => (await import('./apply.ts')).runApply(env, options),
    export: async (options) => (await import('./export.ts')).runExport(env, options),
    schema: async () => (await import('./schema.ts')).runSchema(),
    keys: {
      create: async (options) => (await keys()).create(options),
      list: async (options) => (await keys()).list(options),
      revoke: async (id, options) => (await keys()).revoke(id, options),
      rotateSecrets: async (options) => (await keys()).rotateSecrets(options),
    },
    audit: {
      verify: async (options) => (await audit()).verify(options),
      export: async (options) => (await audit()).export(options),
    },
    complete: async (args) => (await import('./complete.ts')).runComplete(verbs, args),
  };
  return verbs;
}
