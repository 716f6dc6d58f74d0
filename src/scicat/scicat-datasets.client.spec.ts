import { describe, expect, it } from '@jest/globals';
import {
  answer,
  failing,
  forbidden,
  type Reply,
  ScriptedScicat,
  told,
} from '../../test/contract/scicat/scripted-scicat.js';
import { field } from '../domain/untyped.js';
import { ScicatDatasets } from './scicat-datasets.client.js';

const PID = '20.500.12345/e 009';
const URL_OF_DATASET = 'https://scicat.test/api/v4/datasets/20.500.12345%2Fe%20009';
const wire = {
  pid: PID,
  ownerGroup: 'p1',
  sourceFolder: '/data/run1',
  size: 30,
  numberOfFiles: 2,
  datasetlifecycle: {
    archivable: false,
    archiveStatusMessage: 'filesNotYetAvailable',
    retrievable: false,
    publishable: false,
  },
};
const FIELDS = [
  'pid',
  'ownerGroup',
  'sourceFolder',
  'size',
  'numberOfFiles',
  'datasetlifecycle.archivable',
  'datasetlifecycle.archiveStatusMessage',
  'datasetlifecycle.retrievable',
];
/** A list of what the account may read of the datasets with this PID. */
const listed = (...datasets: readonly unknown[]) => answer(200, datasets);
const reading = (fields: readonly string[], token: string) => ({
  method: 'GET',
  url: 'https://scicat.test/api/v4/datasets',
  filter: { where: { pid: PID }, fields, limits: { limit: 1 } },
  headers: { Accept: 'application/json', Authorization: `Bearer ${token}` },
  freshConnection: false,
});
const notThere = answer(404, { message: 'dataset: null not found', statusCode: 404 });

function datasetsWith(...replies: readonly Reply[]) {
  const scicat = new ScriptedScicat(replies);
  const updater = scicat.account('updater');
  const datasets = new ScicatDatasets({ api: scicat.api, updater, creator: updater });
  return { scicat, datasets };
}

