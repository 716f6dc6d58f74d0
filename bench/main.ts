import { mkdirSync, writeFileSync } from 'node:fs';
import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { type ProgramContext, runProgram } from '../sandbox/world/run-program.js';
import { type BenchArguments, type Group, HELP, readArguments } from './arguments.js';
import { hostileBench } from './hostile.bench.js';
import { listsBench } from './lists.bench.js';
import { markdownOf, missesOf, resultsOf, tableOf } from './report.js';
import { requestBench } from './request.bench.js';
import type { Figure } from './support/figures.js';
import type { Bench, BenchRun } from './support/run.js';
import { startBenchWorld } from './support/world.js';
import { startBench } from './start.bench.js';
import { judge } from './targets.js';
import { trackingBench } from './tracking.bench.js';

const BENCHES: Readonly<Record<Group, Bench>> = {
  request: requestBench,
  tracking: trackingBench,
  lists: listsBench,
  start: startBench,
  hostile: hostileBench,
};

await runProgram(async (context) => {
  const options = readArguments(process.argv.slice(2));
  switch (options.kind) {
    case 'help':
      process.stdout.write(HELP);
      return 0;
    case 'wrong':
      process.stderr.write(`${options.message}\n\n${HELP}`);
      return 2;
    case 'run':
      return measure(context, options);
  }
});

async function measure(
  context: ProgramContext,
  options: Extract<BenchArguments, { kind: 'run' }>,
): Promise<number> {
  const started = performance.now();
  const profileFolder =
    options.profileFolder === undefined ? undefined : resolve(options.profileFolder);
  if (profileFolder !== undefined) mkdirSync(profileFolder, { recursive: true });
  setMaxListeners(0, context.signal);
  const stopped = new Promise<never>((_resolve, reject) => {
    context.signal.addEventListener('abort', () => {
      reject(context.signal.reason as Error);
    });
  });
  const { cleanUp } = context;
  const run: BenchRun = {
    cleanUp,
    latencies: options.latencies,
    repetitions: options.repetitions,
    short: options.short,
    profileFolder,
    progress: (text) => {
      process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0)} s  ${text}\n`);
    },
    startWorld: () => startBenchWorld(cleanUp),
  };
  const figures = await Promise.race([all(options.groups, run), stopped]);
  const judgements = judge(figures);
  const lines = (options.markdown ? markdownOf : tableOf)(figures, judgements);
  console.log(`\n${lines.join('\n')}\n`);
  if (options.out !== undefined) {
    const results = resultsOf(figures, judgements, options.repetitions);
    writeFileSync(options.out, `${JSON.stringify(results, null, 2)}\n`);
    console.log(`The results are in ${options.out}.`);
  }
  const misses = missesOf(judgements);
  const took = `${((performance.now() - started) / 1000).toFixed(0)} s`;
  if (misses.length === 0) {
    console.log(`All ${judgements.length} targets are met (${took}).`);
    return 0;
  }
  console.log(`${misses.length} of ${judgements.length} targets are missed (${took}):`);
  for (const miss of misses) console.log(`  ✗ ${miss}`);
  return 1;
}

/** One group after the other; but counts bear it that they are measured at the same time. */
async function all(groups: readonly Group[], run: BenchRun): Promise<readonly Figure[]> {
  if (run.short) {
    const peaceful = groups.filter((group) => group !== 'hostile');
    const counted = (await Promise.all(peaceful.map((group) => BENCHES[group](run)))).flat();
    // No count bears an attack beside it.
    return groups.includes('hostile') ? [...counted, ...(await hostileBench(run))] : counted;
  }
  const figures: Figure[] = [];
  for (const group of groups) {
    figures.push(...(await BENCHES[group](run)));
    await run.cleanUp.run();
  }
  return figures;
}
