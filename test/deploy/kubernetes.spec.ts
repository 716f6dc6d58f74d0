import { describe, expect, it } from '@jest/globals';
import { STOP_WITHIN_MS } from '../../src/app/signals.js';
import {
  heapMiB,
  loaded,
  NEEDED_VARIABLES,
  neededVariables,
  SECOND_ACCOUNT_FILES,
  SECRET_FILES,
  secretsIn,
  secretsOf,
} from './deployment.js';
import { stage } from './dockerfile.js';
import { at, filesIn, listAt, textOf, textsAt, withSecondAccount, yamlOf } from './documents.js';

const FOLDER = 'deploy/kubernetes';
const SECRETS = '/run/secrets/scicat-globus-proxy';
const deploymentText = textOf(`${FOLDER}/deployment.yaml`);
const config = yamlOf(textOf(`${FOLDER}/config.yaml`));
const deployment = yamlOf(deploymentText);
const service = yamlOf(textOf(`${FOLDER}/service.yaml`));
const volume = yamlOf(textOf(`${FOLDER}/volume.yaml`));
const policy = yamlOf(textOf(`${FOLDER}/network-policy.yaml`));
const all = [config, deployment, service, volume, policy];

const POD = ['spec', 'template', 'spec'] as const;
const CONTAINER = [...POD, 'containers', 0] as const;

function variables(document: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    listAt(document, ...CONTAINER, 'env').map((entry) => [
      String(at(entry, 'name')),
      String(at(entry, 'value')),
    ]),
  );
}

/** Where each volume is mounted, and what it is. */
function mounted(name: string): { readonly path: string; readonly volume: unknown } {
  const mount = listAt(deployment, ...CONTAINER, 'volumeMounts').find(
    (one) => at(one, 'name') === name,
  );
  const source = listAt(deployment, ...POD, 'volumes').find((one) => at(one, 'name') === name);
  return { path: String(at(mount, 'mountPath')), volume: source };
}

function given(document: unknown, secrets: readonly string[] = SECRET_FILES) {
  const { path } = mounted('config');
  return {
    variables: variables(document),
    inherited: stage('service').variables,
    files: {
      ...secretsIn(mounted('secrets').path, secrets),
      ...Object.fromEntries(
        Object.entries(textsAt(config, 'data')).map(([name, text]) => [`${path}/${name}`, text]),
      ),
    },
    applicationFolder: '/service',
  };
}

