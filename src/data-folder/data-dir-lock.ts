import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { field } from '../domain/untyped.js';
import { codeOf } from '../errors/error-code.js';
import { ProxyError } from '../errors/proxy-error.js';

/** The data folder is in use by another instance, or is not writable. */
export class DataDirUnavailableError extends ProxyError {
  readonly code = 'CONFIGURATION';
}

/** State of a data folder's lock. */
export type LockReading =
  | { readonly kind: 'free' }
  /** The holder is dead; the next start takes the lock over. */
  | { readonly kind: 'left-behind' }
  /** `holder` names process and host. */
  | { readonly kind: 'held'; readonly holder: string };

/** Content of the lock file: enough to tell whether the holder is still alive. */
interface LockHolder {
  /** Unique to each lock, so that no process mistakes another's lock for its own. */
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** Changes with every boot; '' if unknown. */
  readonly bootId: string;
  /** When the process started, in the machine's own units; '' if unknown. */
  readonly startTime: string;
  /** Containers may share a host name, and each has its own process 1; '' if unknown. */
  readonly pidNamespace: string;
}

/** What the lock needs to know about the machine; replaced in tests. */
export interface LockOptions extends Pick<LockHolder, 'pid' | 'host' | 'bootId' | 'pidNamespace'> {
  /** Start time of a live process; '' if unknown; undefined if the process is dead. */
  readonly startTimeOf: (pid: number) => string | undefined;
  /** Milliseconds since the epoch, for comparison with file times. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const REFRESH_MS = 5_000;
/** A lock held on another machine is stale when it has not been touched for this long. */
const ABANDONED_MS = 60_000;
/** The same for another container on this machine. */
const UNTOUCHED_MS = 3 * REFRESH_MS;

/**
 * Locks a data folder for this process with a file that names the holder. A listening socket would
 * not do: data folders are often volumes, where a crash leaves the socket's name behind, names are
 * limited to about 100 characters, and another container can't connect to it.
 *
 * A holder in the same process namespace is recognized by process id and start time, so a restart
 * after a crash continues immediately. A holder in another container or on another machine can't be
 * seen; it shows that it is alive by touching the file.
 *
 * @param onLost called when another process has taken the folder over, which happens to a process
 *   that was suspended for a minute: it must stop writing
 * @throws DataDirUnavailableError when another instance holds the folder, or it is not writable
 */
export async function lockDataDir(
  dataDir: string,
  onLost: () => void,
  options: LockOptions = thisMachine(),
): Promise<DataDirLock> {
  const lock = new DataDirLock(dataDir, options);
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await lock.acquire();
  } catch (error) {
    if (error instanceof DataDirUnavailableError) throw error;
    throw new DataDirUnavailableError(
      `The data folder ${dataDir} can't be used (${codeOf(error) ?? 'unknown error'}). Please make it writable by the user that the service runs as, or set dataDir in the configuration to another folder.`,
      { cause: error },
    );
  }
  lock.keep(onLost);
  return lock;
}

/**
 * Reads the lock of a data folder without changing anything or waiting.
 *
 * @throws as `node:fs` does, except for a missing folder
 */
export function inspectLock(
  dataDir: string,
  options: LockOptions = thisMachine(),
): Promise<LockReading> {
  return new DataDirLock(dataDir, options).inspect();
}

/** The lock file of a data folder. */
export class DataDirLock {
  private readonly path: string;
  private timer: NodeJS.Timeout | undefined;
  private readonly self: LockHolder;

  constructor(
    private readonly dataDir: string,
    private readonly options: LockOptions,
  ) {
    this.path = join(dataDir, 'lock');
    const { pid, host, bootId, pidNamespace, startTimeOf } = options;
    const startTime = startTimeOf(pid) ?? '';
    this.self = { token: randomUUID(), pid, host, bootId, startTime, pidNamespace };
  }

  /** @throws DataDirUnavailableError when another instance holds the lock */
  async acquire(): Promise<void> {
    const acquired = (await this.create(this.path)) || (await this.takeOver());
    if (!acquired) throw await this.inUse();
  }

  /** Touches the file regularly from now on; see {@link lockDataDir} for `onLost`. */
  keep(onLost: () => void): void {
    // A touch that fails is made up for by the next one.
    this.timer = setInterval(() => void this.touch(onLost).catch(() => undefined), REFRESH_MS);
    this.timer.unref();
  }

  private async touch(onLost: () => void): Promise<void> {
    if (await this.isOurs()) {
      const time = new Date(this.options.now());
      await utimes(this.path, time, time);
    } else {
      clearInterval(this.timer);
      onLost();
    }
  }

