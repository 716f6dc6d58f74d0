/**
 * Kills the service before and after every upstream call, and writes the outcomes to the tables in
 * docs/reliability.md. Takes some minutes.
 *
 * npm run build && node scripts/crash-matrix.mjs [--rows FILE]
 *
 * --rows   uses the results of an earlier run (CRASH_ROWS=FILE) and kills nothing
 *
 * Exits with 1 if a guarantee was broken; the table shows which one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdownTable, writeBetweenMarkers } from './markers.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const { values } = parseArgs({ options: { rows: { type: 'string' } } });
const rows = values.rows === undefined ? runAll() : JSON.parse(readFileSync(values.rows, 'utf8'));
writeBetweenMarkers(join(ROOT, 'docs/reliability.md'), 'crash matrix', textOf(rows));
const broken = rows.filter((row) => row.broken.length > 0).length;
console.log(`${rows.length} points, ${broken} with a broken guarantee.`);
process.exitCode = broken === 0 ? 0 : 1;

function runAll() {
  const folder = mkdtempSync(join(tmpdir(), 'crash-rows-'));
  const file = join(folder, 'rows.json');
  try {
    spawnSync(
      process.execPath,
      [
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        'node_modules/jest/bin/jest.js',
        '--selectProjects',
        'e2e',
        '--testPathPatterns',
        'test/e2e/crash/',
      ],
      {
        cwd: ROOT,
        env: { ...process.env, CRASH_EVERY: '1', CRASH_ROWS: file },
        stdio: 'inherit',
      },
    );
    if (!existsSync(file)) throw new Error('The crash matrix produced no results; see its output.');
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One table per scenario, with a row per call: the outcome of a crash before and after it. */
function textOf(all) {
  const lives = [...new Set(all.map(({ life }) => life))];
  return lives
    .map((life) => {
      const own = all.filter((row) => row.life === life);
      const calls = [...new Set(own.map(nameOf))];
      const table = markdownTable(
        ['call', 'killed before it', 'killed after it'],
        calls.map((call) => [
          call,
          ...['before', 'after'].map((when) =>
            cellOf(own.find((row) => nameOf(row) === call && row.when === when)),
          ),
        ]),
      );
      return `#### ${life[0].toUpperCase()}${life.slice(1)}\n\n${table}`;
    })
    .join('\n\n');
}

function nameOf({ call: { name, occurrence } }) {
  const [service, ...rest] = name.split(' ');
  return `${service} \`${rest.join(' ')}\`${occurrence > 1 ? `, no. ${occurrence}` : ''}`;
}

function cellOf(row) {
  if (row === undefined) return 'not tried';
  const told = typeof row.told === 'number' ? `answered ${row.told}` : row.told;
  return row.broken.length === 0
    ? `${told}: ${row.outcome}`
    : `**BROKEN** ${told}: ${row.broken[0]}`;
}
