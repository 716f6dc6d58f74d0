import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LocalFileSystem } from './local-file-system.js';
import { item, MachineHarness, pick } from './machine-harness.js';

let base: string;
let harness: MachineHarness;

const source = (path = '') => join(base, 'source', path);
const destination = (path = '') => join(base, 'destination', path);

function put(path: string, content: string | Buffer = path): void {
  mkdirSync(dirname(source(path)), { recursive: true });
  writeFileSync(source(path), content);
}

/** All files below the destination, with their contents; links as `-> target`. */
function copied(path = ''): Record<string, string> {
  const all: Record<string, string> = {};
  for (const name of readdirSync(destination(path)).sort()) {
    const inner = join(path, name);
    const stats = lstatSync(destination(inner));
    if (stats.isSymbolicLink()) all[inner] = `-> ${readlinkSync(destination(inner))}`;
    else if (stats.isDirectory()) Object.assign(all, { [`${inner}/`]: '' }, copied(inner));
    else all[inner] = readFileSync(destination(inner), 'utf8');
  }
  return all;
}

function start(files = new LocalFileSystem()): void {
  harness = new MachineHarness({ files });
  harness.machine.addCollection({ id: 'from', displayName: 'From', folder: source() });
  harness.machine.addCollection({ id: 'to', displayName: 'To', folder: destination() });
  harness.login(['from', 'to']);
}

function copy(items: readonly unknown[], changes: Readonly<Record<string, unknown>> = {}): string {
  return harness.accepted({
    source_endpoint: 'from',
    destination_endpoint: 'to',
    DATA: items,
    ...changes,
  });
}

/** Copies and lets a second pass in steps; gives the task. */
function copyNow(
  items: readonly unknown[],
  changes: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const id = copy(items, changes);
  steps(50);
  return harness.task(id);
}

function steps(count: number): void {
  for (let step = 0; step < count; step += 1) harness.wait(20);
}

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'globus-sandbox-'));
  mkdirSync(source());
  mkdirSync(destination());
  start();
});

afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

describe('a real copy', () => {
  it('of a directory takes everything in it, and makes missing parents', () => {
    put('data/one.txt');
    put('data/sub/two.txt');
    put('data/empty', '');
    mkdirSync(source('data/nothing'));
    const task = copyNow([item('/data/', '/deep/er/', { recursive: true })], {
      verify_checksum: true,
    });
    expect(copied()).toEqual({
      'deep/': '',
      'deep/er/': '',
      'deep/er/empty': '',
      'deep/er/nothing/': '',
      'deep/er/one.txt': 'data/one.txt',
      'deep/er/sub/': '',
      'deep/er/sub/two.txt': 'data/sub/two.txt',
    });
    const bytes = 'data/one.txt'.length + 'data/sub/two.txt'.length;
    expect(task).toMatchObject({
      status: 'SUCCEEDED',
      files: 3,
      directories: 3,
      files_transferred: 3,
      files_skipped: 0,
      bytes_transferred: bytes,
      bytes_checksummed: bytes,
      subtasks_total: 6,
      subtasks_succeeded: 6,
      faults: 0,
    });
  });

  it('of a list takes files, and directories that are not marked as such', () => {
    put('data/one.txt');
    put('data/sub/two.txt');
    symlinkSync('one.txt', source('data/link'));
    const task = copyNow([
      item('/data/one.txt', '/x/one.txt'),
      item('/data/sub', '/x/sub'),
      item('/data/sub/two.txt', '/x/sub/two.txt'),
      item('/data/link', '/x/link', { DATA_TYPE: 'transfer_symlink_item' }),
    ]);
    expect(copied('x')).toEqual({
      'x/link': '-> one.txt',
      'x/one.txt': 'data/one.txt',
      'x/sub/': '',
      'x/sub/two.txt': 'data/sub/two.txt',
    });
    expect(pick(task, 'status', 'bytes_checksummed', 'symlinks', 'directories')).toEqual({
      status: 'SUCCEEDED',
      bytes_checksummed: 0,
      symlinks: 1,
      directories: 1,
    });
  });

  it('keeps the time stamp if asked for', () => {
    put('old');
    utimesSync(source('old'), 1_000_000, 1_000_000);
    copyNow([item('/old', '/kept')], { preserve_timestamp: true });
    copyNow([item('/old', '/new')]);
    expect(statSync(destination('kept')).mtimeMs).toBe(1_000_000_000);
    expect(statSync(destination('new')).mtimeMs).toBeGreaterThan(1_000_000_000);
  });
});