  /** Idempotent. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    if (await this.isOurs()) await rm(this.path, { force: true });
  }

  async inspect(): Promise<LockReading> {
    const touched = await touchedAt(this.path);
    if (touched === undefined) return { kind: 'free' };
    const holder = await this.holder();
    const isUntouched = this.options.now() - touched > UNTOUCHED_MS;
    return (await this.isAbandoned(holder, isUntouched))
      ? { kind: 'left-behind' }
      : { kind: 'held', holder: nameOf(holder) };
  }

  private async isOurs(): Promise<boolean> {
    return (await this.holder())?.token === this.self.token;
  }

  /** @returns false when the file already exists */
  private async create(path: string): Promise<boolean> {
    try {
      await writeFile(path, `${JSON.stringify(this.self)}\n`, { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
  }

  /**
   * Takes the lock over from a dead holder. Only one process may do so at a time: otherwise another
   * one could take over between our reading the lock and removing it, and lose its own.
   *
   * @returns false when another process has taken the lock
   * @throws DataDirUnavailableError when the holder is alive, or another process is taking over
   */
  private async takeOver(): Promise<boolean> {
    const holder = await this.holder();
    if (!(await this.isAbandoned(holder))) throw await this.inUse();
    const turn = `${this.path}.takeover`;
    if (!(await this.create(turn))) {
      // Left behind by a process that died during its takeover; the next start continues.
      if (await this.isOld(turn)) await rm(turn, { force: true });
      throw await this.inUse();
    }
    try {
      const unchanged =
        (await touchedAt(this.path)) !== undefined &&
        (await this.holder())?.token === holder?.token;
      if (unchanged) await rm(this.path);
      return await this.create(this.path);
    } finally {
      await rm(turn, { force: true });
    }
  }

  /** @param isUntouched whether a holder in another container counts as dead; found out by default */
  private async isAbandoned(
    holder: LockHolder | undefined,
    isUntouched?: boolean,
  ): Promise<boolean> {
    const { pid, host, bootId, pidNamespace, startTimeOf } = this.options;
    if (holder?.host !== host) return this.isOld(this.path);
    if (holder.bootId !== bootId) return true;
    if (holder.pidNamespace !== pidNamespace) return isUntouched ?? this.staysUntouched();
    const startTime = startTimeOf(holder.pid);
    // Without start times, our own id in a lock that we did not write is a coincidence.
    return (
      startTime === undefined ||
      (startTime === '' ? holder.pid === pid : startTime !== holder.startTime)
    );
  }

  private async staysUntouched(): Promise<boolean> {
    const touched = await touchedAt(this.path);
    await this.options.sleep(UNTOUCHED_MS);
    return touched === (await touchedAt(this.path));
  }

  /** Whether a file has not been touched for so long that its writer must be dead. */
  private async isOld(path: string): Promise<boolean> {
    const touched = await touchedAt(path);
    return touched === undefined || this.options.now() - touched > ABANDONED_MS;
  }

  /** @returns undefined when the lock is missing, damaged, or just being written */
  private async holder(): Promise<LockHolder | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(this.path, 'utf8'));
      return isLockHolder(value) ? value : undefined;
    } catch (error) {
      // JSON's errors have no code.
      if ([undefined, 'ENOENT'].includes(codeOf(error))) return undefined;
      throw error;
    }
  }

  private async inUse(): Promise<DataDirUnavailableError> {
    return new DataDirUnavailableError(
      `The data folder ${this.dataDir} is in use by ${nameOf(await this.holder())}. Only one instance of the service may use it: stop the other one (if it crashed on another host, its lock expires after ${ABANDONED_MS / 1000} s), or give this one its own dataDir.`,
    );
  }
}

/** @returns milliseconds since the epoch; undefined when the file is gone */
async function touchedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isLockHolder(value: unknown): value is LockHolder {
  const texts = ['token', 'host', 'bootId', 'startTime', 'pidNamespace'];
  return (
    typeof field(value, 'pid') === 'number' &&
    texts.every((name) => typeof field(value, name) === 'string')
  );
}

function nameOf(holder: LockHolder | undefined): string {
  return holder === undefined ? 'another process' : `process ${holder.pid} on host ${holder.host}`;
}

function thisMachine(): LockOptions {
  return {
    pid: process.pid,
    host: hostname(),
    bootId: fromProc(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: fromProc(() => readlinkSync('/proc/self/ns/pid')),
    startTimeOf: startTimeOfProcess,
    now: Date.now,
    sleep: delay,
  };
}

/** @returns '' on systems without `/proc` */
function fromProc(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** On Linux, clock ticks since boot: the 22nd field of `stat`. */
function startTimeOfProcess(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field is the program's name in parentheses, and may contain spaces.
      return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    } catch {
      return undefined;
    }
  }
  try {
    process.kill(pid, 0);
    return '';
  } catch (error) {
    // Alive, but owned by another user.
    return codeOf(error) === 'EPERM' ? '' : undefined;
  }
}
