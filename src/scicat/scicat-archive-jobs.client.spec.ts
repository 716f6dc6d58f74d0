import { describe, expect, it } from '@jest/globals';
import {
  answer,
  failing,
  forbidden,
  type Reply,
  ScriptedScicat,
  told,
} from '../../test/contract/scicat/scripted-scicat.js';
import type { NewArchiveJob } from '../ports/archive-jobs.port.js';
import { ScicatArchiveJobs } from './scicat-archive-jobs.client.js';

const ID = '2d5528e1-0f3e-4f0a-8c58-0a1b2c3d4e5f';
const job: NewArchiveJob = {
  datasetPid: 'a/b',
  ownerUser: 'alice',
  ownerGroup: 'p1',
  contactEmail: 'alice@psi.ch',
  transferJobId: 'transfer-job',
  transferKey: 'key',
};
const created = answer(201, { id: ID, type: 'archive' });
const refused = answer(400, { status: 400, message: 'An action failed.' });
const found = answer(200, [{ id: ID }]);
const none = answer(200, []);

function jobsWith(...replies: readonly Reply[]) {
  const scicat = new ScriptedScicat(replies);
  const creator = scicat.account();
  const jobs = new ScicatArchiveJobs({ creator, ownAccounts: () => ['creator', 'former'] });
  return { scicat, jobs };
}

const look = {
  method: 'GET',
  url: 'https://scicat.test/api/v4/jobs',
  filter: {
    where: {
      type: 'archive',
      createdBy: { $in: ['creator', 'former'] },
      'jobParams.globusTransferKey': 'key',
    },
    fields: ['id'],
    sort: { id: 1 },
    limits: { limit: 1, sort: { id: 'asc' } },
  },
  headers: { Accept: 'application/json', Authorization: 'Bearer token-1' },
  freshConnection: false,
};

describe('ScicatArchiveJobs', () => {
  it('makes one job in the name of the user', async () => {
    const { scicat, jobs } = jobsWith(created);
    expect(await jobs.create(job)).toBe(ID);
    expect(scicat.sent).toEqual([
      {
        method: 'POST',
        url: 'https://scicat.test/api/v4/jobs',
        headers: { ...look.headers, 'Content-Type': 'application/json' },
        freshConnection: true,
        json: {
          type: 'archive',
          ownerUser: 'alice',
          ownerGroup: 'p1',
          contactEmail: 'alice@psi.ch',
          jobParams: {
            tapeCopies: 'one',
            username: 'alice',
            ownerGroup: 'p1',
            datasetList: [{ pid: 'a/b', files: [] }],
            globusTransferJobId: 'transfer-job',
            globusTransferKey: 'key',
          },
        },
      },
    ]);
  });

  it('makes one without a user for a job of the Go version', async () => {
    const { scicat, jobs } = jobsWith(created);
    await jobs.create({
      datasetPid: 'a/b',
      ownerGroup: 'p1',
      transferJobId: 'transfer-job',
      transferKey: 'key',
    });
    expect(scicat.sent[0]?.json).toEqual({
      type: 'archive',
      ownerGroup: 'p1',
      jobParams: {
        tapeCopies: 'one',
        ownerGroup: 'p1',
        datasetList: [{ pid: 'a/b', files: [] }],
        globusTransferJobId: 'transfer-job',
        globusTransferKey: 'key',
      },
    });
  });

  it('checks whether SciCat stored a job that it answered with 400', async () => {
    const { scicat, jobs } = jobsWith(refused, found);
    expect(await jobs.create(job)).toBe(ID);
    expect(scicat.sent.map(({ method }) => method)).toEqual(['POST', 'GET']);
    expect(scicat.sent[1]).toEqual(look);
  });

  it.each([
    ['refused and not there', [refused, none], 'UpstreamRejectedError', false],
    ['refused and no looking', [refused, answer(400)], 'ScicatDoubtfulRefusalError', true],
    ['a 500', [answer(500)], 'UpstreamUnavailableError', true],
    ['lost', ['lost'], 'UpstreamUnavailableError', true],
    ['an empty 201', [answer(201)], 'UpstreamMalformedError', true],
    ['another type', [answer(201, { id: ID, type: 'retrieve' })], 'UpstreamMalformedError', true],
  ] as const)('%s', async (_, replies, name, outcomeUnclear) => {
    const { scicat, jobs } = jobsWith(...replies);
    expect(told(await failing(jobs.create(job)))).toMatchObject({ name, outcomeUnclear });
    expect(scicat.sent.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  describe('that SciCat does not let the user own (unknown, or no longer in the owner group)', () => {
    it('belongs to the owner group alone', async () => {
      const { scicat, jobs } = jobsWith(forbidden, created);
      expect(await jobs.create(job)).toBe(ID);
      const [first, second] = scicat.sent.map(({ json }) => json);
      // It still says for whom the dataset is archived.
      expect({ ...(second as object), ownerUser: 'alice' }).toEqual(first);
      expect(second).not.toHaveProperty('ownerUser');
    });

    it('is refused if the group may not own it either', async () => {
      const { scicat, jobs } = jobsWith(forbidden, forbidden);
      const error = await failing(jobs.create(job));
      expect(told(error)).toMatchObject({ name: 'UpstreamRejectedError', status: 403 });
      expect(scicat.sent).toHaveLength(2);
    });

    it('is not tried twice for a job of the Go version, which has no user', async () => {
      const { scicat, jobs } = jobsWith(forbidden);
      const { datasetPid, ownerGroup, transferJobId, transferKey } = job;
      await failing(jobs.create({ datasetPid, ownerGroup, transferJobId, transferKey }));
      expect(scicat.sent).toHaveLength(1);
    });
  });

  it('finds a job by the key of its transfer', async () => {
    const { scicat, jobs } = jobsWith(found, none);
    expect(await jobs.findByKey('key')).toBe(ID);
    expect(await jobs.findByKey('key')).toBeUndefined();
    expect(scicat.sent).toEqual([look, look]);
  });
});
