import 'reflect-metadata';
import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsArray, ValidateNested } from 'class-validator';
import { DIRECTIONS, type Direction, type SyncLevel } from '../facilities/facility.js';
import {
  AnyNumber,
  Flag,
  FolderPath,
  HttpUrl,
  OneOf,
  Optional,
  ScicatUrl,
  Text,
  TextList,
  TrustProxy,
  Uuid,
  WholeNumber,
} from './setting-decorators.js';

/**
 * The configuration file as it is written. A property's initial value is the setting's default;
 * templates are still texts here.
 */

/** A day in seconds: the longest sensible pause, and well within what a timer can hold. */
const DAY_SECONDS = 86_400;

/** One entry of `facilities`: a site with one Globus collection and the rules for it. */
export class FacilitySettings {
  /**
   * Name of the facility, unique; what callers send as `sourceFacility` or `destFacility`.
   *
   * @example "PSI"
   */
  @Text('the name of the facility')
  readonly name!: string;

  /**
   * Id of the facility's Globus collection, a UUID.
   *
   * @example "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"
   */
  @Uuid("the id of the facility's Globus collection")
  readonly collection!: string;

  /**
   * Globus scopes that a token needs to reach the collection; templates of `.Name` and
   * `.Collection`. Collections without a `data_access` scope (guest, high-assurance and personal
   * ones) take only the part before the bracket.
   *
   * @default one scope, that of Globus Transfer with the collection's data_access
   * @example ["urn:globus:auth:scope:transfer.api.globus.org:all"]
   */
  @Optional()
  @TextList('Globus scopes', { mayBeEmpty: false })
  readonly scopes: readonly string[] = [
    'urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/{{.Collection}}/data_access]',
  ];

  /**
   * Dot path into the document that SciCat's `users/my/identity` returns, where the facility's
   * access value is looked for; a template of `.Name`.
   *
   * @default "profile.accessGroups"
   * @example "profile.oidcClaims.facilities"
   */
  @Optional()
  @Text(
    'a dot path such as "profile.accessGroups"; an empty one leads nowhere and would shut everybody out, so write a path or remove the line for the default',
  )
  readonly accessPath: string = 'profile.accessGroups';

  /**
   * What a user must have at `accessPath`: an equal element of a list, or an equal text; a template
   * of `.Name`.
   *
   * @default "{{.Name}}"
   * @example "{{.Name}}-users"
   */
  @Optional()
  @Text(
    "the text that users of the facility have at accessPath; an empty one matches nobody, so write one or remove the line for the default, the facility's name",
  )
  readonly accessValue: string = '{{.Name}}';

  /**
   * Which way files may move: `SRC` away from the facility, `DST` to it, `BOTH`.
   *
   * @default "BOTH"
   * @example "SRC"
   */
  @Optional()
  @OneOf(DIRECTIONS)
  readonly direction: Direction = 'BOTH';

  /**
   * Where a dataset's files are on this collection when the facility is the source; a path template.
   *
   * @default "/{{ .RelativeSourceFolder }}"
   * @example "/raw/{{ .RelativeSourceFolder }}"
   */
  @Optional()
  @Text('a path template such as "/{{ .RelativeSourceFolder }}"')
  readonly sourcePath: string = '/{{ .RelativeSourceFolder }}';

  /**
   * Where a dataset's files go on this collection when the facility is the destination; a path
   * template. Without one of `.Pid`, `.PidShort`, `.PidEncoded` in it two datasets may meet in one
   * folder.
   *
   * @default "/{{ .RelativeSourceFolder }}"
   * @example "/archive/{{ .PidShort }}/{{ .DatasetFolder }}"
   */
  @Optional()
  @Text('a path template such as "/archive/{{ .PidShort }}"')
  readonly destinationPath: string = '/{{ .RelativeSourceFolder }}';

  /**
   * Absolute path, on the facility's machines, of what the collection shows as `/`; a template of
   * `.Name`. Pins on the server side what requests otherwise state.
   *
   * @default none: the request's counts
   * @example "/data/{{ .Name }}"
   */
  @Optional()
  @Text('the absolute path of the collection\'s root, such as "/data"')
  readonly collectionRootPath?: string;

  /**
   * Folders that a dataset may lie in when this facility is the source; templates of all path
   * variables and `.OwnerGroup`. A dataset's owner can edit its source folder, so this is what keeps
   * the service from copying a stranger's files.
   *
   * @default none: any folder
   * @example ["/data/{{ .OwnerGroup }}"]
   */
  @Optional()
  @TextList('folder templates such as "/data/{{ .OwnerGroup }}"', { mayBeEmpty: false })
  readonly allowedSourceFolders?: readonly string[];

