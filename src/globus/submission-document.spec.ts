import { describe, expect, it } from '@jest/globals';
import { USUAL_COPY } from '../../test/support/builders.js';
import { listInMemory } from '../../test/support/fake-file-list-store.js';
import { storedAsLines } from '../file-lists/stored-format.js';
import { submissionDocument } from './submission-document.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

/** A transfer of a whole folder. */
const FOLDER = {
  submissionId: '11111111-1111-4111-8111-111111111111',
  label: 'SciCat transfer ü1',
  source: { facility: 'S', collection: 's', path: '/data', scopes: [] },
  destination: { facility: 'D', collection: 'd', path: '/in/', scopes: [] },
  copy: { ...USUAL_COPY, deadlineHours: 1 },
  files: undefined,
} as const;

describe('the document for Globus', () => {
  it('is the same for a list that is streamed and for one in memory, with its length known', async () => {
    const list = listInMemory([{ path: 'ä/b', isSymlink: true }]);
    const documentOf = (files: typeof list) => submissionDocument({ ...FOLDER, files }, NOW);
    const streamed = documentOf(list);
    if (typeof streamed === 'string') throw new Error('It is not streamed.');
    const pieces: Buffer[] = [];
    for await (const piece of streamed.pieces()) pieces.push(piece);
    const sent = Buffer.concat(pieces);
    expect(sent.length).toBe(streamed.bytes);
    expect(documentOf(storedAsLines(list, Buffer.from('["ä/b"]\n')))).toBe(sent.toString());
    expect(JSON.parse(sent.toString())).toMatchObject({
      deadline: '2026-01-01T01:00:00+00:00',
      DATA: [
        {
          DATA_TYPE: 'transfer_symlink_item',
          source_path: '/data/ä/b',
          destination_path: '/in/ä/b',
        },
      ],
    });
  });

  it.each(['keep', 'ignore'] as const)(
    'always says what becomes of symbolic links in folders: %s',
    (recursiveSymlinks) => {
      const copy = { ...FOLDER.copy, recursiveSymlinks };
      const document = submissionDocument({ ...FOLDER, copy }, NOW) as string;
      expect(JSON.parse(document)).toMatchObject({
        recursive_symlinks: recursiveSymlinks,
        DATA: [{ source_path: '/data/', destination_path: '/in/', recursive: true }],
      });
    },
  );
});
