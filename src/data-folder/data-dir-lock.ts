import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ProxyError } from '../errors/proxy-error.js';
import { codeOf } from '../errors/error-code.js';

/** Another instance uses the same `dataDir`, or it is not writable. */
export class DataDirUnavailableError extends ProxyError {
  readonly code = 'CONFIGURATION';
}

/** A held lock on a data folder. */
export interface DataDirLock {
  /** Releases the folder; may be called twice. */
  release(): Promise<void>;
}

/** Who holds the lock of a data folder. */
export type LockReading =
  | { readonly kind: 'free' }
  /** By a process that is gone; the next start takes it over. */
  | { readonly kind: 'left-behind' }
  /** `holder` names process and host. */
  | { readonly kind: 'held'; readonly holder: string };

/** The holder of a lock: enough to tell whether that process is still alive. */
interface LockHolder {
  /** Unique to each lock, so that no process mistakes another's lock for its own. */
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** Changes with every start of the machine; '' where it is unknown. */
  readonly bootId: string;
  /** When the process started, in the machine's own units; '' where it is unknown. */
  readonly startTime: string;
  /** Containers may share a host name, and each has a process 1 of its own; '' where it is unknown. */
  readonly pidNamespace: string;
}

/** What the lock needs to know of the machine; replaced in tests. */
export interface LockOptions {
  readonly pid: number;
  readonly host: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  /** Start time of a live process; '' if it is unknown; undefined if the process is dead. */
  readonly startTimeOf: (pid: number) => string | undefined;
  /** Wall clock in milliseconds since the epoch, to compare with a file's time. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const LOCK_FILE = 'lock';
const REFRESH_MS = 5_000;
/** A lock of another machine is stale when it was not touched for so long. */
const ABANDONED_MS = 60_000;
/** A lock of another container on this machine is stale when it was not touched for so long. */
const UNTOUCHED_MS = 3 * REFRESH_MS;

/**
 * Ensures that one process at a time uses a data folder, by a file that names its holder. A file and
 * not a listening socket: a data folder is often a volume, where a socket's name is left behind by a
 * crash as well, is limited to some 100 characters, and tells another container nothing.
 *
 * A holder in the same process namespace is recognized by process id and start time, so a restart
 * after a crash continues at once. A holder in another container or on another machine can't be seen:
 * it shows that it is alive by touching the file.
 *
 * @param onLost called when another process has taken the folder, which happens to one that was
 *   suspended for a minute: it must not write any more
 * @throws DataDirUnavailableError when another instance holds the folder, or it is not writable
 */
export async function lockDataDir(
  dataDir: string,
  onLost: () => void,
  options: LockOptions = thisMachine(),
): Promise<DataDirLock> {
  const path = join(dataDir, LOCK_FILE);
  const self: LockHolder = {
    token: randomUUID(),
    pid: options.pid,
    host: options.host,
    bootId: options.bootId,
    startTime: options.startTimeOf(options.pid) ?? '',
    pidNamespace: options.pidNamespace,
  };
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const taken = (await create(path, self)) || (await takeOver(path, dataDir, self, options));
    if (!taken) throw await inUse(path, dataDir);
  } catch (error) {
    if (error instanceof DataDirUnavailableError) throw error;
    throw new DataDirUnavailableError(
      `The data folder ${dataDir} can't be used (${codeOf(error) ?? 'unknown error'}). Please make it writable for the user that the proxy runs as, or set dataDir in the configuration to another folder.`,
      { cause: error },
    );
  }
  const timer = setInterval(() => {
    // A failed touch is made up for by the next one.
    touch(path, self, options).then(
      (held) => {
        if (held) return;
        clearInterval(timer);
        onLost();
      },
      () => undefined,
    );
  }, REFRESH_MS);
  timer.unref();
  return {
    release: async () => {
      clearInterval(timer);
      if ((await holderOf(path))?.token === self.token) await rm(path, { force: true });
    },
  };
}

/** @returns false when another process holds the lock */
async function touch(path: string, self: LockHolder, options: LockOptions): Promise<boolean> {
  if ((await holderOf(path))?.token !== self.token) return false;
  const time = new Date(options.now());
  await utimes(path, time, time);
  return true;
}

/**
 * Tells who holds a data folder, without touching or waiting for anything.
 *
 * @throws as `node:fs` does, except for a missing folder
 */
