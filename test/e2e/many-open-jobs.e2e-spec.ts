import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startUpstreams, TestService } from '../support/service.js';

/** Several pages, the last one not full; the benchmark restarts with 10,000. */
const MANY = 2_502;

/** A UUID that carries a number. */
const numbered = (prefix: string, number: number): string =>
  `${prefix}-0000-4000-8000-${String(number).padStart(12, '0')}`;

describe.each(['4.5', '5.2'] as const)(
  'a restart with 2,502 open transfers and SciCat %s',
  (generation) => {
    let world: Awaited<ReturnType<typeof startUpstreams>>;
    let service: TestService | undefined;

    beforeEach(async () => {
      world = await startUpstreams({ generation });
    });

    afterEach(async () => {
      await service?.stop();
      await world.scicat.close();
      await world.globus.close();
    });

    /** Has one transfer made by the service, and copies of its job by the thousand. */
    async function leaveManyBehind(): Promise<void> {
      const first = await TestService.start({ upstreams: world });
      await first.ready();
      first.globus.machine.setMaintenance(true);
      const job = first.job(await first.accepted());
      await first.stop();
      const globusTransfer = job.jobParams['globusTransfer'] as { readonly sealed: string };
      const record = JSON.parse(
        Buffer.from(globusTransfer.sealed, 'base64url').toString(),
      ) as Readonly<Record<string, unknown>>;
      for (let number = 1; number < MANY; number += 1) {
        const id = numbered('dddddddd', number);
        const key = numbered('eeeeeeee', number);
        const sealed = Buffer.from(JSON.stringify({ ...record, key })).toString('base64url');
        world.scicat.machine.putJob({
          ...job,
          _id: id,
          id,
          jobParams: { ...job.jobParams, globusTransfer: { ...globusTransfer, key, sealed } },
        });
      }
    }

    it('all of them are taken up, in few calls, before the service says that it is ready', async () => {
      await leaveManyBehind();
      const before = world.scicat.requests.length;
      service = await TestService.start({ upstreams: world });
      await service.ready();
      expect(service.tracker.status()).toMatchObject({ ready: true, open: MANY });
      const lists = world.scicat.requests
        .slice(before)
        .filter(({ method, path }) => method === 'GET' && path.startsWith('/api/v4/jobs'));
      // Two full pages of 1,000, the rest, and one to see that these were all.
      expect(lists.length).toBeLessThanOrEqual(5);
    });
  },
);
