import type { ConfiguredFacility } from './facility-settings.js';
import type { Secret } from './secret.js';
import type { FileSettings } from './service-settings.js';

type Plain<Settings> = { readonly [Name in keyof Settings]: Settings[Name] };
type PlainFile = { readonly [Name in keyof FileSettings]: Plain<FileSettings[Name]> };

/** The checked configuration file with all defaults, facilities and `dataDir` resolved. Frozen. */
export interface FileConfig extends Omit<PlainFile, 'facilities' | 'dataDir'> {
  /** At least one, with unique names, in the order of the file. */
  readonly facilities: readonly ConfiguredFacility[];
  /** Absolute path. */
  readonly dataDir: string;
  readonly source: { readonly file: string };
}

/** The whole configuration: file and environment. Frozen. */
export interface AppConfig extends FileConfig {
  readonly secrets: Secrets;
}

/** A SciCat account. */
export interface Account {
  readonly username: string;
  readonly password: Secret;
}

/** What comes from the environment, because configuration files get passed around. */
export interface Secrets {
  /** Not confidential: every transfer record holds it. */
  readonly globusClientId: string;
  readonly globusClientSecret: Secret;
  /** Creates jobs; without an update user, does everything else too. */
  readonly scicatServiceUser: Account;
  /** Updates and deletes jobs and sets lifecycles. */
  readonly scicatUpdateUser?: Account;
}
