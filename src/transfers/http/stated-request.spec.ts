import { describe, expect, it } from '@jest/globals';
import { fileListOf, filesOf } from '../../../test/support/file-lists.js';
import { InvalidRequestError } from '../../errors/request.errors.js';
import { stateRequest } from './stated-request.js';

const NAMES = { sourceFacility: 'A', destFacility: 'B', scicatPid: '1/2' };
const FILES = [{ path: 'a', isSymlink: false }];

function body(others: object = {}) {
  const reads: string[] = [];
  const read = () => {
    reads.push('read');
    return Promise.resolve({
      files: fileListOf(FILES),
      others: new Map<string, unknown>(Object.entries(others)),
    });
  };
  return { reads, read };
}

describe('a request of query and body', () => {
  it('its body is not read before it is needed, if the query names dataset and facilities', async () => {
    const { reads, read } = body({ autoArchive: false, collectionRootPath: '/data' });
    const stated = await stateRequest({ ...NAMES }, read);
    expect([stated.parameters, reads]).toEqual([{ ...NAMES, autoArchive: true }, []]);
    expect(await stated.statedInBody()).toEqual({
      ...NAMES,
      autoArchive: false,
      collectionRootPath: '/data',
    });
    expect(reads).toEqual(['read']);
  });

  it('its body is read once, and its list handed out once, so that its memory can be freed', async () => {
    const { reads, read } = body(NAMES);
    const stated = await stateRequest({}, read);
    expect(stated.parameters).toEqual({ ...NAMES, autoArchive: true });
    await stated.statedInBody();
    const [first, second] = [await stated.files(), await stated.files()];
    expect([first && filesOf(first), second, reads]).toEqual([FILES, undefined, ['read']]);
  });

  it('what is wrong with its body is said, whatever is asked for first', async () => {
    const { read } = body({ filelist: [] });
    const stated = await stateRequest({ ...NAMES }, read);
    for (const asked of [stated.files(), stated.statedInBody()]) {
      await expect(asked).rejects.toEqual(
        new InvalidRequestError(
          'The request is invalid: unknown key "filelist" in the body (did you mean "fileList"?).',
        ),
      );
    }
    await expect(stateRequest({}, read)).rejects.toThrow(InvalidRequestError);
  });
});
