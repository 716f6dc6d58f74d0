import { randomBytes } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const KIB = 1024;

/** Names that may break shells, URLs, templates or databases. */
const ODD_NAMES: readonly string[] = [
  'two words.txt',
  ' leading and trailing space ',
  '-leading-dash.dat',
  '--help',
  '.hidden',
  '~tilde',
  '100%.log',
  '%2e%2e%2fescaped.txt',
  'sample #3 & more; $HOME.csv',
  'it\'s "quoted".txt',
  'brackets [1] {{ .Name }}.txt',
  'back\\slash.txt',
  'question? star*.txt',
  'a+b=c,d@e.txt',
  'Überprüfung_größe.dat',
  '試料-01.h5',
  'emoji 🧪.txt',
  'name@example.org.txt',
  `long-${'x'.repeat(240)}.dat`,
];

const SCAN_SIZES = [0, 17, 900, 4 * KIB, 24 * KIB, 72 * KIB] as const;

/**
 * Fills a folder with random data as an experiment might: one large file, hundreds of small ones in
 * nested folders, empty files and folders, odd names, and links to a file, to a folder and to nowhere.
 */
export async function fillSampleFolder(folder: string): Promise<void> {
  const write = async (path: string, size: number): Promise<void> => {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, randomBytes(size));
  };
  await write('detector/master.h5', 6 * 1024 * KIB);
  for (let scan = 1; scan <= 8; scan += 1) {
    for (let frame = 0; frame < 36; frame += 1) {
      const size = SCAN_SIZES[frame % SCAN_SIZES.length] ?? 0;
      await write(`raw/scan-${numbered(scan, 2)}/frame-${numbered(frame, 4)}.cbf`, size);
    }
  }
  for (const [index, name] of ODD_NAMES.entries()) {
    await write(join('odd names', name), 100 + index * KIB);
  }
  await write('deep/1/2/3/4/5/6/7/8/bottom.txt', 42);
  await write('README.txt', 0);
  await mkdir(join(folder, 'empty folder', 'inside'), { recursive: true });
  await symlink('raw/scan-01/frame-0005.cbf', join(folder, 'best.cbf'));
  await symlink('scan-08', join(folder, 'raw', 'latest'));
  await symlink('../gone.txt', join(folder, 'odd names', 'link to nowhere'));
}

function numbered(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}
