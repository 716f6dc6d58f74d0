import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compareFolders } from '../../sandbox/demo/compare-folders.js';
import { amountOf, listForTransfer, readFolder } from '../../sandbox/world/folder-entries.js';
import {
  eventually,
  type ServiceOptions,
  startUpstreams,
  TestService,
} from '../support/service.js';

/*
 * The Ingestor lists every folder and every file below it. Globus copies a listed folder with everything
 * in it, so each file would be copied once for each folder around it and once more for itself.
 */

const FILES = [
  'raw/1.h5',
  'raw/deep/2.h5',
  'raw/deep/deeper/3.h5',
  'raw-b/a b.h5',
  'raw.txt',
  'raw /trailing',
  'Größe/試料-01.h5',
  'Größe/🧪/x',
  'Größe-2',
];
const EMPTY_FOLDERS = ['raw/empty', 'nothing'];
const LINKS = { 'raw/latest': 'deep', to: 'raw-b', 'to-nothing': 'gone' };
const BYTES_EACH = 1000;
const SOURCE = 'bbbbbbbb-0000-4000-8000-000000000001';
const TARGET = 'bbbbbbbb-0000-4000-8000-000000000002';
const YAML = 'task: { maxConcurrency: 1, pollInterval: 1 }';
const FACILITIES = `
  - name: LAB
    accessValue: SOURCE
    collection: ${SOURCE}
    direction: SRC
  - name: TAPE
    accessValue: ARCHIVE
    collection: ${TARGET}
    direction: DST
    destinationPath: /in/{{ .Pid }}
`;
const PID = '20.500.12345/listed';
const QUERY = {
  sourceFacility: 'LAB',
  destFacility: 'TAPE',
  scicatPid: PID,
  collectionRootPath: '/data',
};

let folder: string;
let world: Awaited<ReturnType<typeof startUpstreams>>;
let entries: Awaited<ReturnType<typeof readFolder>>;
const running: TestService[] = [];

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'listed-files-')));
  const dataset = join(folder, 'source', 'run');
  for (const file of FILES) {
    await mkdir(dirname(join(dataset, file)), { recursive: true });
    await writeFile(join(dataset, file), 'x'.repeat(BYTES_EACH));
  }
  for (const empty of EMPTY_FOLDERS) await mkdir(join(dataset, empty), { recursive: true });
  for (const [link, target] of Object.entries(LINKS)) await symlink(target, join(dataset, link));
  await mkdir(join(folder, 'target'));
  entries = await readFolder(dataset);
  world = await startUpstreams();
  const { scicat, globus } = world;
  for (const [id, name] of [
    [SOURCE, 'source'],
    [TARGET, 'target'],
  ] as const) {
    globus.machine.addCollection({ id, displayName: name, folder: join(folder, name) });
  }
  // As scicat-cli counts: folders, of 4096 bytes each, and links are among the files.
  scicat.machine.addDataset({
    pid: PID,
    ownerGroup: 'group1',
    sourceFolder: '/data/run',
    size: FILES.length * BYTES_EACH + 8 * 4096,
    numberOfFiles: entries.length,
    datasetlifecycle: { archivable: false, archiveStatusMessage: 'filesNotYetAvailable' },
  });
});

