/**
 * Loaded into the proxy's process before the proxy (`node --import`), to tell the benchmark what only
 * the process itself knows. Does nothing until it is asked.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { offer } from './remote.js';

/** Milliseconds between readings of the clock while the event loop is measured. */
const RESOLUTION_MS = 2;

let delays: IntervalHistogram | undefined;
let profiling: Session | undefined;

/** What the benchmark asks of the proxy's process. */
const controls = {
  /** Processor time of all threads so far, in milliseconds. */
  cpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  /** Bytes; the peak is that since {@link controls.forgetPeak}, or since the start. */
  memory: () => ({ residentBytes: process.memoryUsage.rss(), peakResidentBytes: peakResident() }),
  /** Lets the peak begin anew, where the system can do that. */
  forgetPeak: () => {
    try {
      writeFileSync('/proc/self/clear_refs', '5');
    } catch {
      // Then it is the peak since the start, which is not less.
    }
  },
  /** Bytes that are in use on the heap and beside it, after everything else was collected. */
  liveBytes: () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    collect();
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
  watchEventLoop: () => {
    delays?.disable();
    delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delays.enable();
  },
  /** The longest time for which nothing else could run since {@link controls.watchEventLoop}. */
  longestStallMs: () => {
    delays?.disable();
    return Math.max(0, (delays?.max ?? 0) / 1e6 - RESOLUTION_MS);
  },
  startProfile: async () => {
    profiling = new Session();
    profiling.connect();
    await profiling.post('Profiler.enable');
    await profiling.post('Profiler.setSamplingInterval', { interval: 200 });
    await profiling.post('Profiler.start');
  },
  /** Writes a `.cpuprofile`, as Chrome's developer tools read it. */
  endProfile: async (file: string) => {
    const result = await profiling?.post('Profiler.stop');
    profiling?.disconnect();
    profiling = undefined;
    writeFileSync(file, JSON.stringify(result?.profile));
  },
};

export type ProxyControls = typeof controls;

/** A process forked from a big one would count that one's memory by `resourceUsage`. */
function peakResident(): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}

offer(controls, () => {
  process.kill(process.pid, 'SIGTERM');
});
// When the proxy has nothing left to do, it must end as it does without this.
process.channel?.unref();