describe('ScicatDatasets', () => {
  describe('readAs', () => {
    it('asks with the user’s token, and only for what is needed', async () => {
      const { scicat, datasets } = datasetsWith(listed(wire));
      expect(await datasets.readAs('alice-token', PID)).toEqual({
        pid: PID,
        ownerGroup: 'p1',
        sourceFolder: '/data/run1',
        size: 30,
        numberOfFiles: 2,
        lifecycle: {
          archivable: false,
          archiveStatusMessage: 'filesNotYetAvailable',
          retrievable: false,
        },
      });
      expect(scicat.sent).toEqual([reading(FIELDS, 'alice-token')]);
      expect(scicat.logins).toEqual([]);
    });

    it('gives one answer for missing and forbidden, for which SciCat has one as well', async () => {
      const error = await failing(datasetsWith(listed()).datasets.readAs('t', PID));
      expect({ name: error.name, message: error.message }).toEqual({
        name: 'InvalidRequestError',
        message:
          'There is no dataset with this PID (scicatPid) that you may read in SciCat. Check the PID.',
      });
    });

    it.each([
      ['sourceFolder', 4096, { ...wire, sourceFolder: `/${'x'.repeat(4096)}` }],
      ['ownerGroup', 1000, { ...wire, ownerGroup: 'x'.repeat(1001) }],
    ])('refuses a dataset whose %s has more than %i characters', async (name, limit, dataset) => {
      const error = await failing(datasetsWith(listed(dataset)).datasets.readAs('t', PID));
      expect({ name: error.name, message: error.message }).toEqual({
        name: 'InvalidRequestError',
        message: `This dataset can't be transferred: its ${name} in SciCat has more than ${limit} characters. Correct it in SciCat.`,
      });
    });

    it('blames the dataset if what was asked for is too large', async () => {
      const { scicat, datasets } = datasetsWith('too-large');
      const error = await failing(datasets.readAs('t', PID));
      expect(error.message).toContain('sourceFolder in SciCat has more than 4096 characters');
      expect(scicat.limits).toEqual([256 * 1024]);
    });

    it.each([
      ['5.2', answer(401, { message: 'SESSION_EXPIRED', error: 'Unauthorized', statusCode: 401 })],
      ['4.5', forbidden],
      ['head', answer(403, { message: 'Unauthorized access' })],
      ['any', answer(401)],
    ])('an expired token is not blamed on the PID (%s)', async (_, reply) => {
      const error = await failing(datasetsWith(reply).datasets.readAs('t', PID));
      expect({ name: error.name, message: error.message }).toEqual({
        name: 'UnauthenticatedError',
        message:
          'SciCat does not accept this token: it is invalid or has expired. Log in to SciCat again and use the new token.',
      });
    });

    it.each(['', undefined, null])('a dataset may have no owner group (%p)', async (ownerGroup) => {
      const { datasets } = datasetsWith(listed({ ...wire, ownerGroup }));
      expect(await datasets.readAs('t', PID)).toMatchObject({ pid: PID, ownerGroup: '' });
    });

    it('never asks for a PID that would name something else', async () => {
      const { scicat, datasets } = datasetsWith();
      for (const pid of ['', '.', '..', '\ud800']) {
        expect((await failing(datasets.readAs('t', pid))).name).toBe('InvalidRequestError');
      }
      expect(scicat.sent).toEqual([]);
    });

    it.each([
      [answer(500, 'Internal server error'), 'UpstreamUnavailableError'],
      [answer(404, '<html>'), 'UpstreamUnavailableError'],
      [answer(200, '<html>'), 'UpstreamMalformedError'],
      [answer(200, wire), 'UpstreamMalformedError'],
      [listed({ ...wire, pid: 'another' }), 'UpstreamMalformedError'],
      [answer(400, { message: 'pool destroyed' }), 'UpstreamUnavailableError'],
    ] as const)('does not blame the user for trouble at SciCat (%#)', async (reply, name) => {
      const { datasets } = datasetsWith(reply, reply, reply, reply);
      expect((await failing(datasets.readAs('t', PID))).name).toBe(name);
    });

    it.each([-1, 1.5, '30', null, undefined, 1e300, Number.NaN])(
      'takes a size of %p as unknown',
      async (odd) => {
        const { datasets } = datasetsWith(listed({ ...wire, size: odd, numberOfFiles: odd }));
        expect(await datasets.readAs('t', PID)).toMatchObject({ size: 0, numberOfFiles: 0 });
      },
    );

    it.each([
      ['none', undefined, { archivable: false, archiveStatusMessage: '', retrievable: false }],
      [
        'odd values',
        { archivable: 'true', archiveStatusMessage: { code: 7 }, retrievable: 1 },
        { archivable: false, archiveStatusMessage: '{"code":7}', retrievable: false },
      ],
    ])('reads a lifecycle with %s', async (_what, datasetlifecycle, lifecycle) => {
      const { datasets } = datasetsWith(listed({ ...wire, datasetlifecycle }));
      expect((await datasets.readAs('t', PID)).lifecycle).toEqual(lifecycle);
    });
  });

  describe('readAsService', () => {
    it('reads it with the service’s own account', async () => {
      const { scicat, datasets } = datasetsWith(listed(wire));
      expect(await datasets.readAsService(PID)).toEqual({
        pid: PID,
        ownerGroup: 'p1',
        sourceFolder: '/data/run1',
        size: 30,
        numberOfFiles: 2,
        lifecycle: {
          archivable: false,
          archiveStatusMessage: 'filesNotYetAvailable',
          retrievable: false,
        },
      });
      expect(scicat.logins).toMatchObject([{ json: { username: 'updater' } }]);
    });

    it.each([
      ['SciCat says so', [listed(), notThere], undefined],
      ['SciCat lists it', [listed({ pid: PID })], PID],
      ['SciCat only shows it', [listed(), answer(200, { pid: PID })], PID],
    ])('is undefined only where there is none: %s', async (_, replies, pid) => {
      expect((await datasetsWith(...replies).datasets.readAsService(PID))?.pid).toBe(pid);
      expect(await datasetsWith().datasets.readAsService('..')).toBeUndefined();
    });

    it('refuses one whose texts are too large, as for a user: it is no outage', async () => {
      const { datasets } = datasetsWith('too-large');
      expect((await failing(datasets.readAsService(PID))).name).toBe('InvalidRequestError');
    });

    it('takes what is missing as not set', async () => {
      const { datasets } = datasetsWith(listed({ pid: PID }));
      expect(await datasets.readAsService(PID)).toEqual({
        pid: PID,
        ownerGroup: '',
        sourceFolder: '',
        size: 0,
        numberOfFiles: 0,
        lifecycle: { archivable: false, archiveStatusMessage: '', retrievable: false },
      });
    });

    it('is unknown while SciCat fails, or answers with another dataset', async () => {
      const gateways = ['no Route matched with those values', 'Not Found', 'Missing route'];
      for (const reply of [
        answer(404, '<html>'),
        // Of a gateway in front of SciCat, which may be restarting.
        ...gateways.map((message) => answer(404, { message })),
        answer(500),
        answer(502, '<html>'),
        answer(200),
        // Such as that of a route like findOne.
        answer(200, { ...wire, pid: 'another' }),
      ]) {
        const replies = Array.from({ length: 6 }, () => reply);
        expect(
          await failing(datasetsWith(listed(), ...replies).datasets.readAsService(PID)),
        ).toMatchObject({ retryable: true });
      }
    });

    it('believes what is shown of the dataset itself more than an empty list', async () => {
      const { scicat, datasets } = datasetsWith(listed(), answer(200, wire));
      expect(await datasets.readAsService(PID)).toMatchObject({ pid: PID, ownerGroup: 'p1' });
      expect(scicat.sent[1]?.url).toBe(URL_OF_DATASET);
    });

    it('tells a missing right', async () => {
      const error = await failing(datasetsWith(listed(), forbidden).datasets.readAsService(PID));
      expect(told(error)).toMatchObject({ name: 'UpstreamRejectedError', status: 403 });
    });
  });

  describe('markArchivable', () => {
    it('uses the only route without side effects, and sends the call once', async () => {
      const { scicat, datasets } = datasetsWith(answer(200, { archivable: true }));
      await datasets.markArchivable(PID);
      expect(scicat.sent).toEqual([
        {
          method: 'PATCH',
          url: `${URL_OF_DATASET}/datasetlifecycle`,
          headers: {
            Accept: 'application/json',
            'Content-Type': 'application/json',
            Authorization: 'Bearer token-1',
          },
          json: { archiveStatusMessage: 'datasetCreated', archivable: true },
          freshConnection: true,
        },
      ]);
    });

    it.each([
      [answer(404, { message: 'dataset with pid a not found' }), 'UpstreamRejectedError', false],
      [forbidden, 'UpstreamRejectedError', false],
      [answer(400, { message: ['wrong'] }), 'UpstreamRejectedError', false],
      [answer(500), 'UpstreamUnavailableError', true],
      ['timeout', 'UpstreamTimeoutError', true],
      [answer(200), 'UpstreamMalformedError', true],
    ] as const)(
      'is never retried, because the archiver may have started (%#)',
      async (reply, name, outcomeUnclear) => {
        const { scicat, datasets } = datasetsWith(reply);
        const error = await failing(datasets.markArchivable(PID));
        expect(told(error)).toMatchObject({ name, outcomeUnclear });
        expect(scicat.sent).toHaveLength(1);
      },
    );
  });

  describe('files', () => {
    const blocks = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({
        _id: `block-${from + n}`,
        dataFileList: [{ path: `a/${from + n}` }, { path: `b/${from + n}` }],
      }));

    it('reads all pages of OrigDatablocks; SciCat’s other list stops at 100', async () => {
      const { scicat, datasets } = datasetsWith(
        answer(200, blocks(0, 50)),
        answer(200, blocks(50, 50)),
        answer(200, blocks(100, 5)),
      );
      expect(await datasets.files(PID)).toEqual({
        kind: 'listed',
        paths: blocks(0, 105).flatMap((b) => b.dataFileList.map(({ path }) => path)),
      });
      expect(scicat.sent).toEqual(
        [0, 50, 100].map((skip) => ({
          method: 'GET',
          url: 'https://scicat.test/api/v4/origdatablocks',
          filter: {
            where: { datasetId: PID },
            fields: ['_id', 'dataFileList.path'],
            limits: { limit: 50, skip },
          },
          headers: { Accept: 'application/json', Authorization: 'Bearer token-1' },
          freshConnection: false,
        })),
      );
    });

    it('asks for fewer blocks where they are too large for one answer, then for more again', async () => {
      const { scicat, datasets } = datasetsWith(
        'too-large',
        answer(200, blocks(0, 12)),
        'too-large',
        answer(200, blocks(12, 6)),
        answer(200, blocks(18, 3)),
      );
      const shown = await datasets.files(PID);
      expect(shown.kind === 'listed' && shown.paths.length).toBe(42);
      expect(scicat.sent.map(({ filter }) => field(filter, 'limits'))).toEqual([
        { limit: 50, skip: 0 },
        { limit: 12, skip: 0 },
        { limit: 24, skip: 12 },
        { limit: 6, skip: 12 },
        { limit: 12, skip: 18 },
      ]);
    });

    it('asks once more when the last page is a full one', async () => {
      const { datasets } = datasetsWith(answer(200, blocks(0, 50)), answer(200, []));
      const shown = await datasets.files(PID);
      expect(shown.kind === 'listed' && shown.paths.length).toBe(100);
    });

    describe('an empty list', () => {
      const empty = answer(200, []);
      const twoAccounts = (...replies: readonly Reply[]) => {
        const scicat = new ScriptedScicat(replies);
        const [updater, creator] = [scicat.account('updater'), scicat.account('creator')];
        return { scicat, datasets: new ScicatDatasets({ api: scicat.api, updater, creator }) };
      };

      it('is asked for with the other account, too, which may be in a group of the dataset', async () => {
        const { scicat, datasets } = twoAccounts(empty, answer(200, blocks(0, 1)));
        expect(await datasets.files(PID)).toEqual({ kind: 'listed', paths: ['a/0', 'b/0'] });
        expect(scicat.logins.map(({ json }) => field(json, 'username'))).toEqual([
          'updater',
          'creator',
        ]);
      });

      it.each([
        ['the dataset has files', [listed(wire)], 'hidden'],
        ['the dataset has a size', [listed({ ...wire, numberOfFiles: 0 })], 'hidden'],
        ['the dataset has none', [listed({ ...wire, size: 0, numberOfFiles: 0 })], 'none'],
        ['the dataset may not be read', [empty, forbidden], 'hidden'],
        ['there is no dataset', [empty, notThere], 'no-dataset'],
      ])('for both, and %s', async (_, replies, kind) => {
        const { datasets } = twoAccounts(empty, empty, ...replies);
        expect(await datasets.files(PID)).toEqual({ kind });
      });
    });

    it.each([
      ['the same page again and again', [answer(200, blocks(0, 50)), answer(200, blocks(0, 50))]],
      ['a block without files', [answer(200, [{ _id: 'x' }])]],
      ['a file without a path', [answer(200, [{ _id: 'x', dataFileList: [{}] }])]],
      ['no list', [answer(200)]],
      ['the 400 of a failed list', [answer(400, { message: 'pool destroyed' })]],
    ] as const)('fails on %s instead of going on without', async (_, replies) => {
      const { datasets } = datasetsWith(...replies);
      expect(await failing(datasets.files(PID))).toMatchObject({ retryable: true });
    });
  });
});
