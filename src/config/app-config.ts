import type { ConfiguredFacility } from './facility-settings.js';
import type { Secret } from './secret.js';
import type { FileSettings } from './service-settings.js';

/** The settings as plain data, without their class. */
type Plain<Settings> = { readonly [Name in keyof Settings]: Settings[Name] };
type PlainFile = { readonly [Name in keyof FileSettings]: Plain<FileSettings[Name]> };

/**
 * What the configuration file says, checked, with all defaults filled in: the members of
 * {@link FileSettings}, with facilities and `dataDir` resolved. Frozen.
 */
export interface FileConfig extends Omit<PlainFile, 'facilities' | 'dataDir'> {
  /** At least one, with unique names, in the order of the file. */
  readonly facilities: readonly ConfiguredFacility[];
  /** Absolute path. */
  readonly dataDir: string;
  /** Where all this was read from. */
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

/** What comes from the environment and must not be in a file that people pass around. */
export interface Secrets {
  /** No secret in itself: it is in every transfer record. */
  readonly globusClientId: string;
  readonly globusClientSecret: Secret;
  /** Creates jobs, and does everything else too if there is no update user. */
  readonly scicatServiceUser: Account;
  /** Updates and deletes jobs and sets lifecycles, if given. */
  readonly scicatUpdateUser?: Account;
}
