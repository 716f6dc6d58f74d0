import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandLine } from '../support/command-line.js';
import { ALICES_DATASET, eventually, TestService } from '../support/service.js';

let service: TestService;
let shell: CommandLine;
let runs: string;
let waits: string;

beforeAll(async () => {
  service = await TestService.start({
    yaml: 'task: { maxConcurrency: 1, pollInterval: 1 }',
    pollSeconds: 0.1,
  });
  await service.ready();
  shell = await CommandLine.beside(service);
  service.holdTasks();
  runs = await service.accepted();
  waits = await service.accepted({ scicatPid: service.addDataset('second') });
  await service.reaches(runs, '002');
  await service.reaches(waits, '001');
  // Nothing more is written after the message that the task is in Globus's queue.
  await eventually(
    () =>
      service.tracker.status().pendingWrites === 0 &&
      service.job(runs).statusMessage.includes('queued at Globus'),
    'all is written',
  );
});

afterEach(() => {
  service.scicat.faults.clear();
});

afterAll(async () => {
  await shell.close();
  await service.stop();
});

interface Poll {
  readonly readAt: string;
  readonly error?: string;
  readonly transfers?: readonly {
    readonly transferId: string;
    readonly state: string;
    readonly message: string;
  }[];
}

const polls = (out: string): readonly Poll[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Poll);

describe('transfers', () => {
  it('shows the open ones while the service runs, oldest first, with state and reason', async () => {
    const { code, out, err } = await shell.run(['transfers']);
    expect([code, err]).toEqual([0, '']);
    const [summary, first, second] = out.split('\n\n');
    expect(summary).toBe('2 open transfers: 1 transferring, 1 waiting');
    expect(first).toContain(`${ALICES_DATASET}, by alice (group1)`);
    expect(first).toContain('SOURCE /group1/run1 → ARCHIVE /archive/alices-run');
    expect(first).toContain(`job ${runs}, Globus task `);
    expect(second).toContain('  the service runs at most 1 transfer at a time');
    expect(second).toContain(`job ${waits}, no Globus task`);
  });

  it('prints one line of JSON for scripts', async () => {
    const { out } = await shell.run(['transfers', '--json']);
    expect(polls(out)).toEqual([
      {
        readAt: expect.stringMatching(/^\d{4}-.*Z$/),
        transfers: [
          expect.objectContaining({ transferId: runs, state: 'transferring' }),
          expect.objectContaining({ transferId: waits, state: 'waiting' }),
        ],
      },
    ]);
  });

  it('writes nothing anywhere and takes no lock', async () => {
    const files = readdirSync(service.config.dataDir, { recursive: true });
    const before = service.scicat.requests.length;
    await shell.run(['transfers']);
    const changed = service.scicat.requests
      .slice(before)
      .filter(({ method }) => method !== 'GET')
      .map(({ path }) => path);
    // The command's own login; the service has one already.
    expect(changed).toEqual(['/api/v3/auth/login']);
    expect(readdirSync(service.config.dataDir, { recursive: true })).toEqual(files);
  });

  it('says why it fails, with exit code 1', async () => {
    service.scicat.faults.outage(true);
    expect(await shell.run(['transfers'])).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/could not log in to SciCat/),
    });
    service.scicat.faults.clear();
    const wrong = await shell.run(['transfers'], {
      env: { SCICAT_SERVICE_USER_PASSWORD: 'wrong-password' },
    });
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringMatching(/SCICAT_SERVICE_USER/)]);
    expect(wrong.err).not.toContain('wrong-password');
  });

  it.each([['0'], ['-1'], ['x'], ['1e9'], ['']])('--watch %j is a usage error', async (seconds) => {
    const { code, out } = await shell.run(['transfers', `--watch=${seconds}`]);
    expect([code, out]).toEqual([2, '']);
  });
});

describe('transfers --watch', () => {
  /** Runs the command until `enough` of its output is there, then presses Ctrl-C. */
  async function watched(
    argv: readonly string[],
    enough: (out: string) => boolean,
    redraws = false,
  ) {
    const interrupt = new AbortController();
    let out = '';
    const { code, err } = await shell.run(['transfers', '--watch', '1', ...argv], {
      redraws,
      interrupted: interrupt.signal,
      out: (text) => {
        out += text;
        if (enough(out)) interrupt.abort();
      },
    });
    return { code, err, out };
  }

  it('polls until Ctrl-C, and goes on while SciCat is down', async () => {
    let failed = false;
    const { code, err, out } = await watched(['--json'], (text) => {
      const all = polls(text);
      if (all.length === 1) service.scicat.faults.outage(true);
      if (all.at(-1)?.error !== undefined) {
        failed = true;
        service.scicat.faults.clear();
      }
      return failed && all.at(-1)?.transfers !== undefined;
    });
    expect([code, err]).toEqual([0, '']);
    expect(
      polls(out).map(({ error, transfers }) => error !== undefined || transfers?.length),
    ).toEqual(expect.arrayContaining([2, true, 2]));
  });

  it('appends each poll where output cannot be erased', async () => {
    const { out } = await watched([], (text) => text.split('2 open transfers').length === 3);
    expect(out).not.toContain('\u001b');
    expect(out.match(/^\d{4}-.*Z$/gm)).toHaveLength(2);
  });

  it('redraws on a terminal', async () => {
    const { out } = await watched([], (text) => text.split('2 open transfers').length === 3, true);
    expect(out.split('\u001b[H\u001b[2J')).toHaveLength(3);
    expect(out).toContain('every 1 s until Ctrl-C');
  });

  it('ends also while it waits for SciCat', async () => {
    service.scicat.faults.add({ match: { path: '/jobs$' }, effect: { type: 'hang' } });
    const interrupt = new AbortController();
    const seen = service.scicat.requests.length;
    const running = shell.run(['transfers', '--watch'], { interrupted: interrupt.signal });
    await eventually(
      () => service.scicat.requests.slice(seen).some(({ path }) => path.endsWith('/jobs')),
      'SciCat is asked',
    );
    interrupt.abort();
    expect((await running).code).toBe(0);
  });
});
