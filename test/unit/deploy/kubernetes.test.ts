import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, type Role } from '../../../src/platform/config.ts';
import { variableNames } from '../../../src/platform/variables.ts';
import { build, type Manifest } from '../../support/kustomize.ts';

const root = path.resolve(import.meta.dirname, '../../../deploy/kubernetes');
const objects = build(path.join(root, 'overlays/example'));
const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);
const named = (kind: string, name: string): Manifest => {
  const found = ofKind(kind).find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`There is no ${kind} ${name}`);
  return found;
};
const deployments = ofKind('Deployment');
const podOf = (deployment: Manifest) => deployment.spec.template.spec;

type Container = {
  name: string;
  image: string;
  args: string[];
  env?: { name: string; value: string }[];
  envFrom: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  ports?: { name: string; containerPort: number }[];
  securityContext: unknown;
  resources: { requests: Record<string, string>; limits: Record<string, string> };
};
const containersOf = (deployment: Manifest): Container[] => [
  ...podOf(deployment).containers,
  ...(podOf(deployment).initContainers ?? []),
];
const containers = deployments.flatMap((deployment) =>
  containersOf(deployment).map((container) => ({ deployment, container })),
);

/** The environment that a container has, with something fit in place of what has to be filled in. */
function environmentOf({ env = [], envFrom }: Container): Record<string, string> {
  const given = envFrom.map(({ configMapRef, secretRef }) => {
    if (configMapRef !== undefined) return named('ConfigMap', configMapRef.name).data;
    return named('Secret', secretRef?.name ?? '').stringData;
  });
  const merged: Record<string, string> = Object.assign(
    {},
    ...given,
    ...env.map(({ name, value }) => ({ [name]: value })),
  );
  const filled = (value: string) =>
    value.replace('k1:REPLACE', `k1:${Buffer.alloc(32, 1).toString('base64')}`).replace(/^REPLACE$/, 'r'.repeat(64));
  return Object.fromEntries(Object.entries(merged).map(([name, value]) => [name, filled(value)]));
}

/** The modules of the npm packages that have the schemas of these. */
const schemas: Record<string, () => Promise<object>> = {
  v1: () => import('kubernetes-models/v1'),
  'apps/v1': () => import('kubernetes-models/apps/v1'),
  'policy/v1': () => import('kubernetes-models/policy/v1'),
  'networking.k8s.io/v1': () => import('kubernetes-models/networking.k8s.io/v1'),
  'keda.sh/v1alpha1': () => import('@kubernetes-models/keda/keda.sh/v1alpha1'),
};
type Model = new (object: unknown) => { validate(): void };

/** Fields that the schema never looks at: it does not refuse what it does not know, as the API of Kubernetes would. */
function unknownFields(object: object, validate: (watched: object) => void): string[] {
  const read = new Set<string>();
  const watch = (value: unknown, at: string): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    return new Proxy(value, {
      get(target, key) {
        const field = Reflect.get(target, key, target);
        if (typeof key !== 'string' || !Object.hasOwn(target, key)) return field;
        read.add(`${at}.${key}`);
        return watch(field, `${at}.${key}`);
      },
    });
  };
  validate(watch(object, '') as object);
  const fields = (value: unknown, at: string): string[] =>
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).flatMap(([key, field]) => [`${at}.${key}`, ...fields(field, `${at}.${key}`)]);
  return fields(object, '').filter((field) => !read.has(field));
}