  /**
   * Whether Globus compares checksums after copying. The destination's word wins over the source's,
   * and both over `transfer.verifyChecksum`.
   *
   * @default what `transfer.verifyChecksum` says
   * @example false
   */
  @Optional()
  @Flag()
  readonly verifyChecksum?: boolean;

  /**
   * Which existing files Globus copies again, see `transfer.syncLevel`. The destination's word wins
   * over the source's, and both over `transfer.syncLevel`.
   *
   * @default what `transfer.syncLevel` says
   * @example 3
   */
  @Optional()
  @OneOf([0, 1, 2, 3])
  readonly syncLevel?: SyncLevel;
}

/** Section `task`: how transfers are queued and watched. */
export class TaskSettings {
  /**
   * Transfers handed to Globus at the same time, at least 1.
   *
   * @default 10
   * @example 20
   */
  @Optional()
  @WholeNumber(1)
  readonly maxConcurrency: number = 10;

  /**
   * Further transfers that may wait for a free place; 0 means no limit.
   *
   * @default 0
   * @example 100
   */
  @Optional()
  @WholeNumber(0)
  readonly queueSize: number = 0;

  /**
   * Seconds between two looks at Globus, 1 to 86400.
   *
   * @default 10
   * @example 30
   */
  @Optional()
  @WholeNumber(1, DAY_SECONDS)
  readonly pollInterval: number = 10;

  /**
   * Seconds after which a transfer that needs a human (no permission, wrong path) is given up; 0
   * means never.
   *
   * @default 0
   * @example 604800
   */
  @Optional()
  @WholeNumber(0)
  readonly stallTimeout: number = 0;

  /**
   * How many progress writes SciCat gets per second at most, over all transfers, 0.1 to 10000.
   * Changes of state are written at once, whatever this says.
   *
   * @default 20
   * @example 5
   */
  @Optional()
  @AnyNumber(0.1, 10_000)
  readonly progressWritesPerSecond: number = 20;
}

/** Section `scicat`: what concerns SciCat beyond its address. */
export class ScicatSettings {
  /**
   * Earlier user names of the service account. Transfers that they began are still tracked.
   *
   * @default []
   * @example ["globus-proxy-old"]
   */
  @Optional()
  @TextList('user names', { mayBeEmpty: true })
  readonly formerServiceUsers: readonly string[] = [];
}

/** Section `server`: how the service listens. */
export class ServerSettings {
  /**
   * Address to listen on.
   *
   * @default "0.0.0.0"
   * @example "127.0.0.1"
   */
  @Optional()
  @Text('an address to listen on, such as "0.0.0.0"')
  readonly host: string = '0.0.0.0';

  /**
   * Which reverse proxies' `X-Forwarded-…` headers are believed: none (false), all (true), a number
   * of them, or their addresses.
   *
   * @default false
   * @example "loopback, 10.0.0.0/8"
   */
  @Optional()
  @TrustProxy()
  readonly trustProxy: boolean | number | string = false;

  /**
   * Largest request body in MiB, 1 to 1024. A list of 400,000 files needs about 100.
   *
   * @default 128
   * @example 256
   */
  @Optional()
  @WholeNumber(1, 1024)
  readonly maxBodyMiB: number = 128;

  /**
   * Requests with a wrong SciCat token that one address may send in a minute. Beyond that SciCat is
   * not asked about further unknown tokens of this address until the minute is over; 0 means no
   * limit. Needs `trustProxy` behind a reverse proxy, or all its callers share one address.
   *
   * @default 30
   * @example 100
   */
  @Optional()
  @WholeNumber(0)
  readonly maxFailedLoginsPerMinute: number = 30;
}

/** Section `transfer`: how Globus copies. */
export class TransferSettings {
  /**
   * Whether Globus compares checksums after copying and copies again where they differ.
   *
   * @default true
   * @example false
   */
  @Optional()
  @Flag()
  readonly verifyChecksum: boolean = true;

  /**
   * Whether copies keep the modification times of the originals.
   *
   * @default false
   * @example true
   */
  @Optional()
  @Flag()
  readonly preserveTimestamp: boolean = false;

  /**
   * Whether the data channel is encrypted.
   *
   * @default false
   * @example true
   */
  @Optional()
  @Flag()
  readonly encryptData: boolean = false;