describe('sync_level', () => {
  const longAgo = (path: string) => {
    utimesSync(path, 1, 1);
  };

  it.each<[number, Record<string, string>]>([
    [0, { missing: 'new!', size: 'long', older: 'old!', other: 'old!', same: 'same' }],
    [1, { missing: 'new!', size: 'new!', older: 'old!', other: 'old!', same: 'same' }],
    [2, { missing: 'new!', size: 'new!', older: 'new!', other: 'old!', same: 'same' }],
    [3, { missing: 'new!', size: 'new!', older: 'new!', other: 'new!', same: 'same' }],
  ])('%d copies only what it must', (level, expected) => {
    for (const name of ['missing', 'size', 'older', 'other']) put(`d/${name}`, 'new!');
    put('d/same', 'same');
    mkdirSync(destination('d'));
    writeFileSync(destination('d/size'), 'longer');
    writeFileSync(destination('d/older'), 'old!');
    writeFileSync(destination('d/other'), 'old!');
    writeFileSync(destination('d/same'), 'same');
    longAgo(destination('d/older'));
    longAgo(source('d/other'));
    longAgo(source('d/same'));
    longAgo(source('d/size'));
    const task = copyNow([item('/d', '/d')], { sync_level: level });
    const found = Object.fromEntries(
      Object.entries(copied('d')).map(([path, text]) => [path.slice(2), text.slice(0, 4)]),
    );
    expect(found).toEqual(expected);
    expect(Number(task['files_skipped']) + Number(task['files_transferred'])).toBe(5);
    expect(task['files_skipped']).toBe(4 - level);
  });
});

describe('the list of copied files', () => {
  const list = (id: string, query = '') =>
    harness.send('GET', `/v0.10/task/${id}/successful_transfers${query}`);

  it('exists once the task has ended, without folders and without what was there before', () => {
    put('d/new');
    put('d/same');
    mkdirSync(destination('e'));
    writeFileSync(destination('e/same'), 'd/same');
    const id = copy([item('/d/', '/e/', { recursive: true })], { sync_level: 1 });
    steps(50);
    expect(list(id)).toMatchObject({
      status: 200,
      body: {
        DATA_TYPE: 'successful_transfers',
        marker: 0,
        next_marker: null,
        DATA: [
          {
            DATA_TYPE: 'successful_transfer',
            source_path: '/d/new',
            destination_path: '/e/new',
          },
        ],
      },
    });
  });

  it('does not exist while the task runs', () => {
    const id = copy([item('/missing', '/missing')]);
    expect(list(id)).toMatchObject({ status: 400, body: { code: 'ClientError.BadRequest' } });
  });

  it('comes in pages, each with the marker of the next', () => {
    for (let number = 0; number < 1_001; number += 1) put(`d/${number}`, 'x');
    const id = copy([item('/d/', '/e/', { recursive: true })]);
    steps(400);
    const first = list(id).body;
    expect([(first['DATA'] as unknown[]).length, first['next_marker']]).toEqual([1000, 1000]);
    const second = list(id, '?marker=1000').body;
    expect([(second['DATA'] as unknown[]).length, second['next_marker']]).toEqual([1, null]);
    expect(list(id, '?marker=-1').status).toBe(400);
  });
});

