import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startUpstreams, TestService } from '../support/service.js';

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A service whose facilities are changed by replacing parts of the file. */
async function serviceWith(
  changes: readonly (readonly [string, string])[],
  options: Parameters<typeof TestService.start>[0] = {},
): Promise<TestService> {
  const service = await TestService.start({
    pollSeconds: 0.1,
    changeYaml: (text) => changes.reduce((before, change) => before.replace(...change), text),
    ...options,
  });
  cleanUps.push(() => service.stop());
  await service.ready();
  return service;
}

const OF_SOURCE = 'direction: SRC';
const OF_ARCHIVE = 'direction: DST';
const refuses = (facility: string) => [facility, `${facility}\n    symlinks: refuse`] as const;

const LIST_WITH_LINK = {
  fileList: [
    { path: 'raw', isSymlink: false },
    { path: 'raw/1.h5', isSymlink: false },
    { path: 'raw/latest', isSymlink: true },
  ],
};

describe('symbolic links', () => {
  it('in a whole folder are copied as links, which preview and job say', async () => {
    const service = await serviceWith([]);
    expect((await service.preview()).json).toMatchObject({
      copy: { recursiveSymlinks: 'keep' },
      symlinks: 'Symbolic links are copied as links.',
    });
    const jobId = await service.accepted();
    expect(service.globus.machine.tasks()[0]?.request.recursiveSymlinks).toBe('keep');
    expect(service.job(jobId).jobParams).toMatchObject({
      globusTransfer: { symlinks: 'Symbolic links are copied as links.' },
    });
    await service.reaches(jobId, '003');
  });

  it.each([
    ['SOURCE', OF_SOURCE],
    ['ARCHIVE', OF_ARCHIVE],
  ])('are left out of a folder if %s takes none, which preview and job say', async (name, at) => {
    const service = await serviceWith([refuses(at)]);
    expect((await service.preview()).json).toMatchObject({
      copy: { recursiveSymlinks: 'ignore' },
      symlinks: `Symbolic links are left out, because facility "${name}" is configured with "symlinks: refuse".`,
    });
    const jobId = await service.accepted();
    expect(service.globus.machine.tasks()[0]?.request.recursiveSymlinks).toBe('ignore');
    expect(service.job(jobId).jobParams).toMatchObject({
      globusTransfer: { symlinks: 'Symbolic links are left out.' },
    });
    const refused = {
      status: 400,
      json: {
        message: `Entry 2 of the file list, "raw/latest", is a symbolic link, which facility "${name}" does not accept. Remove the symbolic links from the list.`,
      },
    };
    expect(await service.post({}, { body: LIST_WITH_LINK })).toMatchObject(refused);
    expect(await service.preview({}, { body: LIST_WITH_LINK })).toMatchObject(refused);
    expect(service.transferJobs()).toHaveLength(1);
  });

  it('in a list are copied as links; an entry below one is refused, naming both', async () => {
    const service = await serviceWith([]);
    await service.accepted({}, { body: LIST_WITH_LINK });
    const [task] = service.globus.machine.tasks();
    expect(task?.request.items).toContainEqual(
      expect.objectContaining({ kind: 'symlink', source: '/group1/run1/raw/latest' }),
    );
    const below = [
      { path: 'raw', isSymlink: true },
      { path: 'raw-b', isSymlink: false },
      { path: 'raw/1.h5', isSymlink: false },
    ];
    const { status, json } = await service.post({}, { body: { fileList: below } });
    expect([status, json]).toEqual([
      400,
      expect.objectContaining({
        message: expect.stringContaining(
          'contains "raw/1.h5", which is below "raw", a symbolic link',
        ),
      }),
    ]);
  });
});

describe('a folder of its own for every transfer (.TransferKey)', () => {
  const KEYED = ['/archive/{{ .PidShort }}', "'/archive/{{ .Pid }}/{{ .TransferKey }}'"] as const;

  it('is not the same twice; while a transfer is open, its request is repeated, also after a restart', async () => {
    const upstreams = await startUpstreams();
    const dataDir = await mkdtemp(join(tmpdir(), 'proxy-test-'));
    cleanUps.push(
      () => rm(dataDir, { recursive: true, force: true }),
      () => upstreams.scicat.close(),
      () => upstreams.globus.close(),
    );
    const body = LIST_WITH_LINK;
    const first = await TestService.start({
      pollSeconds: 0.1,
      upstreams,
      dataDir,
      changeYaml: (text) => text.replace(...KEYED),
    });
    await first.ready();
    first.holdTasks();
    const jobId = await first.accepted({}, { body });
    await first.reaches(jobId, '002');
    expect(await first.accepted({}, { body })).toBe(jobId);
    expect((await first.preview({}, { body })).json).toMatchObject({
      openJobId: jobId,
      destination: { path: '/archive/20.500.12345/alices-run/{TransferKey}' },
    });
    await first.stop();

    const second = await serviceWith([KEYED], { upstreams, dataDir });
    expect(await second.accepted({}, { body })).toBe(jobId);
    second.releaseTasks();
    await second.reaches(jobId, '003');
    const again = await second.accepted({}, { body });
    expect(again).not.toBe(jobId);
    await second.reaches(again, '003');
    const folders = second.globus.machine
      .tasks()
      .map(
        ({ request }) =>
          /^(\/archive\/.*\/[0-9a-f-]{36})\//.exec(request.items[0]?.destination ?? '')?.[1],
      );
    expect(new Set(folders).size).toBe(2);
    expect(folders).not.toContain(undefined);
  });
});

describe('allowedSourceFolders', () => {
  it('judge the folder that is really copied: /data/group1/p2 must not copy /p2', async () => {
    const service = await serviceWith([
      [
        OF_SOURCE,
        `${OF_SOURCE}
    sourcePath: '/{{ .DatasetFolder }}'
    collectionRootPath: /data
    allowedSourceFolders: ['/data/{{ .OwnerGroup }}']`,
      ],
    ]);
    const scicatPid = service.addDataset('p2', 'group1', '/data/group1/p2');
    const { status, json } = await service.post({ scicatPid });
    expect([status, json]).toEqual([
      400,
      expect.objectContaining({
        message: expect.stringContaining(
          'The files would be copied from "/data/p2" instead of the dataset\'s source folder "/data/group1/p2"',
        ),
      }),
    ]);
    expect([service.transferJobs(), service.globus.machine.tasks()]).toEqual([[], []]);
  });
});