  /**
   * Which existing files are copied again: 0 those missing at the destination, 1 also those of
   * another size, 2 also those that are older there, 3 also those with another checksum.
   *
   * @default none: all files are copied
   * @example 3
   */
  @Optional()
  @OneOf([0, 1, 2, 3])
  readonly syncLevel?: SyncLevel;

  /**
   * Hours after which Globus gives a transfer up, 1 to 8760.
   *
   * @default none: Globus's own rule
   * @example 72
   */
  @Optional()
  @WholeNumber(1, 8760)
  readonly deadlineHours?: number;
}

/** Section `globus`: addresses of Globus's services; of use with the sandbox. */
export class GlobusSettings {
  /**
   * Base address of Globus Auth.
   *
   * @default "https://auth.globus.org"
   * @example "http://127.0.0.1:4001"
   */
  @Optional()
  @HttpUrl('https://auth.globus.org')
  readonly authUrl: string = 'https://auth.globus.org';

  /**
   * Base address of Globus Transfer, with its version.
   *
   * @default "https://transfer.api.globus.org/v0.10"
   * @example "http://127.0.0.1:4002/v0.10"
   */
  @Optional()
  @HttpUrl('https://transfer.api.globus.org/v0.10')
  readonly transferUrl: string = 'https://transfer.api.globus.org/v0.10';
}

/** The whole file. */
export class FileSettings {
  /**
   * Base address of SciCat, without `/api/v3` and the like. A trailing slash makes no difference.
   *
   * @default none: required
   * @example "https://scicat.example.org"
   */
  @ScicatUrl('https://scicat.example.org')
  readonly scicatUrl!: string;

  /**
   * TCP port to listen on, 1 to 65535.
   *
   * @default none: required
   * @example 8080
   */
  @WholeNumber(1, 65_535)
  readonly port!: number;

  /**
   * The facilities between which files can be moved, at least one, with unique names.
   *
   * @default none: required
   */
  @IsArray({ message: 'is missing; it must be a list of facilities' })
  @ArrayNotEmpty({ message: 'is empty; it must list at least one facility' })
  @ValidateNested({ each: true })
  @Type(() => FacilitySettings)
  readonly facilities!: readonly FacilitySettings[];

  /**
   * How transfers are queued and watched.
   *
   * @default all defaults of the section
   */
  @Optional()
  @ValidateNested()
  @Type(() => TaskSettings)
  readonly task: TaskSettings = new TaskSettings();

  /**
   * What concerns SciCat beyond its address.
   *
   * @default all defaults of the section
   */
  @Optional()
  @ValidateNested()
  @Type(() => ScicatSettings)
  readonly scicat: ScicatSettings = new ScicatSettings();

  /**
   * How the service listens.
   *
   * @default all defaults of the section
   */
  @Optional()
  @ValidateNested()
  @Type(() => ServerSettings)
  readonly server: ServerSettings = new ServerSettings();

  /**
   * Whether a changed file is taken over without a restart.
   *
   * @default false
   * @example true
   */
  @Optional()
  @Flag()
  readonly watch: boolean = false;

  /**
   * How Globus copies.
   *
   * @default all defaults of the section
   */
  @Optional()
  @ValidateNested()
  @Type(() => TransferSettings)
  readonly transfer: TransferSettings = new TransferSettings();

  /**
   * Addresses of Globus's services.
   *
   * @default all defaults of the section
   */
  @Optional()
  @ValidateNested()
  @Type(() => GlobusSettings)
  readonly globus: GlobusSettings = new GlobusSettings();

  /**
   * Folder in which the file lists of waiting transfers are kept; it must survive a restart. A
   * relative path starts at the configuration file's folder.
   *
   * @default "$XDG_STATE_HOME/scicat-globus-proxy", else "~/.local/state/scicat-globus-proxy"
   * @example "/var/lib/scicat-globus-proxy"
   */
  @Optional()
  @FolderPath('the path of a folder, such as "/var/lib/scicat-globus-proxy"')
  readonly dataDir?: string;
}

/** Spellings of the Go version's documentation that facilities may have, with what each means. */
export const CAPITALISED: Readonly<Record<string, string>> = {
  Name: 'name',
  Collection: 'collection',
  Scopes: 'scopes',
};

/** The sections of the file that are mappings, with the class of each. */
export const SECTIONS = {
  task: TaskSettings,
  scicat: ScicatSettings,
  server: ServerSettings,
  transfer: TransferSettings,
  globus: GlobusSettings,
} as const;
