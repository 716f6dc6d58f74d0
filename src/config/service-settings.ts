import { ArrayNotEmpty, IsArray } from 'class-validator';
import { STATUS_CODE_STYLES, type StatusCodeStyle } from '../domain/status-codes.js';
import type { SyncLevel } from '../facilities/facility.js';
import { Entries, Section, Setting } from './define-setting.js';
import { FacilitySettings } from './facility-settings.js';
import {
  flag,
  folderPath,
  httpUrl,
  listenAddress,
  number,
  oneOf,
  scicatUrl,
  syncLevel,
  textList,
  trustProxy,
  weights,
  wholeNumber,
} from './value-kinds.js';

/*
 * The settings of the service. A new one is one member here and nothing else: the initial value is
 * its default, the description its documentation in editors.
 */

/** Section `task`: how transfers are queued and polled. */
export class TaskSettings {
  @Setting({
    kind: wholeNumber(1),
    description: 'Maximum number of transfers that Globus runs at the same time; 1 or more.',
    example: 20,
    reload: 'live',
  })
  readonly maxConcurrency: number = 10;

  @Setting({
    kind: wholeNumber(0),
    description:
      'Maximum number of further transfers that may wait for a free slot; 0 means no limit.',
    example: 1000,
    reload: 'live',
  })
  readonly queueSize: number = 10_000;

  @Setting({
    key: 'pollInterval',
    // Up to a day, well within the range of a timer.
    kind: wholeNumber(1, 86_400, 'seconds'),
    description: 'Seconds between two polls of Globus, 1 to 86400.',
    example: 30,
    reload: 'live',
  })
  readonly pollIntervalSeconds: number = 10;

  @Setting({
    key: 'stallTimeout',
    kind: wholeNumber(0, undefined, 'seconds'),
    description:
      'Seconds after which the service gives up on a transfer that needs human intervention (no permission, wrong path); 0 means never.',
    example: 604_800,
    reload: 'live',
  })
  readonly stallTimeoutSeconds: number = 86_400;

  @Setting({
    kind: number(0.1, 10_000),
    description:
      'Maximum number of progress updates written to SciCat per second, over all transfers, 0.1 to 10000. Changes of state are always written at once.',
    example: 5,
    reload: 'live',
  })
  readonly progressWritesPerSecond: number = 20;

  @Setting({
    kind: wholeNumber(1),
    description:
      'Maximum number of transfers that Globus has at the same time, including those that hold no slot because they need someone to act, such as a person who corrects permissions; at least `task.maxConcurrency`. Globus accepts about 100 for each account.',
    example: 60,
    reload: 'live',
  })
  readonly maxPending: number = 80;

  @Setting({
    kind: wholeNumber(0),
    description:
      'Number of transfers of one user that Globus has, but that need someone to act, from which on no further ones of this user begin, so that one user can not use up `task.maxPending`; 0 means no limit.',
    example: 5,
    reload: 'live',
  })
  readonly maxStuckPerUser: number = 20;

  @Setting({
    kind: wholeNumber(0),
    description: 'Maximum number of waiting transfers of one user; 0 means no limit.',
    example: 500,
    reload: 'live',
  })
  readonly maxWaitingPerUser: number = 2500;

  @Setting({
    kind: wholeNumber(0),
    description:
      'Maximum number of waiting transfers of the datasets of one owner group; 0 means no limit.',
    example: 1000,
    reload: 'live',
  })
  readonly maxWaitingPerGroup: number = 5000;

  @Setting({
    kind: weights(),
    description:
      'How the slots are shared among owner groups while several have transfers waiting: the weight of a group, by its name. Twice the weight gets twice the bytes. `default` is the weight of all other groups, 1 unless set.',
    example: { default: 1, p12345: 2 },
    reload: 'live',
  })
  readonly shares: Readonly<Record<string, number>> = {};

  @Setting({
    kind: wholeNumber(0, 8760, 'hours'),
    description:
      'Hours after which a waiting transfer goes to the front of the queue, if its user has no other one running; 0 means never.',
    example: 24,
    reload: 'live',
  })
  readonly maxWaitHours: number = 72;

  @Setting({
    kind: number(0, 1_000_000),
    description:
      'Transfers up to this size in GiB are small: the next free slot is for one of them as long as none is running. 0 means that no slot is kept for small transfers.',
    example: 10,
    reload: 'live',
  })
  readonly smallTransferGiB: number = 0;
}

