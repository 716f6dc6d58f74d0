import type { Facility, SyncLevel } from '../facilities/facility.js';
import type { Secret } from './secret.js';

/** What the configuration file says, checked and with all defaults filled in. Frozen. */
export interface FileConfig {
  /** Base URL of SciCat without `/api/v…` and without a trailing slash. */
  readonly scicatUrl: string;
  /** TCP port to listen on. */
  readonly port: number;
  /** At least one, with unique names, in the order of the file. */
  readonly facilities: readonly Facility[];
  readonly task: TaskConfig;
  readonly scicat: ScicatConfig;
  readonly server: ServerConfig;
  /** Whether a changed file is taken over without a restart. */
  readonly watch: boolean;
  readonly transfer: CopyDefaults;
  readonly globus: GlobusConfig;
  /** Absolute path of the folder in which waiting file lists are kept. */
  readonly dataDir: string;
  /** Where all this was read from. */
  readonly source: { readonly file: string };
}

/** The whole configuration: file and environment. Frozen. */
export interface AppConfig extends FileConfig {
  readonly secrets: Secrets;
}

/** How transfers are queued and watched. */
export interface TaskConfig {
  /** Transfers handed to Globus at the same time, at least 1. */
  readonly maxConcurrency: number;
  /** Further transfers that may wait; 0 means no limit. */
  readonly queueSize: number;
  /** Seconds between two looks at Globus, at least 1. */
  readonly pollIntervalSeconds: number;
  /** Seconds after which a transfer that needs a human is given up; 0 means never. */
  readonly stallTimeoutSeconds: number;
  /** How many progress writes SciCat gets per second at most, over all transfers. */
  readonly progressWritesPerSecond: number;
}

/** What concerns SciCat beyond its address. */
export interface ScicatConfig {
  /** Earlier user names of the service account, whose open jobs are still ours. */
  readonly formerServiceUsers: readonly string[];
}

/** How the service listens. */
export interface ServerConfig {
  /** Address to listen on. */
  readonly host: string;
  /** Express's `trust proxy` setting. */
  readonly trustProxy: boolean | number | string;
  /** Largest request body, in MiB. */
  readonly maxBodyMiB: number;
  /** Wrong tokens that one address may send in a minute before it is put off; 0 means any number. */
  readonly maxFailedLoginsPerMinute: number;
}

/** How Globus copies, where a facility does not say otherwise. */
export interface CopyDefaults {
  readonly verifyChecksum: boolean;
  readonly preserveTimestamp: boolean;
  readonly encryptData: boolean;
  /** `undefined`: Globus's own way, everything is copied. */
  readonly syncLevel: SyncLevel | undefined;
  /** Hours after which Globus gives a task up; `undefined`: Globus's own default. */
  readonly deadlineHours: number | undefined;
}

/** Addresses of Globus's services, without trailing slashes. */
export interface GlobusConfig {
  readonly authUrl: string;
  readonly transferUrl: string;
}

/** A SciCat account. */
export interface Account {
  readonly username: string;
  readonly password: Secret;
}

/** What comes from the environment and must not be in a file that people pass around. */
export interface Secrets {
  /** No secret in itself: it stands in every transfer record. */
  readonly globusClientId: string;
  readonly globusClientSecret: Secret;
  /** Creates jobs, and does everything else too if there is no update user. */
  readonly scicatServiceUser: Account;
  /** Updates and deletes jobs and sets lifecycles, if given. */
  readonly scicatUpdateUser?: Account;
}
