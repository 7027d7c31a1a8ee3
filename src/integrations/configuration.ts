import type { Accept, CommandBody } from '../contract/command.ts';
import type { CommandType } from '../contract/command-type.ts';
import type { Failure } from '../contract/errors.ts';
import type { Limits } from '../contract/integration.ts';
import type { Lane } from '../contract/lane.ts';
import type { FieldError } from '../contract/problem.ts';
import type { CompiledAccept, Policy } from '../judging/policy.ts';
import type { CompiledRequest } from '../tokens/compile.ts';
import type { ResolvedAuthentication } from './authentication/resolve.ts';
import type { BoundSecret } from './bound-secrets.ts';

export type { Accept };

/** A command ready to run: parsed once, when its configuration is loaded. */
export type CompiledCommand = {
  name: string;
  version: number;
  definition: CommandBody;
  type: CommandType;
  request: CompiledRequest;
  accept: CompiledAccept;
  /** Are its requests made conditional on the newest result for the same tokens? */
  conditional: boolean;
  /** The configuration version since which the variables and secrets that it uses are what they are. */
  valuesSince: number;
  /** The secrets that it, or the integration's authentication, sends and that may not go to every host. */
  bound: readonly BoundSecret[];
  policy: Readonly<Record<Lane, Policy>>;
};

/** Everything that is needed to run an integration's commands, of one configuration version. */
export type Configuration = {
  integration: string;
  account: string;
  name: string;
  status: 'active' | 'paused';
  /** Why Errand holds it, and in how many milliseconds from loading it one invocation is let through; `null`: it does not. */
  hold: { failure: Failure; probeInMs: number } | null;
  version: number;
  limits: Limits;
  variables: ReadonlyMap<string, string>;
  /** Decrypted values; `null` where none of the keys that Errand was given can decrypt it. */
  secrets: ReadonlyMap<string, string | null>;
  /** `null`: requests go as their commands have them. */
  authentication: ResolvedAuthentication | null;
  commands: ReadonlyMap<string, CompiledCommand>;
  /** Commands that are saved but cannot be compiled any more, e.g. by a newer version of Errand, and why. */
  broken: ReadonlyMap<string, readonly FieldError[]>;
  /** Replaces every secret's value, in any encoding it may appear in, by `***`. */
  redact: (text: string) => string;
};

/** The configuration cache: a query only for what is new, changed or old. */
export type Configurations = {
  /**
   * The current configuration, or `null` if there is no such integration. A cached one older than `atLeast` is loaded
   * anew first, so that work accepted after a change never runs the template from before it.
   */
  get(integration: string, atLeast?: number): Promise<Configuration | null>;
  /** What is cached, however old: for decisions that need no query, such as a slot. */
  peek(integration: string): Configuration | undefined;
  /**
   * Does its batch work wait, as far as is known here: is it paused, or held by Errand with no probe due? The claim
   * decides; this spares asking.
   */
  waits(integration: string): Promise<boolean>;
  /** Drops one integration, or all of them (a command type changed, notifications may have been missed). */
  forget(integration?: string): void;
};