/** Section `scicat`: SciCat settings other than its address. */
export class ScicatSettings {
  @Setting({
    kind: textList('user names', { mayBeEmpty: true }),
    description:
      'Earlier user names of the SciCat service accounts. Transfers that they started are still tracked, and what they wrote into jobs is still believed.',
    example: ['globus-proxy-old'],
    reload: 'live',
  })
  readonly formerServiceUsers: readonly string[] = [];

  @Setting({
    kind: oneOf(STATUS_CODE_STYLES),
    description:
      "How `statusCode` of a transfer's job is written: `numbers` such as 003, or `words` such as finishedSuccessful, which SciCat's own e-mail rules expect.",
    example: 'words',
    reload: 'live',
  })
  readonly statusCodes: StatusCodeStyle = 'numbers';

  @Setting({
    kind: textList('groups', { mayBeEmpty: true }),
    description:
      "Groups in SciCat whose members are operators of the service: they may hold facilities, and list, look at and cancel everybody's transfers. Empty: nobody is an operator.",
    example: ['globus-operators'],
    reload: 'live',
  })
  readonly operatorGroups: readonly string[] = [];
}

/** Section `server`: how the service listens. */
export class ServerSettings {
  @Setting({
    kind: listenAddress(),
    description: 'Address to listen on.',
    example: '127.0.0.1',
    reload: 'at-start',
  })
  readonly host: string = '0.0.0.0';

  @Setting({
    kind: trustProxy(),
    description:
      'Which reverse proxies are trusted to set `X-Forwarded-…` headers: none (false), all (true), or only some, given as their number or their addresses.',
    example: 'loopback, 10.0.0.0/8',
    reload: 'at-start',
  })
  readonly trustProxy: boolean | number | string = false;

  @Setting({
    kind: wholeNumber(1, 1024, 'MiB'),
    description: 'Largest request body in MiB, 1 to 1024. A list of 400,000 files needs about 100.',
    example: 256,
    reload: 'live',
  })
  readonly maxBodyMiB: number = 128;

  @Setting({
    // Positions in a list are 32-bit numbers, and a body has at most 1 GiB.
    kind: wholeNumber(1, 30_000_000),
    description:
      'Maximum number of entries in a file list, 1 to 30000000. A longer list is refused as soon as the entry beyond the limit arrives.',
    example: 400_000,
    reload: 'live',
  })
  readonly maxListEntries: number = 1_000_000;

  @Setting({
    kind: wholeNumber(0),
    description:
      'Maximum number of requests with an invalid SciCat token from one address per minute; 0 means no limit. Beyond it, requests with tokens that the service does not know yet are refused for the rest of the minute, without asking SciCat. Behind a reverse proxy, set `trustProxy` too, or all callers share one address.',
    example: 100,
    reload: 'live',
  })
  readonly maxFailedLoginsPerMinute: number = 30;

  @Setting({
    kind: wholeNumber(1, 65_535),
    description:
      'TCP port for `/health` and `/metrics` alone, 1 to 65535. They are then served there and no longer on `port`, and nothing that happens on `port` can delay them.',
    unset: '`/health` and `/metrics` are served on `port`',
    example: 8081,
    reload: 'at-start',
  })
  readonly adminPort: number | undefined;

  @Setting({
    kind: listenAddress(),
    description: 'Address to listen on for `adminPort`.',
    unset: 'the same as `host`',
    example: '127.0.0.1',
    reload: 'at-start',
  })
  readonly adminHost: string | undefined;

  @Setting({
    kind: wholeNumber(1),
    description:
      'Maximum number of simultaneous connections, 1 or more. Each takes an open file. When there is no room for another one, an idle one is closed.',
    example: 5000,
    reload: 'at-start',
  })
  readonly maxConnections: number = 2000;

  @Setting({
    kind: wholeNumber(0),
    description:
      'Maximum number of simultaneous connections from one address; 0 means no limit. Reverse proxies that `trustProxy` names are exempt.',
    example: 1000,
    reload: 'live',
  })
  readonly maxConnectionsPerAddress: number = 500;