describe('deploy/kubernetes', () => {
  it('is these files, and no Secret that would overwrite a real one', () => {
    expect(filesIn(FOLDER)).toEqual([
      'config.yaml',
      'deployment.yaml',
      'network-policy.yaml',
      'service.yaml',
      'volume.yaml',
    ]);
    expect(all.map((document) => at(document, 'kind'))).toEqual([
      'ConfigMap',
      'Deployment',
      'Service',
      'PersistentVolumeClaim',
      'NetworkPolicy',
    ]);
  });

  it('has a configuration that the service takes, without a warning but of its example values', () => {
    const { config: read, problems } = loaded(given(deployment));
    expect(problems.map(({ path, message }) => `${path} ${message.split(/[,;]/)[0]}`)).toEqual(
      ['scicatUrl', 'facilities[0].collection', 'facilities[1].collection'].map(
        (path) => `${path} is still an example value`,
      ),
    );
    expect(secretsOf(read)).toEqual(SECRET_FILES);
  });

  it('gives it all that it needs, by names that it knows', () => {
    expect(neededVariables(given(deployment))).toEqual(NEEDED_VARIABLES);
    const others = Object.keys(variables(deployment)).filter(
      (name) => !(NEEDED_VARIABLES as readonly string[]).includes(name),
    );
    expect(others).toEqual(['NODE_OPTIONS']);
  });

  it('is right about a second SciCat account', () => {
    const { config: read } = loaded(
      given(yamlOf(withSecondAccount(deploymentText)), [...SECRET_FILES, ...SECOND_ACCOUNT_FILES]),
    );
    expect(secretsOf(read)).toEqual([...SECRET_FILES, ...SECOND_ACCOUNT_FILES]);
  });

  it('mounts what there is, where it is looked for', () => {
    const { config: read } = loaded(given(deployment));
    const data = mounted('data');
    expect(read?.dataDir.startsWith(`${data.path}/`)).toBe(true);
    expect(at(data.volume, 'persistentVolumeClaim', 'claimName')).toBe(
      at(volume, 'metadata', 'name'),
    );
    expect(at(mounted('config').volume, 'configMap', 'name')).toBe(at(config, 'metadata', 'name'));
    const secrets = mounted('secrets');
    expect([secrets.path, at(secrets.volume, 'secret', 'secretName')]).toEqual([
      SECRETS,
      'scicat-globus-proxy',
    ]);
    // Owner root, group 1000 by fsGroup: readable for the service, and for nobody else.
    expect(at(secrets.volume, 'secret', 'defaultMode')).toBe(0o440);
  });

  it('never has two of them at the same time', () => {
    expect(at(deployment, 'spec')).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(listAt(volume, 'spec', 'accessModes')).toEqual(['ReadWriteOnce']);
  });

  it('has one port, from the configuration to the service', () => {
    const { config: read } = loaded(given(deployment));
    expect(listAt(deployment, ...CONTAINER, 'ports')).toEqual([
      { name: 'http', containerPort: read?.port },
    ]);
    expect(listAt(service, 'spec', 'ports')).toEqual([
      { name: 'http', port: 80, targetPort: 'http' },
    ]);
    expect(at(policy, 'spec', 'ingress', 0, 'ports')).toEqual([{ protocol: 'TCP', port: 'http' }]);
    const labels = at(deployment, 'spec', 'template', 'metadata', 'labels');
    expect([
      at(deployment, 'spec', 'selector', 'matchLabels'),
      at(service, 'spec', 'selector'),
      at(policy, 'spec', 'podSelector', 'matchLabels'),
    ]).toEqual([labels, labels, labels]);
  });

  it('probes addresses that there are', () => {
    const paths = Object.keys(textsAt(yamlOf(textOf('openapi.yaml')), 'paths'));
    const probed = ['livenessProbe', 'readinessProbe'].map((probe) =>
      at(deployment, ...CONTAINER, probe, 'httpGet'),
    );
    expect(probed).toEqual([
      { path: '/health/live', port: 'http' },
      { path: '/health/ready', port: 'http' },
    ]);
    expect(paths).toEqual(expect.arrayContaining(['/health/live', '/health/ready']));
  });

  it('has lines for a port of probes that fit together, once they are uncommented', () => {
    const uncommented = (file: string): unknown =>
      yamlOf(
        textOf(`${FOLDER}/${file}`).replaceAll(
          /^( *)# (?=- name: admin|- protocol: TCP\n +# +port: admin|adminPort|(?: {2}(?:containerPort: 8081|port: 8081|targetPort: admin|port: admin)))/gm,
          '$1',
        ),
      );
    const settings = yamlOf(
      String(at(uncommented('config.yaml'), 'data', 'scicat-globus-proxy-config.yaml')),
    );
    const admin = at(settings, 'server', 'adminPort');
    expect(listAt(uncommented('deployment.yaml'), ...CONTAINER, 'ports')).toEqual([
      { name: 'http', containerPort: 8080 },
      { name: 'admin', containerPort: admin },
    ]);
    expect(listAt(uncommented('service.yaml'), 'spec', 'ports')).toEqual([
      { name: 'http', port: 80, targetPort: 'http' },
      { name: 'admin', port: admin, targetPort: 'admin' },
    ]);
    expect(at(uncommented('network-policy.yaml'), 'spec', 'ingress', 0, 'ports')).toEqual([
      { protocol: 'TCP', port: 'http' },
      { protocol: 'TCP', port: 'admin' },
    ]);
  });

  it('lets it stop in peace, with memory for more than its heap', () => {
    expect(Number(at(deployment, ...POD, 'terminationGracePeriodSeconds')) * 1000).toBeGreaterThan(
      STOP_WITHIN_MS,
    );
    expect(at(deployment, ...CONTAINER, 'resources', 'limits', 'memory')).toBe('1Gi');
    expect(heapMiB(variables(deployment)['NODE_OPTIONS'])).toBeLessThanOrEqual(700);
  });

  it('gives it no rights', () => {
    expect(at(deployment, ...POD)).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    expect(at(deployment, ...CONTAINER, 'securityContext')).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('runs the image of this version', () => {
    const { version } = JSON.parse(textOf('package.json')) as { readonly version: string };
    expect(at(deployment, ...CONTAINER, 'image')).toBe(`scicat-globus-proxy:${version}`);
  });
});
