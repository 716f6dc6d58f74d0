import { TransferRefusal } from './refusals.js';
import type { Trouble, TroubleCode } from './event-codes.js';

/** Globus's kinds of collection. */
type EntityType =
  | 'GCSv5_mapped_collection'
  | 'GCSv5_guest_collection'
  | 'GCP_mapped_collection'
  | 'GCP_guest_collection'
  | 'GCSv5_endpoint';

interface VirtualSize {
  readonly files: number;
  readonly directories: number;
  readonly bytes: number;
}

/** Determines the size and duration of a virtual collection's transfers. */
export interface VirtualSettings {
  /** Files below each directory of a submission. */
  filesPerDirectory: number;
  bytesPerFile: number;
  bytesPerSecond: number;
  /** From the start of the work to the first byte. */
  startupMs: number;
  /** The content at a path, where the numbers above are too coarse. */
  sizeOf?: (path: string) => VirtualSize | undefined;
}

export interface CollectionOptions {
  readonly id: string;
  readonly displayName: string;
  /** Default: `GCSv5_mapped_collection`. */
  readonly kind?: EntityType;
  /** The local folder behind the collection; without one the collection is virtual. */
  readonly folder?: string;
  readonly virtual?: Partial<VirtualSettings>;
  /** High-assurance collections have no `data_access` scope. */
  readonly highAssurance?: boolean;
  /** Clients that have permission; default: all. */
  readonly clients?: readonly string[];
  /** Required session domains; a client identity can't satisfy them. */
  readonly requiredPolicies?: readonly string[];
}

/** A rule that makes a path, and what lies below it, fail. */
export interface PathTrouble {
  readonly path: string;
  readonly access: 'read' | 'write';
  readonly code: TroubleCode;
}

export interface Collection {
  readonly id: string;
  readonly displayName: string;
  readonly kind: EntityType;
  readonly highAssurance: boolean;
  readonly folder: string | undefined;
  readonly virtual: VirtualSettings;
  readonly requiredPolicies: readonly string[];
  clients: readonly string[] | undefined;
  deleted: boolean;
  /** Whether Globus Connect Personal is running; null for other kinds. */
  connected: boolean | null;
  paused: { readonly message: string; readonly since: number } | undefined;
  troubles: readonly PathTrouble[];
}

/** The collections of the emulated Globus. */
export class Collections {
  private readonly byId = new Map<string, Collection>();

  add(options: CollectionOptions): Collection {
    const kind = options.kind ?? 'GCSv5_mapped_collection';
    const collection: Collection = {
      id: options.id,
      displayName: options.displayName,
      kind,
      highAssurance: options.highAssurance ?? false,
      folder: options.folder,
      virtual: {
        filesPerDirectory: 10,
        bytesPerFile: 1_000_000,
        bytesPerSecond: 100_000_000,
        startupMs: 1000,
        ...options.virtual,
      },
      requiredPolicies: options.requiredPolicies ?? [],
      clients: options.clients,
      deleted: false,
      connected: kind.startsWith('GCP_') ? true : null,
      paused: undefined,
      troubles: [],
    };
    this.byId.set(options.id, collection);
    return collection;
  }

  /** Also finds deleted collections. */
  find(id: string): Collection | undefined {
    return this.byId.get(id);
  }

  /** @throws Error for an id that was never added */
  get(id: string): Collection {
    const collection = this.byId.get(id);
    if (collection === undefined) throw new Error(`The sandbox has no collection ${id}.`);
    return collection;
  }

  /** @throws {@link TransferRefusal} 404 EndpointNotFound or EndpointDeleted */
  require(id: string): Collection {
    const collection = this.byId.get(id);
    if (collection === undefined) {
      throw new TransferRefusal(404, 'EndpointNotFound', `No such endpoint '${id}'`);
    }
    if (collection.deleted) {
      throw new TransferRefusal(404, 'EndpointDeleted', `Endpoint '${id}' has been deleted`);
    }
    return collection;
  }
}

/** Fact: only mapped GCSv5 collections that are not high-assurance have a `data_access` scope. */
export function hasDataAccess(collection: Collection): boolean {
  return (
    collection.kind === 'GCSv5_mapped_collection' &&
    !collection.highAssurance &&
    !collection.deleted
  );
}

/** The trouble that a rule sets for this path, if any. */
export function troubleAt(
  collection: Collection,
  access: 'read' | 'write',
  path: string,
): Trouble | undefined {
  if (collection.troubles.length === 0) return undefined;
  const trouble = collection.troubles.find(
    (rule) =>
      rule.access === access && `${withoutTrailingSlash(path)}/`.startsWith(`${rule.path}/`),
  );
  if (trouble === undefined) return undefined;
  return { code: trouble.code, details: describeTrouble(collection, trouble.code, path) };
}

/** The `details` of an event about a failed path. */
export function describeTrouble(collection: Collection, code: TroubleCode, path: string): string {
  return `Error (transfer)\nEndpoint: ${collection.displayName} (${collection.id})\nFile: ${path}\nMessage: ${code}`;
}

/** `/a/b` for `/a/b/`; the root becomes an empty string. */
export function withoutTrailingSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

/** The document of `GET endpoint/{id}`, reduced to what transfer clients read. */
export function endpointDocument(collection: Collection): Record<string, unknown> {
  const personal = collection.kind.startsWith('GCP_');
  return {
    DATA_TYPE: 'endpoint',
    id: collection.id,
    display_name: collection.displayName,
    canonical_name: `sandbox#${collection.id}`,
    entity_type: collection.kind,
    high_assurance: collection.highAssurance,
    gcp_connected: collection.connected,
    gcp_paused: personal ? false : null,
    is_globus_connect: personal,
    non_functional: collection.kind === 'GCSv5_endpoint',
    mapped_collection_id: null,
    host_endpoint_id: null,
    host_path: null,
    owner_id: collection.id,
    owner_string: 'sandbox@globus.example',
    default_directory: '/',
    force_encryption: false,
    disable_verify: false,
    force_verify: false,
    my_effective_roles: [],
    tlsftp_server: null,
    https_server: null,
    description: null,
    DATA: [],
  };
}