  @Setting({
    kind: wholeNumber(0, 1000),
    description:
      'Maximum number of requests that a connection may send before the previous one is answered (HTTP pipelining), 0 to 1000. A connection with more is closed.',
    example: 0,
    reload: 'live',
  })
  readonly maxPipelinedRequests: number = 8;

  @Setting({
    kind: wholeNumber(1),
    description: 'Maximum number of requests that are processed at the same time, 1 or more.',
    example: 500,
    reload: 'live',
  })
  readonly maxRequests: number = 256;

  @Setting({
    kind: wholeNumber(1),
    description:
      'Maximum number of requests of one user, or of one address as long as the user is unknown, that are processed at the same time, 1 or more. Further ones wait, and are served user by user in turn.',
    example: 64,
    reload: 'live',
  })
  readonly maxRequestsPerUser: number = 32;

  @Setting({
    kind: wholeNumber(1),
    description:
      'Maximum number of requests that wait for their turn, 1 or more. Beyond it, whoever has the most waiting gets 503.',
    example: 3000,
    reload: 'live',
  })
  readonly maxWaitingRequests: number = 1500;

  @Setting({
    kind: wholeNumber(1),
    description:
      'Maximum number of requests of one user, or of one address as long as the user is unknown, that wait for their turn, 1 or more. Beyond it, requests get 503.',
    example: 1000,
    reload: 'live',
  })
  readonly maxWaitingRequestsPerUser: number = 400;

  @Setting({
    kind: wholeNumber(1),
    description:
      'Maximum total size in MiB of the request bodies that are processed at the same time, 1 or more. A single body is admitted whatever its size.',
    example: 256,
    reload: 'live',
  })
  readonly maxBodiesMiB: number = 128;

  @Setting({
    kind: wholeNumber(1),
    description:
      "Part of `maxBodiesMiB` that one user's bodies may keep occupied, in MiB, 1 or more. A body beyond it takes what is free, and gives way to others as long as it is arriving.",
    example: 64,
    reload: 'live',
  })
  readonly maxBodiesPerUserMiB: number = 48;

  @Setting({
    kind: wholeNumber(0),
    description:
      'Part of `maxBodiesMiB` that is kept for bodies of at most 1 MiB, in MiB; one user may have a quarter of it.',
    example: 32,
    reload: 'live',
  })
  readonly smallBodiesMiB: number = 16;

  @Setting({
    kind: wholeNumber(10, 280, 'seconds'),
    description:
      'Seconds in which a request body must arrive, 10 to 280. A body is refused once it is more than 20 seconds behind the pace that its announced size requires.',
    example: 120,
    reload: 'live',
  })
  readonly maxBodySeconds: number = 240;

  @Setting({
    kind: flag(),
    description:
      'Whether browsers that have reached the service over HTTPS are told to use HTTPS for all subdomains of its host too, for a year (`Strict-Transport-Security`). They are told so for the host itself in any case.',
    example: true,
    reload: 'at-start',
  })
  readonly hstsIncludeSubDomains: boolean = false;
}

/** Section `spool`: the disk space for the file lists of waiting transfers. */
export class SpoolSettings {
  @Setting({
    kind: wholeNumber(1, 1024 * 1024, 'MiB'),
    description:
      'Disk space in MiB for the file lists of all waiting transfers, 1 to 1048576. Beyond it, requests with a list get 503. A list of 400,000 files usually takes 1 to 5 MiB.',
    example: 2048,
    reload: 'live',
  })
  readonly maxMiB: number = 768;

  @Setting({
    kind: wholeNumber(1, 1024 * 1024, 'MiB'),
    description:
      'Disk space in MiB for the file lists of the waiting transfers of one user, 1 to 1048576. Keep it well below `maxMiB`, so that one user leaves room for the others.',
    example: 512,
    reload: 'live',
  })
  readonly maxMiBPerUser: number = 256;
}

/** Section `transfer`: how Globus copies. */
export class TransferSettings {
  @Setting({
    kind: flag(),
    description:
      'Whether Globus compares checksums after copying and copies again where they differ.',
    example: false,
    reload: 'live',
  })
  readonly verifyChecksum: boolean = true;

  @Setting({
    kind: flag(),
    description: 'Whether copies keep the modification times of the originals.',
    example: true,
    reload: 'live',
  })
  readonly preserveTimestamp: boolean = false;