describe('ls', () => {
  const ls = (query: string) =>
    harness.send('GET', `/v0.10/operation/endpoint/from/ls?path=/d/&${query}`);
  const names = (query: string) =>
    (ls(query).body['DATA'] as readonly { readonly name: string }[]).map(({ name }) => name);

  beforeEach(() => {
    put('d/a.txt', '1');
    put('d/b.dat', '22');
    put('d/sub/c');
  });

  it.each([
    ['filter=', ['a.txt', 'b.dat', 'sub']],
    ['filter=name:~*.txt', ['a.txt']],
    ['filter=name:!=a.txt', ['b.dat', 'sub']],
    ['filter=type:file/name:~*.dat', ['b.dat']],
    ['filter=type:dir&filter=name:~*.txt', ['a.txt', 'sub']],
    ['filter=size:2', ['b.dat']],
    ['filter=last_modified:,2000-01-01', []],
    ['orderby=name%20DESC', ['sub', 'b.dat', 'a.txt']],
    ['orderby=type,name%20DESC', ['sub', 'b.dat', 'a.txt']],
    ['orderby=name%20DESC&limit=1&offset=1', ['b.dat']],
  ])('with %s', (query, expected) => {
    expect(names(query)).toEqual(expected);
  });

  it.each(['filter=color:red', 'filter=name', 'orderby=color', 'orderby=name%20UP'])(
    'refuses %s',
    (query) => {
      expect(ls(query)).toMatchObject({ status: 400, body: { code: 'ClientError.BadRequest' } });
    },
  );

  it('of a file does not show where the files are on this machine', () => {
    const answer = harness.send('GET', '/v0.10/operation/endpoint/from/ls?path=/d/a.txt');
    expect(answer).toMatchObject({
      status: 502,
      body: { code: 'ExternalError.DirListingFailed.NotDirectory' },
    });
    expect(JSON.stringify(answer)).not.toContain(base);
  });
});

describe('trouble with files', () => {
  it('that are missing keeps the task ACTIVE, copies the rest, and heals', () => {
    put('there');
    const task = copyNow([item('/missing', '/missing'), item('/there', '/there')]);
    expect(task).toMatchObject({
      status: 'ACTIVE',
      nice_status: 'FILE_NOT_FOUND',
      faults: 1,
      files_transferred: 1,
      subtasks_total: 2,
      subtasks_retrying: 1,
      subtasks_pending: 1,
    });
    put('missing');
    harness.wait(60_000);
    steps(3);
    expect(copied()).toEqual({ missing: 'missing', there: 'there' });
    expect(harness.task(task['task_id'] as string)).toMatchObject({
      status: 'SUCCEEDED',
      faults: 1,
    });
  });

  it('of a long list, none of which exists, does not end the emulator', () => {
    // More than fit on the stack as arguments of one call. The rule spares the file system.
    const count = 200_000;
    harness.machine.setPathTroubles('from', [
      { path: '/x', access: 'read', code: 'FILE_NOT_FOUND' },
    ]);
    harness.machine.life.pathsPerStep = 2 * count;
    const id = copy(Array.from({ length: count }, (_, at) => item(`/x/${at}`, `/x/${at}`)));
    harness.wait(20);
    expect(harness.task(id)).toMatchObject({ status: 'ACTIVE', faults: count });
    // The second time, it takes up what has failed.
    harness.wait(60_000);
    expect(harness.task(id)).toMatchObject({ status: 'ACTIVE', faults: 2 * count });
  });

  it('of the source is skipped if asked for', () => {
    put('d/good');
    put('d/bad');
    harness.machine.setPathTroubles('from', [
      { path: '/d/bad', access: 'read', code: 'PERMISSION_DENIED' },
    ]);
    const task = copyNow([item('/d', '/d'), item('/gone', '/gone')], { skip_source_errors: true });
    expect(task).toMatchObject({
      status: 'SUCCEEDED',
      subtasks_skipped_errors: 2,
      subtasks_total: 4,
      subtasks_succeeded: 2,
      faults: 0,
    });
    expect(copied()).toEqual({ 'd/': '', 'd/good': 'd/good' });
  });

  it('with a broken copy is found by its checksum and repaired, whatever the sync level', () => {
    put('a', 'right');
    class Corrupting extends LocalFileSystem {
      private first = true;
      override write(path: string, offset: number, bytes: Uint8Array): void {
        super.write(path, offset, this.first ? Buffer.from('wrong') : bytes);
        this.first = false;
      }
    }
    start(new Corrupting());
    const id = copy([item('/a', '/a')], { verify_checksum: true, sync_level: 0 });
    steps(3);
    expect(harness.task(id)).toMatchObject({
      status: 'ACTIVE',
      nice_status: 'VERIFY_CHECKSUM',
      files_transferred: 0,
    });
    harness.wait(60_000);
    steps(3);
    expect(harness.task(id)).toMatchObject({
      status: 'SUCCEEDED',
      bytes_transferred: 5,
      bytes_checksummed: 10,
    });
    expect(copied()).toEqual({ a: 'right' });
  });
});

