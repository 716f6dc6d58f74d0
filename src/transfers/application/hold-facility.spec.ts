import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  aFacility,
  aHold,
  anAsker,
  authorizationOf,
  configOf,
  REQUEST_ID,
  START,
} from '../../../test/support/builders.js';
import { TrackingWorld } from '../../../test/support/tracking-world.js';
import {
  AccessDeniedError,
  FacilityNotFoundError,
  InvalidRequestError,
} from '../../errors/request.errors.js';
import { HoldFacility, type StatedHold } from './hold-facility.js';

const OPERATOR = anAsker({ username: 'olivia', accessGroups: ['ops'] });
const MESSAGE = 'maintenance of the storage';

let world: TrackingWorld;
let holdFacility: HoldFacility;
let reads: number;
beforeEach(() => {
  world = new TrackingWorld({
    scicat: { formerServiceUsers: [], statusCodes: 'numbers', operatorGroups: ['', 'ops'] },
  });
  const { holds, config, events, clock } = world;
  holdFacility = new HoldFacility({
    ...{ holds, config, events, clock },
    facilities: authorizationOf(config),
  });
  reads = 0;
});
afterEach(() => {
  world.holds.onApplicationShutdown();
  return world.end();
});

const stating = (message: unknown, until?: unknown) => (): Promise<StatedHold> => {
  reads += 1;
  return Promise.resolve({ message, until });
};

describe('holding a facility', () => {
  test('an operator does, and the log says who and why', async () => {
    const hold = aHold({ until: START + 3_600_000 });
    const until = '2026-01-01T02:00+01:00';
    expect(await holdFacility.place(OPERATOR, 'PSI', stating(` ${MESSAGE} `, until))).toEqual(hold);
    expect(world.holds.inForce()).toEqual([hold]);
    expect(world.events.all).toEqual([
      {
        kind: 'decided',
        requestId: REQUEST_ID,
        operation: 'hold',
        facility: 'PSI',
        allowed: true,
        rule: 'operator-group',
        reason: 'they are in the operator group "ops"',
        username: 'olivia',
      },
      { kind: 'facility-held', hold, requestId: REQUEST_ID },
    ]);
  });

  test.each([
    ['of another group', anAsker()],
    ['without groups', anAsker({ accessGroups: [] })],
    ['with an empty group', anAsker({ accessGroups: [''] })],
  ])(
    'a user %s does not, and learns nothing, not even which facilities there are',
    async (_, asker) => {
      const refusal = new AccessDeniedError('You are not an operator of this service.');
      for (const name of ['PSI', 'UNKNOWN']) {
        await expect(holdFacility.place(asker, name, stating(MESSAGE))).rejects.toThrow(refusal);
        await expect(holdFacility.release(asker, name)).rejects.toThrow(refusal);
      }
      expect([reads, world.holds.inForce()]).toEqual([0, []]);
      expect(
        world.events.of('decided').map(({ operation, allowed }) => [operation, allowed]),
      ).toEqual([
        ['hold', false],
        ['release', false],
        ['hold', false],
        ['release', false],
      ]);
    },
  );

  test('nobody is an operator unless groups are configured', async () => {
    world.config.replace(configOf().current());
    await expect(holdFacility.place(OPERATOR, 'PSI', stating(MESSAGE))).rejects.toThrow(
      AccessDeniedError,
    );
  });

  test('an unknown facility is refused with the known names, and its name is bounded', async () => {
    const error = new FacilityNotFoundError(
      'Unknown facility "psi". Available facilities: PSI, CSCS.',
    );
    await expect(holdFacility.place(OPERATOR, 'psi', stating(MESSAGE))).rejects.toThrow(error);
    await expect(holdFacility.release(OPERATOR, 'psi')).rejects.toThrow(error);
    const long = 'x'.repeat(100_000);
    const refusal = holdFacility.place(OPERATOR, long, stating(MESSAGE));
    await expect(refusal.catch((cause: unknown) => String(cause).length)).resolves.toBeLessThan(
      300,
    );
    expect(JSON.stringify(world.events.all).length).toBeLessThan(2000);
    expect(reads).toBe(0);
  });

  test.each([
    [undefined, undefined, 'message is missing'],
    ['a\nb', undefined, 'message must be on one line'],
    [7, undefined, 'message must be a string'],
    [MESSAGE, 'tomorrow', 'until must be a date and time with a time zone'],
    [MESSAGE, null, 'until must be a date and time with a time zone'],
    [MESSAGE, '2025-12-31T23:59Z', 'until is in the past'],
    [MESSAGE, '2027-06-01T00:00Z', 'until is more than a year ahead'],
    ['', 'tomorrow', 'message is empty; until must be'],
  ])('message %j until %j is refused', async (message, until, problem) => {
    const placed = holdFacility.place(OPERATOR, 'PSI', stating(message, until));
    await expect(placed).rejects.toThrow(InvalidRequestError);
    await expect(placed).rejects.toThrow(problem);
    expect(world.holds.inForce()).toEqual([]);
  });
});

describe('releasing a facility', () => {
  test('ends its hold, and the log says who did', async () => {
    await holdFacility.place(OPERATOR, 'PSI', stating(MESSAGE));
    const other = anAsker({ username: 'oscar', accessGroups: ['ops'] });
    expect(await holdFacility.release(other, 'PSI')).toEqual(aHold());
    expect(await holdFacility.release(other, 'PSI')).toBeUndefined();
    expect(world.events.of('facility-released')).toEqual([
      { kind: 'facility-released', hold: aHold(), by: 'oscar', requestId: REQUEST_ID },
    ]);
  });

  test('is possible too when it is no longer configured', async () => {
    await holdFacility.place(OPERATOR, 'PSI', stating(MESSAGE));
    const { facilities } = configOf({ facilities: [aFacility('CSCS')] }).current();
    world.config.replace({ ...world.config.current(), facilities });
    await expect(holdFacility.place(OPERATOR, 'PSI', stating(MESSAGE))).rejects.toThrow(
      FacilityNotFoundError,
    );
    expect(await holdFacility.release(OPERATOR, 'PSI')).toEqual(aHold());
  });
});
