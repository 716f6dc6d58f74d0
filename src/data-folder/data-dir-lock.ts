import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LockReading } from '../ports/data-folder-probe.port.js';
import { ProxyError } from '../errors/proxy-error.js';
import { codeOf } from '../errors/system-error.js';

/** Another instance works on the same `dataDir`, or nothing can be written there. */
export class DataDirUnavailableError extends ProxyError {
  readonly code = 'CONFIGURATION';
  readonly retryable = true;
}

/** The hold on a data folder. */
export interface DataDirLock {
  /** Lets go of the folder; may be called twice. */
  release(): Promise<void>;
}

/** Who holds a lock: enough to tell whether that process still lives. */
export interface LockHolder {
  /** Made for each lock, so that nobody takes another's lock for their own. */
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** Changes with every start of the machine; '' where the system does not tell. */
  readonly bootId: string;
  /** When the process started, by the machine's own count; '' where the system does not tell. */
  readonly startTime: string;
  /**
   * Where the process id means something: containers may share a host name, and each has a process
   * 1 of its own. '' where the system knows no such thing.
   */
  readonly pidNamespace: string;
}

/** What the lock asks of the machine; replaced in tests. */
export interface LockOptions {
  readonly pid: number;
  readonly host: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  /** Start time of a living process, '' if only its being alive is known, undefined if it is dead. */
  readonly startTimeOf: (pid: number) => string | undefined;
  /** Wall clock in milliseconds since the epoch: it is compared with the age of a file. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const LOCK_FILE = 'lock';
const REFRESH_MS = 5_000;
/** A lock of another machine counts as left behind when it is older than this. */
const ABANDONED_MS = 60_000;
/** A lock of another container on this machine counts as left behind when it isn't touched so long. */
const UNTOUCHED_MS = 3 * REFRESH_MS;

/**
 * Makes sure that one process at a time works on a data folder: a file that says who holds it. It
 * is a file and not a listening socket, because a data folder is often a volume: a socket's name
 * has to be cleaned away in just the same way after a crash, is limited to some 100 characters,
 * and tells nothing to another container, which sees the file but not the process.
 *
 * A holder that lives where this process does is asked for by process id and start time, so a
 * restart after a crash goes on at once. A holder in another container or on another machine can't be
 * asked for: it shows that it lives by touching the file.
 *
 * @param onLost told when somebody else has taken the folder, which happens to a process that stood
 *   still for a minute (a suspended machine): it must not write any more
 * @throws DataDirUnavailableError when another instance holds the folder, or it is not writable
 */
export async function lockDataDir(
  dataDir: string,
  onLost: () => void,
  surroundings: LockOptions = thisMachine(),
): Promise<DataDirLock> {
  const path = join(dataDir, LOCK_FILE);
  const self: LockHolder = {
    token: randomUUID(),
    pid: surroundings.pid,
    host: surroundings.host,
    bootId: surroundings.bootId,
    startTime: surroundings.startTimeOf(surroundings.pid) ?? '',
    pidNamespace: surroundings.pidNamespace,
  };
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const taken = (await create(path, self)) || (await takeOver(path, dataDir, self, surroundings));
    if (!taken) throw await inUse(path, dataDir);
  } catch (error) {
    if (error instanceof DataDirUnavailableError) throw error;
    throw new DataDirUnavailableError(
      `The data folder ${dataDir} can't be used (${codeOf(error) ?? 'unknown error'}). Please make it writable for the user that the proxy runs as, or set dataDir in the configuration to another folder.`,
      { cause: error },
    );
  }
  const timer = setInterval(() => {
    // A touch that fails is made up for by the next one.
    touch(path, self, surroundings).then(
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

/** @returns false when the lock is somebody else's */
async function touch(path: string, self: LockHolder, surroundings: LockOptions): Promise<boolean> {
  if ((await holderOf(path))?.token !== self.token) return false;
  const time = new Date(surroundings.now());
  await utimes(path, time, time);
  return true;
}

/**
 * Who holds a data folder, at a glance: nothing is touched, and nobody is waited for.
 *
 * @throws as `node:fs` does, except for a folder that is not there
 */
export async function lookAtLock(
  dataDir: string,
  surroundings: LockOptions = thisMachine(),
): Promise<LockReading> {
  const path = join(dataDir, LOCK_FILE);
  const touched = await touchedAt(path);
  if (touched === undefined) return { kind: 'free' };
  const holder = await holderOf(path);
  const abandoned = isOfOtherContainer(holder, surroundings)
    ? surroundings.now() - touched > UNTOUCHED_MS
    : await isAbandoned(path, holder, surroundings);
  return abandoned ? { kind: 'left-behind' } : { kind: 'held', holder: nameOf(holder) };
}

/** On this machine, since it started, where process ids mean something else. */
function isOfOtherContainer(
  holder: LockHolder | undefined,
  { host, bootId, pidNamespace }: LockOptions,
): boolean {
  return holder?.host === host && holder.bootId === bootId && holder.pidNamespace !== pidNamespace;
}

/** @returns false when the file is there already */
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
 * Takes the folder over from a holder that does not live any more. One at a time: between looking at
 * a lock and removing it another process may have taken over, whose lock would be removed.
 *
 * @returns false when somebody else has got it
 * @throws DataDirUnavailableError when the holder lives, or somebody else is just taking over
 */
async function takeOver(
  path: string,
  dataDir: string,
  self: LockHolder,
  surroundings: LockOptions,
): Promise<boolean> {
  const holder = await holderOf(path);
  if (!(await isAbandoned(path, holder, surroundings))) throw await inUse(path, dataDir);
  const turn = `${path}.takeover`;
  if (!(await create(turn, self))) {
    // Who died in the middle of it has left this behind, for the next start to go on.
    if (await isOld(turn, surroundings)) await rm(turn, { force: true });
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
  surroundings: LockOptions,
): Promise<boolean> {
  const { pid, host, bootId, pidNamespace, startTimeOf, sleep } = surroundings;
  if (holder?.host === host) {
    if (holder.bootId !== bootId) return true;
    if (holder.pidNamespace !== pidNamespace) {
      const touched = await touchedAt(path);
      await sleep(UNTOUCHED_MS);
      return touched === (await touchedAt(path));
    }
    const startTime = startTimeOf(holder.pid);
    // Where no start time is known, our own id in a lock that we did not write is a coincidence.
    return (
      startTime === undefined ||
      (startTime === '' ? holder.pid === pid : startTime !== holder.startTime)
    );
  }
  return isOld(path, surroundings);
}

/** Whether a file was not touched for so long that whoever wrote it is gone. */
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

/** @returns undefined when there is no lock, or one that is just being written, or damaged */
async function holderOf(path: string): Promise<LockHolder | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    // Code or none: a file that is not there, or not JSON. Anything else shows when it is written.
    if (codeOf(error) === undefined || codeOf(error) === 'ENOENT') return undefined;
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
    bootId: bootIdOfLinux(),
    pidNamespace: pidNamespaceOfLinux(),
    startTimeOf: startTimeOfProcess,
    now: Date.now,
    sleep: delay,
  };
}

function bootIdOfLinux(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function pidNamespaceOfLinux(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Linux counts it in clock ticks since the machine started: the 22nd field of `stat`. */
function startTimeOfProcess(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field is the program's name in parentheses, and may hold blanks itself.
      return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    } catch {
      return undefined;
    }
  }
  try {
    process.kill(pid, 0);
    return '';
  } catch (error) {
    // It lives, but belongs to somebody else.
    return codeOf(error) === 'EPERM' ? '' : undefined;
  }
}