  @Setting({
    kind: flag(),
    description: 'Whether the data channel is encrypted.',
    example: true,
    reload: 'live',
  })
  readonly encryptData: boolean = false;

  @Setting({
    kind: syncLevel(),
    description:
      'Which files are copied: 0 only those missing at the destination, 1 also those that differ in size, 2 also those that are older there, 3 also those that differ in checksum.',
    unset: 'all files are copied',
    example: 3,
    reload: 'live',
  })
  readonly syncLevel: SyncLevel | undefined;

  @Setting({
    kind: wholeNumber(1, 8760, 'hours'),
    description: 'Hours after which Globus gives up on a transfer, 1 to 8760.',
    unset: "Globus's own limit",
    example: 72,
    reload: 'live',
  })
  readonly deadlineHours: number | undefined;

  @Setting({
    kind: oneOf(['leaves', 'as-listed'] as const),
    description:
      'Which entries of a file list are sent to Globus: `leaves` sends all except folders that have a listed entry below them, so that each file is copied once; `as-listed` sends all of them, as the Go version did.',
    example: 'as-listed',
    reload: 'live',
  })
  readonly fileList: 'leaves' | 'as-listed' = 'leaves';
}

/** Section `globus`: addresses of Globus's services; of use with the sandbox. */
export class GlobusSettings {
  @Setting({
    kind: httpUrl('https://auth.globus.org'),
    description: 'Base address of Globus Auth.',
    example: 'http://127.0.0.1:4001',
    reload: 'at-start',
  })
  readonly authUrl: string = 'https://auth.globus.org';

  @Setting({
    kind: httpUrl('https://transfer.api.globus.org/v0.10'),
    description: 'Base address of Globus Transfer, with its version.',
    example: 'http://127.0.0.1:4002/v0.10',
    reload: 'at-start',
  })
  readonly transferUrl: string = 'https://transfer.api.globus.org/v0.10';
}

/** The whole file. */
export class FileSettings {
  @Setting({
    kind: scicatUrl('https://scicat.example.org'),
    description:
      'Base address of SciCat, without `/api/v3` and the like. A trailing slash makes no difference.',
    required: true,
    example: 'https://scicat.example.org',
    reload: 'at-start',
  })
  readonly scicatUrl!: string;

  @Setting({
    kind: wholeNumber(1, 65_535),
    description: 'TCP port to listen on, 1 to 65535.',
    required: true,
    example: 8080,
    reload: 'at-start',
  })
  readonly port!: number;

  @IsArray({ message: 'is missing; it must be a list of facilities' })
  @ArrayNotEmpty({ message: 'is empty; it must list at least one facility' })
  @Entries(
    FacilitySettings,
    'The facilities between which datasets can be transferred, at least one, with unique names.',
  )
  readonly facilities!: readonly FacilitySettings[];

  @Section(TaskSettings, 'How transfers are queued and polled.')
  readonly task: TaskSettings = new TaskSettings();

  @Section(ScicatSettings, 'SciCat settings other than its address.')
  readonly scicat: ScicatSettings = new ScicatSettings();

  @Section(ServerSettings, 'How the service listens.')
  readonly server: ServerSettings = new ServerSettings();

  @Section(SpoolSettings, 'The disk space for the file lists of waiting transfers.')
  readonly spool: SpoolSettings = new SpoolSettings();

  @Setting({
    kind: flag(),
    description: 'Whether changes to the configuration file take effect without a restart.',
    example: true,
    reload: 'live',
  })
  readonly watch: boolean = false;

  @Section(TransferSettings, 'How Globus copies.')
  readonly transfer: TransferSettings = new TransferSettings();

  @Section(GlobusSettings, "Addresses of Globus's services.")
  readonly globus: GlobusSettings = new GlobusSettings();

  @Setting({
    kind: folderPath('the path of a folder, such as "/var/lib/scicat-globus-proxy"'),
    description:
      "Folder for the file lists of waiting transfers, the holds of facilities, and the ends of transfers; it must survive a restart. A relative path starts at the configuration file's folder.",
    unset: '"$XDG_STATE_HOME/scicat-globus-proxy", else "~/.local/state/scicat-globus-proxy"',
    example: '/var/lib/scicat-globus-proxy',
    reload: 'at-start',
  })
  readonly dataDir: string | undefined;
}
