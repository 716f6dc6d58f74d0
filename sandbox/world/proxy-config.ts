import { stringify } from 'yaml';

/** A facility in the proxy's configuration and its collection in the emulated Globus. */
export interface SandboxFacility {
  readonly name: string;
  /** Id of the Globus collection. */
  readonly collection: string;
  readonly direction: 'SRC' | 'DST' | 'BOTH';
  /** The group that may use it. */
  readonly accessValue: string;
  /** Local folder at the root of the collection. */
  readonly folder: string;
  /** Absolute paths; any folder if absent. */
  readonly allowedSourceFolders?: readonly string[];
  /** Template of a dataset's destination folder. */
  readonly destinationPath?: string;
}

export interface ProxyConfigInput {
  readonly port: number;
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string;
  readonly scicatUrl: string;
  readonly globus: { readonly authUrl: string; readonly transferUrl: string };
  readonly facilities: readonly SandboxFacility[];
  /** @default the proxy's own */
  readonly dataDir?: string;
}

/** Content of a `scicat-globus-proxy-config.yaml`. */
export function proxyConfigText(input: ProxyConfigInput): string {
  return stringify({
    scicatUrl: input.scicatUrl,
    port: input.port,
    server: { host: input.host ?? '127.0.0.1' },
    facilities: input.facilities.map((facility) => ({
      name: facility.name,
      collection: facility.collection,
      accessValue: facility.accessValue,
      direction: facility.direction,
      ...(facility.direction === 'DST' ? {} : { collectionRootPath: literal(facility.folder) }),
      ...(facility.allowedSourceFolders === undefined
        ? {}
        : { allowedSourceFolders: facility.allowedSourceFolders.map(literal) }),
      ...(facility.destinationPath === undefined
        ? {}
        : { destinationPath: facility.destinationPath }),
    })),
    task: { pollInterval: 1 },
    globus: { ...input.globus },
    ...(input.dataDir === undefined ? {} : { dataDir: input.dataDir }),
  });
}

/** Escapes a path for use as a template. */
function literal(path: string): string {
  return path.replaceAll('{{', '{{ "{{" }}');
}