describe('contract §2: the manifests of Kubernetes', () => {
  it.each(
    objects.map((object) => [`${object.kind} ${object.metadata.name}`, object] as const),
  )('have a %s that fits its schema', async (_, object) => {
    const models = (await schemas[object.apiVersion]?.()) as Record<string, Model>;
    const KnownKind = models[object.kind] as Model;
    const check = (watched: object) => KnownKind.prototype.validate.call(watched);
    const misspelt = { ...object, metadata: { ...object.metadata, lables: {} } };
    expect(unknownFields(new KnownKind(object), check)).toEqual([]);
    expect(unknownFields(new KnownKind(misspelt), check)).toEqual(['.metadata.lables']);
    expect(() => new KnownKind({ ...object, metadata: { name: 1 } }).validate()).toThrow();
  });

  it('give each role the variables that it starts with, and no others', () => {
    for (const { container } of containers) {
      const env = environmentOf(container);
      expect(variableNames).toEqual(expect.arrayContaining(Object.keys(env)));
      const config = loadConfig(env, { role: container.args[0] as Role });
      expect(config.databaseUrl).not.toBe(config.directUrl);
      // The admin key is the API's alone.
      expect(config.adminKey !== null).toBe(container.name === 'api');
    }
    expect(containers.map(({ container }) => container.args.join(' ')).sort()).toEqual([
      'api',
      'migrate',
      'worker --lane batch',
      'worker --lane interactive',
    ]);
  });

  it('let the API be reached where workers take it to be', () => {
    const service = named('Service', 'errand-api');
    const [api] = containersOf(named('Deployment', 'errand-api'));
    const [port] = service.spec.ports;
    expect(api?.ports).toEqual([{ name: port.targetPort, containerPort: port.port }]);
    for (const lane of ['interactive', 'batch']) {
      const [worker] = containersOf(named('Deployment', `errand-worker-${lane}`));
      expect(worker?.env).toEqual(
        expect.arrayContaining([
          { name: 'HOST', value: service.metadata.name },
          { name: 'PORT', value: String(port.port) },
        ]),
      );
    }
  });

  it('select pods that there are', () => {
    const selectors = [...ofKind('PodDisruptionBudget'), ...ofKind('NetworkPolicy'), ...ofKind('Service')].map(
      ({ kind, metadata, spec }) => ({
        name: `${kind} ${metadata.name}`,
        labels: spec.selector?.matchLabels ?? spec.podSelector?.matchLabels ?? spec.selector,
      }),
    );
    for (const { name, labels } of selectors) {
      const selected = deployments.filter(({ spec }) => isIn(labels, spec.template.metadata.labels));
      expect([name, selected.length]).not.toEqual([name, 0]);
    }
    for (const { spec } of deployments)
      expect(isIn(spec.selector.matchLabels, spec.template.metadata.labels)).toBe(true);
    expect(ofKind('PodDisruptionBudget')).toHaveLength(deployments.length);
    for (const { spec } of ofKind('ScaledObject'))
      expect(named('Deployment', spec.scaleTargetRef.name).spec.replicas).toBeUndefined();
    for (const { spec } of ofKind('TriggerAuthentication')) {
      for (const { name, key } of spec.secretTargetRef) expect(named('Secret', name).stringData).toHaveProperty(key);
    }
  });

  it('run nothing as root, nothing that may be written to, and with no token', () => {
    for (const deployment of deployments) {
      const pod = podOf(deployment);
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(named('ServiceAccount', pod.serviceAccountName).automountServiceAccountToken).toBe(false);
    }
    for (const { container } of containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.image).toBe('registry.example.com/errand:0.1.0');
      expect([container.resources.requests.cpu, container.resources.limits.memory]).not.toContain(undefined);
    }
  });

  it('leave a role the time that it takes to end, and its environment as it is', () => {
    for (const deployment of deployments) {
      const { terminationGracePeriodSeconds, enableServiceLinks } = podOf(deployment);
      expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(35);
      // Kubernetes would add ERRAND_API_PORT and the like, which no role starts with.
      expect(enableServiceLinks).toBe(false);
    }
  });

  it('let no pod out to private networks and the metadata of clouds, but to PostgreSQL and Redis', () => {
    const { egress } = named('NetworkPolicy', 'errand-egress').spec;
    const open = egress.filter(({ ports }: { ports?: unknown }) => ports === undefined);
    const blocks = open.flatMap(({ to }: { to: { ipBlock: { cidr: string; except: string[] } }[] }) => to);
    expect(blocks.map(({ ipBlock }: { ipBlock: { cidr: string } }) => ipBlock.cidr)).toEqual(['0.0.0.0/0', '2000::/3']);
    for (const network of [
      '10.0.0.0/8',
      '172.16.0.0/12',
      '192.168.0.0/16',
      '100.64.0.0/10',
      '169.254.0.0/16',
      '168.63.129.16/32',
    ]) {
      expect(blocks[0].ipBlock.except).toContain(network);
    }
  });
});

const isIn = (labels: Record<string, string>, among: Record<string, string>) =>
  Object.entries(labels).every(([name, value]) => among[name] === value);