export async function inspectLock(
  dataDir: string,
  options: LockOptions = thisMachine(),
): Promise<LockReading> {
  const path = join(dataDir, LOCK_FILE);
  const touched = await touchedAt(path);
  if (touched === undefined) return { kind: 'free' };
  const holder = await holderOf(path);
  const abandoned = isOfOtherContainer(holder, options)
    ? options.now() - touched > UNTOUCHED_MS
    : await isAbandoned(path, holder, options);
  return abandoned ? { kind: 'left-behind' } : { kind: 'held', holder: nameOf(holder) };
}

/** On this machine since its last start, but with other process ids. */
function isOfOtherContainer(
  holder: LockHolder | undefined,
  { host, bootId, pidNamespace }: LockOptions,
): boolean {
  return holder?.host === host && holder.bootId === bootId && holder.pidNamespace !== pidNamespace;
}

/** @returns false when the file exists already */
async function create(path: string, self: LockHolder): Promise<boolean> {
  try {
    await writeFile(path, `${JSON.stringify(self)}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Takes the folder over from a dead holder. One process at a time: between reading a lock and removing
 * it another one may have taken over, whose lock would be removed.
 *
 * @returns false when another process has taken it
 * @throws DataDirUnavailableError when the holder is alive, or another process is taking over
 */
async function takeOver(
  path: string,
  dataDir: string,
  self: LockHolder,
  options: LockOptions,
): Promise<boolean> {
  const holder = await holderOf(path);
  if (!(await isAbandoned(path, holder, options))) throw await inUse(path, dataDir);
  const turn = `${path}.takeover`;
  if (!(await create(turn, self))) {
    // Left behind by a process that died here; the next start continues.
    if (await isOld(turn, options)) await rm(turn, { force: true });
    throw await inUse(path, dataDir);
  }
  try {
    const unchanged =
      (await touchedAt(path)) !== undefined && (await holderOf(path))?.token === holder?.token;
    if (unchanged) await rm(path);
    return await create(path, self);
  } finally {
    await rm(turn, { force: true });
  }
}

async function isAbandoned(
  path: string,
  holder: LockHolder | undefined,
  options: LockOptions,
): Promise<boolean> {
  const { pid, host, bootId, pidNamespace, startTimeOf, sleep } = options;
  if (holder?.host === host) {
    if (holder.bootId !== bootId) return true;
    if (holder.pidNamespace !== pidNamespace) {
      const touched = await touchedAt(path);
      await sleep(UNTOUCHED_MS);
      return touched === (await touchedAt(path));
    }
    const startTime = startTimeOf(holder.pid);
    // Without start times, our own id in a lock that we did not write is a coincidence.
    return (
      startTime === undefined ||
      (startTime === '' ? holder.pid === pid : startTime !== holder.startTime)
    );
  }
  return isOld(path, options);
}

/** Whether a file was not touched for so long that its writer is dead. */
async function isOld(path: string, { now }: LockOptions): Promise<boolean> {
  const touched = await touchedAt(path);
  return touched === undefined || now() - touched > ABANDONED_MS;
}

/** Milliseconds since the epoch; undefined when the lock is gone. */
async function touchedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** @returns undefined when the lock is missing, damaged, or just being written */
async function holderOf(path: string): Promise<LockHolder | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    // JSON's errors have no code.
    if ([undefined, 'ENOENT'].includes(codeOf(error))) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { token, pid, host, bootId, startTime, pidNamespace } = value as Partial<
    Record<string, unknown>
  >;
  return typeof token === 'string' &&
    typeof pid === 'number' &&
    typeof host === 'string' &&
    typeof bootId === 'string' &&
    typeof startTime === 'string' &&
    typeof pidNamespace === 'string'
    ? { token, pid, host, bootId, startTime, pidNamespace }
    : undefined;
}

async function inUse(path: string, dataDir: string): Promise<DataDirUnavailableError> {
  const who = nameOf(await holderOf(path));
  return new DataDirUnavailableError(
    `The data folder ${dataDir} is in use by ${who}. Only one instance of the proxy may work on it: stop the other one (one that crashed on another host is waited for at most ${ABANDONED_MS / 1000} s), or give this one a dataDir of its own.`,
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

/** @returns '' where there is no such thing: not on Linux */
function fromProc(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** On Linux in clock ticks since the machine started: the 22nd field of `stat`. */
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
    // It is alive, but belongs to another user.
    return codeOf(error) === 'EPERM' ? '' : undefined;
  }
}
