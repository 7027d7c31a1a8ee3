import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/** An object of Kubernetes, as its YAML has it. */
export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: its kind says what it holds
  [field: string]: any;
};

type Operation = { op: 'add' | 'replace' | 'remove'; path: string; value?: unknown };
type Generator = { name: string; behavior?: 'merge'; literals: string[] };
type Kustomization = {
  namespace?: string;
  resources?: string[];
  components?: string[];
  images?: { name: string; newName: string; newTag: string }[];
  replicas?: { name: string; count: number }[];
  configMapGenerator?: Generator[];
  patches?: { target: { kind: string; name: string }; patch: string }[];
  labels?: unknown;
  apiVersion: string;
  kind: string;
};

const known = ['apiVersion', 'kind', 'namespace', 'resources', 'components', 'images', 'replicas', 'labels'];
const understood = new Set([...known, 'configMapGenerator', 'patches']);

/**
 * What `kustomize build` makes of a folder, as far as `deploy/` uses it: neither hashes in names nor labels are added.
 *
 * @throws Error where a file is missing, a patch has no target, or something is asked for that is not understood here
 */
export function build(folder: string, given: readonly Manifest[] = []): Manifest[] {
  const kustomization = parse(readFileSync(path.join(folder, 'kustomization.yaml'), 'utf8')) as Kustomization;
  const foreign = Object.keys(kustomization).filter((field) => !understood.has(field));
  if (foreign.length > 0) throw new Error(`${folder}: ${foreign.join(', ')} is not understood here`);
  let objects = [...given, ...(kustomization.resources ?? []).flatMap((file) => read(path.join(folder, file)))];
  for (const generator of kustomization.configMapGenerator ?? []) objects = generate(objects, generator);
  for (const component of kustomization.components ?? []) objects = build(path.join(folder, component), objects);
  for (const { target, patch } of kustomization.patches ?? []) {
    const targets = objects.filter(
      ({ kind, metadata }) => kind === target.kind && new RegExp(`^${target.name}$`).test(metadata.name),
    );
    if (targets.length === 0) throw new Error(`${folder}: no ${target.kind} is named ${target.name}`);
    for (const object of targets) for (const operation of parse(patch) as Operation[]) apply(object, operation);
  }
  for (const { name, count } of kustomization.replicas ?? []) workload(objects, name).spec.replicas = count;
  for (const image of kustomization.images ?? []) setImage(objects, image);
  const { namespace } = kustomization;
  return namespace === undefined ? objects : objects.map((object) => within(object, namespace));
}

function read(file: string): Manifest[] {
  if (!file.endsWith('.yaml')) return build(file);
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]?.message}`);
    return document.toJS() as Manifest;
  });
}

function generate(objects: Manifest[], { name, behavior, literals }: Generator): Manifest[] {
  const data = Object.fromEntries(literals.map((literal) => literal.split(/=(.*)/s).slice(0, 2) as [string, string]));
  const there = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name);
  if ((there !== undefined) !== (behavior === 'merge'))
    throw new Error(`ConfigMap ${name}: merged where there is none, or made twice`);
  if (there === undefined) return [...objects, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }];
  Object.assign(there.data, data);
  return objects;
}

/** RFC 6902, as far as patches here go. */
function apply(object: Manifest, { op, path: pointer, value }: Operation): void {
  const keys = pointer.slice(1).split('/');
  const last = keys.pop() ?? '';
  // biome-ignore lint/suspicious/noExplicitAny: any object of YAML
  const parent = keys.reduce((at: any, key) => at?.[key], object);
  if (typeof parent !== 'object' || (op !== 'add' && !(last in parent)))
    throw new Error(`${object.kind} ${object.metadata.name} has no ${pointer}`);
  if (op === 'remove') delete parent[last];
  else parent[last] = value;
}

function workload(objects: readonly Manifest[], name: string): Manifest {
  const found = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name);
  if (found === undefined) throw new Error(`There is no Deployment ${name}`);
  return found;
}

type Container = { image: string };
function setImage(
  objects: readonly Manifest[],
  { name, newName, newTag }: { name: string; newName: string; newTag: string },
): void {
  for (const { spec } of objects.filter(({ kind }) => kind === 'Deployment')) {
    const { containers, initContainers = [] } = spec.template.spec as {
      containers: Container[];
      initContainers?: Container[];
    };
    for (const container of [...containers, ...initContainers])
      if (container.image === name) container.image = `${newName}:${newTag}`;
  }
}

const within = (object: Manifest, namespace: string): Manifest =>
  object.kind === 'Namespace' ? object : { ...object, metadata: { ...object.metadata, namespace } };
