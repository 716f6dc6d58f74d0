import {
  InvalidRequestError,
  ListQuotaError,
  SpoolUnavailableError,
} from '../errors/request.errors.js';

/** How much disk space stored lists may take. */
export interface SpoolLimits {
  readonly maxMiB: number;
  readonly maxMiBPerUser: number;
}

/** What the ledger knows of a list. */
export interface LedgerEntry {
  /** Length of its file. */
  readonly bytes: number;
  /** '' if unknown; then it counts for nobody, but for all together. */
  readonly owner: string;
}

const MIB = 1024 * 1024;
/** A file takes whole blocks, so thousands of short lists take more than their length. */
const BLOCK_BYTES = 4096;
/** A list usually waits for minutes. */
const RETRY_AFTER_SECONDS = 60;

/** Keeps account of the disk space that stored lists take, in all and by user, and enforces the limits. */
export class SpoolLedger {
  private readonly entries = new Map<string, LedgerEntry>();
  private readonly byOwner = new Map<string, number>();
  private total = 0;

  constructor(private readonly limits: () => SpoolLimits) {}

  /** Disk space taken by all lists. */
  get bytes(): number {
    return this.total;
  }

  get maxBytes(): number {
    return this.limits().maxMiB * MIB;
  }

  get(key: string): LedgerEntry | undefined {
    return this.entries.get(key);
  }

  keys(): IterableIterator<string> {
    return this.entries.keys();
  }

  /** Enters a list that is on disk, whatever the limits are. */
  enter(key: string, entry: LedgerEntry): void {
    this.drop(key);
    this.entries.set(key, entry);
    this.account(entry.owner, onDisk(entry.bytes));
  }

  /**
   * Enters bytes of a list that is being written, before they are written.
   *
   * @throws ListQuotaError when the user's lists take too much
   * @throws SpoolUnavailableError when all lists take too much
   * @throws InvalidRequestError when this list alone is too long
   */
  grow(key: string, owner: string, by: number): void {
    const before = this.entries.get(key)?.bytes;
    const bytes = (before ?? 0) + by;
    const more = onDisk(bytes) - (before === undefined ? 0 : onDisk(before));
    const { maxMiB, maxMiBPerUser } = this.limits();
    if (onDisk(bytes) > Math.min(maxMiB, maxMiBPerUser) * MIB) {
      throw tooLong(Math.min(maxMiB, maxMiBPerUser));
    }
    // First, so that whoever takes too much is told so.
    if ((this.byOwner.get(owner) ?? 0) + more > maxMiBPerUser * MIB) throw ofUser(maxMiBPerUser);
    if (this.total + more > maxMiB * MIB) throw full(maxMiB);
    this.entries.set(key, { bytes, owner });
    this.account(owner, more);
  }

  /** The list is no longer on disk. */
  drop(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.account(entry.owner, -onDisk(entry.bytes));
  }

  private account(owner: string, more: number): void {
    this.total += more;
    if (owner === '') return;
    const own = (this.byOwner.get(owner) ?? 0) + more;
    if (own > 0) this.byOwner.set(owner, own);
    else this.byOwner.delete(owner);
  }
}

function onDisk(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / BLOCK_BYTES)) * BLOCK_BYTES;
}

function tooLong(mostMiB: number): InvalidRequestError {
  return new InvalidRequestError(
    `The file list is too long: compressed, it takes more than the ${mostMiB} MiB that this service keeps for the lists of a user. List folders instead of their files, or request the transfer in parts.`,
  );
}

function ofUser(mostMiB: number): ListQuotaError {
  return new ListQuotaError(
    `The file lists of your waiting transfers take all of the ${mostMiB} MiB that this service keeps for each user. Wait until some of these transfers have started, or cancel some, and try again.`,
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}

function full(mostMiB: number): SpoolUnavailableError {
  return new SpoolUnavailableError(
    `The file list could not be stored: the lists of all waiting transfers take all of the ${mostMiB} MiB that this service has for them. Please try again later; an operator can raise spool.maxMiB.`,
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}
