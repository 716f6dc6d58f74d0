import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CleanUp } from '../../sandbox/world/clean-up.js';
import { type Remote, remote } from './remote.js';

const STOP_TIMEOUT_MS = 20_000;

/** Starts a module of the benchmark in a process of its own, whose functions can be called then. */
export function startChild<T extends object>(
  cleanUp: CleanUp,
  module: URL,
  name: string,
): Remote<T> {
  const child = fork(fileURLToPath(module), { serialization: 'advanced' });
  endWith(cleanUp, child, name);
  return remote<T>(child);
}

/** Has a process ended with everything else. */
export function endWith(cleanUp: CleanUp, child: ChildProcess, name: string): void {
  cleanUp.add({
    name,
    remove: () => end(child),
    abandon: () => {
      child.kill('SIGKILL');
    },
  });
}

/** SIGTERM, then SIGKILL for one that does not listen. May be called twice. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = new AbortController();
  await Promise.race([
    closed,
    delay(STOP_TIMEOUT_MS, undefined, { signal: patience.signal }).catch(() => undefined),
  ]);
  patience.abort();
  child.kill('SIGKILL');
  await closed;
}
