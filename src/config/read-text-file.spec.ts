import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { existsAt, faultOf, readTextFile, type TextFileLimits } from './read-text-file.js';

const LIMITS = { maxBytes: 64 * 1024 };
const ADVICE = 'make it readable';

describe('reading a file as an operator may have left it', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'text-file-'));
    chmodSync(folder, 0o755);
    file = join(folder, 'config.yaml');
  });

  afterEach(() => {
    chmodSync(folder, 0o755);
    rmSync(folder, { recursive: true, force: true });
  });

  const outcome = (path: string, limits: TextFileLimits = LIMITS): string => {
    try {
      return `text: ${readTextFile(path, limits)}`;
    } catch (error) {
      return faultOf(error, path, ADVICE);
    }
  };
  const written = (content: string | Buffer): string => {
    writeFileSync(file, content);
    return outcome(file);
  };

  test('UTF-8, with and without a byte order mark, of any length', () => {
    expect(written('port: 8080 # ü\n')).toBe('text: port: 8080 # ü\n');
    expect(written('\uFEFFport: 1\n')).toBe('text: port: 1\n');
    expect(written('')).toBe('text: ');
    expect(written('x'.repeat(LIMITS.maxBytes))).toHaveLength(LIMITS.maxBytes + 6);
  });

  test.each([
    ['UTF-16, as PowerShell writes it', Buffer.from('\uFEFFport: 8080\n', 'utf16le'), 'UTF-16'],
    ['UTF-16 of the other byte order', swapped('\uFEFFport: 8080\n'), 'UTF-16'],
    ['UTF-16 without a byte order mark', Buffer.from('port: 8080\n', 'utf16le'), 'UTF-16'],
    ['UTF-16 of the other order without one', swapped('port: 8080\n'), 'UTF-16'],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x70, 0, 0, 0]), 'UTF-32'],
  ])('%s', (_what, content, encoding) => {
    expect(written(content)).toBe(
      `is encoded in ${encoding}, but must be UTF-8; save it again with the encoding "UTF-8" (in PowerShell: Set-Content -Encoding utf8)`,
    );
  });

  test('Latin-1: the line is named', () => {
    expect(written(Buffer.from('port: 8080\n# Göttingen\n', 'latin1'))).toBe(
      'has a character in line 2 that is not encoded in UTF-8 (it may be Latin-1, as in "ü" or "é"); save the file again with the encoding "UTF-8"',
    );
  });

  test('a folder in place of the file, as Docker makes one', () => {
    mkdirSync(file);
    expect([existsAt(file), outcome(file)]).toEqual([
      true,
      'is a folder, not a file; name a file in it or, if Docker created the folder because the file to mount did not exist, remove it and put the file there',
    ]);
    const error = Object.assign(new Error(), { code: 'EISDIR' });
    expect(faultOf(error, file, ADVICE)).toBe(outcome(file));
  });

  test('a link that leads to itself, and one that leads nowhere', () => {
    symlinkSync('config.yaml', file);
    expect([existsAt(file), outcome(file)]).toEqual([
      true,
      "can't be reached (ELOOP): it is a symbolic link that leads back to itself; remove the link, and put the file there",
    ]);
    rmSync(file);
    symlinkSync('gone.yaml', file);
    expect([existsAt(file), outcome(file)]).toEqual([
      false,
      "can't be read (ENOENT); make it readable",
    ]);
  });

  test('the content of the file in place of its path', () => {
    const path = join(folder, 'port: 8080\nwatch: true\n'.repeat(50));
    expect([existsAt(path), outcome(path)]).toEqual([
      true,
      "can't be opened (ENAMETOOLONG): the path is longer than the system allows; write the path of the file, not its content",
    ]);
  });

  test('a pipe and a device do not make it wait', () => {
    execFileSync('sh', ['-c', `mkfifo '${file}'`]);
    expect(outcome(file)).toBe(
      'is a pipe, not an ordinary file; write the content to a file, and name that',
    );
    expect(outcome('/dev/zero')).toBe(
      'is a device, not an ordinary file; write the content to a file, and name that',
    );
  });

  test('a file that is far too large is not read', () => {
    writeFileSync(file, '');
    truncateSync(file, 3 * 1024 ** 3);
    expect(outcome(file)).toBe(
      'is 3072 MiB in size; at most 64 KiB is read. Is it the right file?',
    );
  });

  test('a secret may come through a pipe, which is waited for only so long', async () => {
    execFileSync('sh', ['-c', `mkfifo '${file}'`]);
    const limits = { ...LIMITS, pipeMs: 5000 };
    const writer = spawn('sh', ['-c', `sleep 0.1; printf hunter2 > '${file}'`]);
    expect(outcome(file, limits)).toBe('text: hunter2');
    if (writer.exitCode === null) await once(writer, 'close');
    expect(outcome(file, { ...limits, pipeMs: 40 })).toBe('text: ');
  });

  test('a file and a folder without permission', () => {
    writeFileSync(file, 'x');
    chmodSync(file, 0o000);
    asOrdinaryUser(() => {
      expect(outcome(file)).toBe("can't be read (EACCES); make it readable");
    });
    chmodSync(file, 0o644);
    chmodSync(folder, 0o600);
    asOrdinaryUser(() => {
      expect([existsAt(file), outcome(file)]).toEqual([
        true,
        `can't be reached (EACCES): the user that runs the service may not enter the folder ${folder}; allow it, for example with "chmod o+x ${folder}", or move the file`,
      ]);
    });
  });

  /** The system refuses root nothing, so root takes off its rights for a moment. */
  function asOrdinaryUser(act: () => void): void {
    if (process.geteuid?.() !== 0) {
      act();
      return;
    }
    process.seteuid?.(65_534);
    try {
      act();
    } finally {
      process.seteuid?.(0);
    }
  }
});

function swapped(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}