describe('symbolic links', () => {
  beforeEach(() => {
    put('d/file');
    put('other/inner');
    symlinkSync('file', source('d/link'));
    symlinkSync('../other', source('d/folder'));
  });

  it.each([
    [undefined, { '/file': 'd/file' }],
    ['ignore', { '/file': 'd/file' }],
    ['keep', { '/file': 'd/file', '/folder': '-> ../other', '/link': '-> file' }],
    [
      'copy',
      { '/file': 'd/file', '/folder/': '', '/folder/inner': 'other/inner', '/link': 'd/file' },
    ],
  ])('below a directory, with recursive_symlinks %p', (mode, expected) => {
    const options = mode === undefined ? {} : { recursive_symlinks: mode };
    const task = copyNow([item('/d', '/x')], options);
    expect(task['recursive_symlinks']).toBe(mode ?? 'ignore');
    const found = Object.entries(copied('x')).map(([path, content]) => [path.slice(1), content]);
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  it('in a circle are not followed for ever', () => {
    symlinkSync('.', source('d/self'));
    const task = copyNow([item('/d', '/d')], { recursive_symlinks: 'copy' });
    expect(task).toMatchObject({ status: 'ACTIVE', nice_status: 'INVALID_SYMLINK' });
  });

  it('are followed as items, and copied as symlink items, dangling ones too', () => {
    symlinkSync('nowhere', source('dangling'));
    const link = { DATA_TYPE: 'transfer_symlink_item' };
    const task = copyNow([
      item('/d/link', '/followed'),
      item('/d/link', '/link', link),
      item('/dangling', '/dangling', link),
    ]);
    expect(task['status']).toBe('SUCCEEDED');
    expect(copied()).toEqual({
      dangling: '-> nowhere',
      followed: 'd/file',
      link: '-> file',
    });
    expect(copyNow([item('/d/file', '/x', link)])['nice_status']).toBe('NOT_A_SYMLINK');
  });
});

describe('the collection is a cage', () => {
  beforeEach(() => {
    mkdirSync(join(base, 'outside'));
    writeFileSync(join(base, 'outside/secret'), 'secret');
    put('a');
  });

  it('".." ends at its root', () => {
    copyNow([item('/a', '/../../outside/a')]);
    expect(copied()).toEqual({ 'outside/': '', 'outside/a': 'a' });
    expect(readdirSync(join(base, 'outside'))).toEqual(['secret']);
    expect(copyNow([item('/../outside/secret', '/s')])['nice_status']).toBe('FILE_NOT_FOUND');
  });

  it('links that lead out of the source are not followed', () => {
    symlinkSync(join(base, 'outside'), source('out'));
    symlinkSync('../outside/secret', source('leak'));
    for (const path of ['/out', '/out/secret', '/leak']) {
      expect(copyNow([item(path, path)])['nice_status']).toBe('PERMISSION_DENIED');
    }
    expect(copied()).toEqual({});
  });

  it('links that lead out of the destination are not followed', () => {
    symlinkSync(join(base, 'outside'), destination('out'));
    symlinkSync(join(base, 'outside/new'), destination('new'));
    symlinkSync(join(base, 'outside/secret'), destination('secret'));
    const link = { DATA_TYPE: 'transfer_symlink_item' };
    symlinkSync('a', source('link'));
    for (const [path, code] of [
      ['/out/a', 'PERMISSION_DENIED'],
      ['/out/sub/a', 'PERMISSION_DENIED'],
      ['/secret', 'PERMISSION_DENIED'],
      ['/new', 'INVALID_SYMLINK'],
    ] as const) {
      expect(copyNow([item('/a', path)])['nice_status']).toBe(code);
    }
    expect(copyNow([item('/link', '/out/link', link)])['nice_status']).toBe('PERMISSION_DENIED');
    expect(readdirSync(join(base, 'outside'))).toEqual(['secret']);
    expect(readFileSync(join(base, 'outside/secret'), 'utf8')).toBe('secret');
  });

  it('a copy onto or into itself destroys nothing', () => {
    put('d/x');
    harness.machine.addCollection({ id: 'to-2', displayName: 'Same', folder: source() });
    harness.login(['from', 'to', 'to-2']);
    const same = { destination_endpoint: 'to-2' };
    expect(copyNow([item('/a', '/a')], same)['nice_status']).toBe('AMBIGUOUS_PATH');
    expect(copyNow([item('/d', '/d/deeper')], same)['nice_status']).toBe('AMBIGUOUS_PATH');
    expect(readFileSync(source('a'), 'utf8')).toBe('a');
    expect(existsSync(source('d/deeper'))).toBe(false);
  });
});

describe('deleting', () => {
  const SUBMISSION = '11111111-2222-4333-8444-555555555555';
  const submit = (path: string, changes: Readonly<Record<string, unknown>> = {}) =>
    harness.send('POST', '/v0.10/delete', {
      DATA_TYPE: 'delete',
      submission_id: SUBMISSION,
      endpoint: 'from',
      recursive: true,
      DATA: [{ DATA_TYPE: 'delete_item', path }],
      ...changes,
    });
  /** The document of the task that a deletion made, after it was carried out. */
  function deleted(path: string, changes: Readonly<Record<string, unknown>> = {}) {
    const id = String(submit(path, changes).body['task_id']);
    harness.wait(1);
    return harness.task(id);
  }

  it('waits while its collection is paused; the same submission is the same task', () => {
    mkdirSync(source('empty'));
    harness.machine.pause('from');
    const task = deleted('/empty');
    expect(task).toMatchObject({ type: 'DELETE', status: 'ACTIVE', is_paused: true });
    expect(submit('/other').body).toMatchObject({ code: 'Duplicate', task_id: task['task_id'] });
    harness.machine.unpause('from');
    harness.wait(1);
    expect(existsSync(source('empty'))).toBe(false);
  });

  it.each([
    ['/missing', {}, 'FAILED', { code: 'FILE_NOT_FOUND', description: 'file not found' }],
    ['/missing', { ignore_missing: true }, 'SUCCEEDED', null],
    ['/empty', { recursive: false }, 'FAILED', expect.objectContaining({ code: 'IS_A_DIRECTORY' })],
  ])('of %s with %j ends as %s', (path, changes, status, fatalError) => {
    mkdirSync(source('empty'));
    expect(deleted(path, changes)).toMatchObject({ status, fatal_error: fatalError });
  });

  it('takes no content away: files and full folders stay in this sandbox', () => {
    put('full/file');
    expect(deleted('/full')['status']).toBe('FAILED');
    const other = SUBMISSION.replace('1', '2');
    expect(deleted('/full/file', { submission_id: other })['status']).toBe('FAILED');
    expect(existsSync(source('full/file'))).toBe(true);
  });
});
