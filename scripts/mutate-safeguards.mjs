/**
 * Removes each safeguard in turn and expects a test to fail. A safeguard that no test covers will be
 * removed by mistake one day.
 *
 * node scripts/mutate-safeguards.mjs [--list] [--only NAME]... [--write]
 *
 * --list   lists the safeguards and checks that they are where the list says; removes nothing
 * --only   removes only this one; may be repeated
 * --write  updates the table in docs/reliability.md; removes nothing
 *
 * Works on a copy of the tree in a temporary folder. Exits with 1 if no test fails without one of the
 * safeguards, or if one is not where the list says.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdownTable, writeBetweenMarkers } from './markers.mjs';
import { SAFEGUARDS } from './mutate-safeguards.list.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const COPIED = ['src', 'sandbox', 'test', 'package.json', 'jest.config.mjs', 'tsconfig.json'];
const ONE_RUN_MS = 180_000;

const { values } = parseArgs({
  options: {
    list: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    write: { type: 'boolean', default: false },
  },
});
const unknown = values.only.filter((name) => !SAFEGUARDS.some((known) => known.name === name));
if (unknown.length > 0) {
  console.error(`Unknown safeguard: ${unknown.join(', ')}. Use --list to show all of them.`);
  process.exit(2);
}
const chosen = SAFEGUARDS.filter(
  ({ name }) => values.only.length === 0 || values.only.includes(name),
);

if (values.list) {
  for (const safeguard of chosen) {
    const moved = whereabouts(ROOT, safeguard);
    if (moved !== undefined) process.exitCode = 1;
    const { name, keeps, file } = safeguard;
    console.log(`${name}\n  ${keeps}\n  ${moved ?? file}`);
  }
} else if (values.write) {
  const rows = SAFEGUARDS.map(({ name, keeps, file }) => [`\`${name}\``, keeps, `\`${file}\``]);
  writeBetweenMarkers(
    join(ROOT, 'docs/reliability.md'),
    'safeguards',
    markdownTable(['safeguard', 'what it guarantees', 'where'], rows),
  );
} else {
  process.exitCode = tryAll();
}

/** @returns the exit code */
function tryAll() {
  const tree = mkdtempSync(join(tmpdir(), 'safeguards-'));
  try {
    for (const path of COPIED) cpSync(join(ROOT, path), join(tree, path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'), 'dir');
    const untouched = run(tree, [...new Set(chosen.flatMap(({ tests }) => tests))]);
    if (untouched.result !== 'green') {
      console.error('Tests fail even with all safeguards in place, so their results mean nothing.');
      console.error(untouched.output);
      return 1;
    }
    const outcomes = chosen.map((safeguard) => {
      const outcome = tryOne(tree, safeguard);
      console.log(`${safeguard.name.padEnd(34)} ${outcome}`);
      return outcome;
    });
    const bad = outcomes.filter((outcome) => !outcome.startsWith('caught by')).length;
    console.log(
      bad === 0
        ? `All ${outcomes.length} removals were caught by a test.`
        : `${bad} of ${outcomes.length} removals were not caught; see above.`,
    );
    return bad === 0 ? 0 : 1;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** @param {import('./mutate-safeguards.list.mjs').Safeguard} safeguard */
function tryOne(tree, safeguard) {
  const moved = whereabouts(tree, safeguard);
  if (moved !== undefined) return moved;
  const { file, search, replace, tests } = safeguard;
  const path = join(tree, file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replace(search, () => replace),
  );
  try {
    const { result, red, output } = run(tree, tests);
    switch (result) {
      case 'red':
        return `caught by: ${red}`;
      case 'green':
        return 'NOT CAUGHT by any test';
      default:
        return `NO RESULT: the changed program could not be tested\n${output}`;
    }
  } finally {
    writeFileSync(path, text);
  }
}

/**
 * @param {import('./mutate-safeguards.list.mjs').Safeguard} safeguard
 * @returns {string | undefined} what is wrong; undefined if its text occurs exactly once
 */
function whereabouts(tree, { file, search }) {
  const found = readFileSync(join(tree, file), 'utf8').split(search).length - 1;
  return found === 1
    ? undefined
    : `MOVED: its text occurs ${found} times in ${file}; update the list`;
}

/**
 * @param {readonly string[]} tests
 * @returns {{ result: 'green' | 'red' | 'neither', red: string, output: string }}
 */
function run(tree, tests) {
  const report = join(tree, 'report.json');
  rmSync(report, { force: true });
  const { stderr, error } = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--selectProjects',
      'unit',
      'contract',
      '--testPathPatterns',
      ...tests,
      '--testTimeout=10000',
      '--forceExit',
      '--json',
      `--outputFile=${report}`,
    ],
    { cwd: tree, encoding: 'utf8', timeout: ONE_RUN_MS, killSignal: 'SIGKILL' },
  );
  // A run that never ends, for example in a loop, fails too.
  if (error !== undefined) return { result: 'red', red: 'a run that did not end', output: stderr };
  const { success, numRuntimeErrorTestSuites, numTotalTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const output = stderr.slice(-3000);
  if (numRuntimeErrorTestSuites > 0 || numTotalTests === 0) {
    return { result: 'neither', red: '', output };
  }
  if (success) return { result: 'green', red: '', output };
  const failures = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed');
  const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : '';
  return { result: 'red', red: `${failures[0]?.fullName ?? 'a test file'}${more}`, output };
}
