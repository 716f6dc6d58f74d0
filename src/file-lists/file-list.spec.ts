import { describe, expect, test } from '@jest/globals';
import { fileListOf, filesOf } from '../../test/support/file-lists.js';
import { type FileEntry, FileListBuilder } from './file-list.js';

const file = (path: string, isSymlink = false): FileEntry => ({ path, isSymlink });

describe('a file list', () => {
  test('returns the entries it was built from', () => {
    const files = [file('a'), file('', true), file('ü/😀"\\\n'), file('x'.repeat(9000), true)];
    const list = fileListOf(files);
    expect([list.count, filesOf(list)]).toEqual([4, files]);
  });

  test('grows beyond its expected size', () => {
    const files = Array.from({ length: 5000 }, (_, n) => file(`folder/${n}`, n % 2 === 0));
    const builder = new FileListBuilder(10);
    for (const { path, isSymlink } of files) builder.add(path, isSymlink);
    expect(filesOf(builder.build())).toEqual(files);
  });

  test.each(['"', '\\', '\n', '\u0000', '\u001f'])('knows that JSON escapes %j', (character) => {
    const list = fileListOf([file('a'), file(`a${character}b`), file('b')]);
    const picked = list.pick(Uint32Array.of(2, 1, 0));
    expect([list.isPlainJson, picked.isPlainJson]).toEqual([false, false]);
    expect(fileListOf([file("a/ü😀\u2028'\u007f")]).isPlainJson).toBe(true);
  });
});
