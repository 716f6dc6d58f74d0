import { describe, expect, it } from '@jest/globals';
import { findingsOf, goodDataFolder, settings } from '../../test/support/fake-probes.js';
import { dataFolderChecks } from './data-folder-checks.js';
import type { DataFolderProbe } from './probes/data-folder-probe.js';

const DATA_DIR = '/var/lib/proxy';

async function findings(
  parts: Partial<DataFolderProbe> = {},
  options: { readonly write?: boolean; readonly unset?: readonly string[] } = {},
) {
  const probe = goodDataFolder(parts);
  const checks = dataFolderChecks(DATA_DIR, {
    dataFolder: probe,
    settings: settings(options.unset),
    user: 'user 1000',
    write: options.write ?? false,
  });
  const found = await findingsOf(checks);
  return { found, asked: probe.asked };
}

const MIB = 1024 * 1024;
const unusable = { kind: 'unusable', path: DATA_DIR, code: 'EACCES' } as const;

describe('the data folder', () => {
  it.each<[string, Partial<DataFolderProbe>, 'ok' | 'unclear', string]>([
    ['free', {}, 'ok', 'Writable by user 1000, and not in use.'],
    [
      'in use',
      { lock: () => Promise.resolve({ kind: 'held', holder: 'process 7 on host a' }) },
      'ok',
      'Writable by user 1000, and in use by the running service (process 7 on host a).',
    ],
    [
      'left by a crash',
      { lock: () => Promise.resolve({ kind: 'left-behind' }) },
      'ok',
      'Writable by user 1000, and not in use; a lock left by a service that no longer runs will be taken over at the next start.',
    ],
    [
      'part of a container',
      { volatility: () => 'It will be lost.' },
      'unclear',
      'Writable by user 1000, and not in use. It will be lost.',
    ],
    [
      'not there yet',
      { folder: () => Promise.resolve({ kind: 'missing', parent: '/var/lib' }) },
      'unclear',
      'It does not exist yet. The service creates it in /var/lib, where user 1000 may write.',
    ],
  ])('%s', async (_what, parts, outcome, message) => {
    const { found, asked } = await findings(parts);
    expect(found[0]).toMatchObject({ check: 'data-folder', subject: DATA_DIR, outcome, message });
    expect(asked).not.toContain('tryToWrite');
  });

  it("that can't be used: names the obstacle and the line of the setting", async () => {
    const { found } = await findings({ folder: () => Promise.resolve(unusable) });
    expect(found).toEqual([
      {
        check: 'data-folder',
        subject: DATA_DIR,
        outcome: 'broken',
        message: `Not usable by user 1000: ${DATA_DIR} (EACCES).`,
        advice:
          "Make it a folder that the service's user may write to, or change dataDir (/proxy.yaml:7). If the service runs as a different user from user 1000, run doctor as that user.",
      },
      expect.objectContaining({ check: 'data-space', outcome: 'skipped' }),
    ]);
  });

  it('--write finds problems that permissions do not show', async () => {
    const { found } = await findings(
      { tryToWrite: () => Promise.resolve({ ...unusable, code: 'EROFS' }) },
      { write: true, unset: ['dataDir'] },
    );
    expect(found[0]).toMatchObject({
      outcome: 'broken',
      message: `Not usable by user 1000: ${DATA_DIR} (EROFS).`,
      advice: expect.stringContaining('or set dataDir in the configuration') as unknown,
    });
  });

  it.each([
    [1024 * MIB, undefined, 'ok', '1024 MiB free.'],
    [512 * MIB, 1_000_000, 'ok', '512 MiB free.'],
    [511 * MIB, undefined, 'unclear', 'Low disk space: 511 MiB free.'],
    [1024 * MIB, 99, 'unclear', 'Low disk space: 1024 MiB and 99 inodes free.'],
    [15 * MIB, undefined, 'broken', 'No space for file lists: 15 MiB free.'],
    [1024 * MIB, 0, 'broken', 'No space for file lists: 1024 MiB and 0 inodes free.'],
  ])('%d bytes and %p files free: %s', async (freeBytes, freeFiles, outcome, message) => {
    const { found } = await findings({ space: () => Promise.resolve({ freeBytes, freeFiles }) });
    expect(found[1]).toMatchObject({ check: 'data-space', outcome, message });
  });
});