afterEach(async () => {
  for (const service of running.splice(0).reverse()) await service.stop();
  await world.scicat.close();
  await world.globus.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(options: ServiceOptions = {}): Promise<TestService> {
  const service = await TestService.start({
    pollSeconds: 0.05,
    yaml: YAML,
    facilities: FACILITIES,
    upstreams: world,
    ...options,
  });
  running.push(service);
  await service.ready();
  return service;
}

/** What the Ingestor sends. */
const list = () => ({ fileList: listForTransfer(entries) });

const copied = () => world.globus.machine.tasks().filter(({ source }) => source.id === SOURCE);
const items = () => copied().flatMap(({ request }) => request.items.map(({ source }) => source));
const LEAVES = [...FILES, ...EMPTY_FOLDERS, ...Object.keys(LINKS)].map((path) => `/run/${path}`);

async function expectExactCopy(service: TestService, jobId: string): Promise<void> {
  await service.reaches(jobId, '003');
  expect(items().sort()).toEqual(LEAVES.sort());
  const { files, bytes } = amountOf(entries);
  const amounts = {
    bytesTransferred: bytes,
    bytesTotal: bytes,
    filesTransferred: files,
    filesTotal: files,
  };
  expect(service.job(jobId).jobResultObject).toMatchObject(amounts);
  const item = await service.call('GET', `/transfer/${jobId}`, { who: 'alice' });
  expect(item.json).toMatchObject({ status: 'finished', ...amounts });
  const target = join(folder, 'target', 'in', ...PID.split('/'));
  expect((await compareFolders(join(folder, 'source', 'run'), target)).differences).toEqual([]);
}

describe("every file of the Ingestor's list is copied once", () => {
  it('at once, and is never shown as complete before the end', async () => {
    const { life } = world.globus.machine;
    life.bytesPerSecond = 20_000;
    const service = await start();
    const jobId = await service.accepted(QUERY, { body: list() });
    const seen: Record<string, unknown>[] = [];
    await eventually(async () => {
      const { json } = await service.call('GET', `/transfer/${jobId}`, { who: 'alice' });
      seen.push(json as Record<string, unknown>);
      return seen.at(-1)?.['status'] === 'finished';
    }, 'it is finished');
    const before = seen.filter(({ message }) => message === 'transferring');
    expect(before.length).toBeGreaterThan(0);
    for (const { bytesTotal, filesTransferred, filesTotal } of before) {
      // What a list holds is not known before: its entries may be files or folders.
      expect(bytesTotal).toBeUndefined();
      expect(filesTransferred).toBeLessThan(Number(filesTotal));
    }
    await expectExactCopy(service, jobId);
  });

  it.each([
    ['after it has waited', true],
    ['rebuilt from what SciCat knows of the dataset', false],
  ])('%s, by a service that was restarted', async (_how, keepsDataFolder) => {
    const dataDir = join(folder, 'data');
    await mkdir(dataDir);
    const first = await start({ dataDir });
    world.globus.machine.setMaintenance(true);
    const jobId = await first.accepted(QUERY, { body: list() });
    await first.reaches(jobId, '001');
    running.pop();
    await first.stop();
    if (!keepsDataFolder) await rm(join(dataDir), { recursive: true });
    await mkdir(dataDir, { recursive: true });
    world.scicat.machine.addOrigDatablock(PID, entries);
    world.globus.machine.setMaintenance(false);
    const second = await start({ dataDir });
    await expectExactCopy(second, jobId);
  });

  it('and not with transfer.fileList: as-listed, which submits what the Go version did', async () => {
    const service = await start({ yaml: `${YAML}\ntransfer: { fileList: as-listed }` });
    const jobId = await service.accepted(QUERY, { body: list() });
    await service.reaches(jobId, '003');
    expect(items()).toHaveLength(entries.length);
    const { bytes } = amountOf(entries);
    const { bytesTransferred, bytesTotal, filesTransferred, filesTotal } = service.job(jobId)
      .jobResultObject as Record<string, number>;
    expect(bytesTransferred).toBeGreaterThan(bytes);
    expect([bytesTotal, filesTotal]).toEqual([bytesTransferred, filesTransferred]);
  });
});

it('a cancelled transfer is shown as cancelled at once, not at the next poll', async () => {
  const service = await start({ pollSeconds: 3600 });
  world.globus.machine.pause(SOURCE);
  const jobId = await service.accepted(QUERY, { body: list() });
  await service.reaches(jobId, '002');
  const { status } = await service.call('DELETE', `/transfer/${jobId}`, { who: 'alice' });
  expect(status).toBe(200);
  await service.reaches(jobId, '004');
  const { filesTransferred, filesTotal } = service.job(jobId).jobResultObject as Record<
    string,
    number
  >;
  expect(filesTransferred).toBeLessThan(Number(filesTotal));
});
