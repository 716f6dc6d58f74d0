import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

test('each safeguard stands where the list says, or nobody could try what happens without it', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['scripts/mutate-safeguards.mjs', '--list'],
    { encoding: 'utf8', timeout: 30_000 },
  );
  expect({ status, stdout }).toMatchObject({ status: 0 });
  const names = stdout.split('\n').filter((line) => /^\S/.test(line));
  expect(names.length).toBeGreaterThan(20);
  const table = readFileSync('docs/reliability.md', 'utf8');
  expect(names.filter((name) => !table.includes(`| \`${name}\` `))).toEqual([]);
});
