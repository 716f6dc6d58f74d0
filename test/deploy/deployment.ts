import type { AppConfig } from '../../src/config/app-config.js';
import { readConfig } from '../../src/config/load-config.js';
import type { Problem } from '../../src/config/problem.js';

/** What a deployment gives to the service. */
export interface Deployment {
  /** Variables that it sets. */
  readonly variables: Readonly<Record<string, string>>;
  /** Variables that the image sets already. */
  readonly inherited?: Readonly<Record<string, string>>;
  /** Texts of the files that it mounts, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Where the program is. */
  readonly applicationFolder: string;
}

/** What the service makes of it, by its own loader. */
export function loaded(deployment: Deployment): {
  readonly config: AppConfig | undefined;
  readonly problems: readonly Problem[];
} {
  const { variables, inherited, files, applicationFolder } = deployment;
  return readConfig({
    argv: [],
    env: { ...inherited, ...variables },
    platform: 'linux',
    applicationFolder,
    workingFolder: applicationFolder,
    files: {
      exists: (path) => path in files,
      read: (path) => {
        const text = files[path];
        if (text !== undefined) return text;
        throw Object.assign(new Error(`There is no ${path}.`), { code: 'ENOENT' });
      },
    },
  });
}

/** The variables that the service can't do without: what is missed when each is left out. */
export function neededVariables(deployment: Deployment): readonly string[] {
  return Object.keys(deployment.variables)
    .filter((left) => {
      const variables = Object.fromEntries(
        Object.entries(deployment.variables).filter(([name]) => name !== left),
      );
      return loaded({ ...deployment, variables }).config === undefined;
    })
    .sort();
}

/** All secrets as files, and the configuration file: what every deployment is to set. */
export const NEEDED_VARIABLES = [
  'GLOBUS_CLIENT_ID_FILE',
  'GLOBUS_CLIENT_SECRET_FILE',
  'SCICAT_GLOBUS_PROXY_CONFIG',
  'SCICAT_SERVICE_USER_PASSWORD_FILE',
  'SCICAT_SERVICE_USER_USERNAME_FILE',
] as const;

/** The name of a secret's file, as docs/operations.md has them made. */
export const SECRET_FILES = [
  'globus-client-id',
  'globus-client-secret',
  'scicat-service-user-password',
  'scicat-service-user-username',
] as const;

/** Those of the second account. */
export const SECOND_ACCOUNT_FILES = [
  'scicat-update-user-password',
  'scicat-update-user-username',
] as const;

/** Secrets in a folder; the content of each is its name. */
export function secretsIn(
  folder: string,
  names: readonly string[] = SECRET_FILES,
): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [`${folder}/${name}`, `${name}\n`]));
}

/** Whether each secret is what its file says, so that no two are mixed up. */
export function secretsOf(config: AppConfig | undefined): readonly (string | undefined)[] {
  const secrets = config?.secrets;
  return [
    secrets?.globusClientId,
    secrets?.globusClientSecret.reveal(),
    secrets?.scicatServiceUser.password.reveal(),
    secrets?.scicatServiceUser.username,
    ...(secrets?.scicatUpdateUser === undefined
      ? []
      : [secrets.scicatUpdateUser.password.reveal(), secrets.scicatUpdateUser.username]),
  ];
}

/** Heap that `NODE_OPTIONS` allows, in MiB. */
export function heapMiB(nodeOptions: string | undefined): number {
  return Number(/^--max-old-space-size=(\d+)$/.exec(nodeOptions ?? '')?.[1]);
}
