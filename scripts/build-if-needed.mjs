/**
 * Builds the service (`dist/`) and the sandbox (`dist-sandbox/`), or the npm scripts given as
 * arguments. Skips those whose output is newer than its sources. Builds run in parallel.
 */
import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** Sources that all builds depend on. */
const shared = ['package-lock.json', 'tsconfig.json'];
const builds = [
  {
    script: 'build',
    built: 'dist/main.js',
    sources: ['src', 'scripts/bundle.mjs', 'tsconfig.build.json', ...shared],
  },
  {
    script: 'build:sandbox',
    built: 'dist-sandbox/main.js',
    sources: ['sandbox', 'tsconfig.sandbox.json', ...shared],
  },
  {
    script: 'build:bench',
    built: 'dist-bench/bench/main.js',
    sources: ['bench', 'sandbox', 'tsconfig.bench.json', ...shared],
  },
];

/** Time of the newest change in a file or folder. A folder's own time shows removed files. */
function newest(path) {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function isNeeded({ built, sources }) {
  const builtAt = statSync(join(root, built), { throwIfNoEntry: false })?.mtimeMs;
  return builtAt === undefined || sources.some((source) => newest(join(root, source)) > builtAt);
}

function run(script) {
  return new Promise((done) => {
    const child = spawn('npm', ['run', '--silent', script], { cwd: root, stdio: 'inherit' });
    child.on('error', (error) => {
      console.error(`Could not start npm: ${error.message}`);
      done(1);
    });
    child.on('exit', (code) => {
      if (code !== 0) console.error(`npm run ${script} failed.`);
      done(code ?? 1);
    });
  });
}

const named = process.argv.slice(2);
const wanted = named.length > 0 ? named : ['build', 'build:sandbox'];
const codes = await Promise.all(
  builds
    .filter(({ script }) => wanted.includes(script))
    .filter(isNeeded)
    .map(({ script }) => run(script)),
);
process.exitCode = Math.max(0, ...codes);
