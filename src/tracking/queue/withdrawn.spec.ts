import { afterEach, describe, expect, test } from '@jest/globals';
import { aFacility, aTransfer, configOf } from '../../../test/support/builders.js';
import { TrackerRig } from '../../../test/support/tracker-rig.js';

let rig: TrackerRig;
afterEach(() => rig.end());

const IN_USE = { facilities: [aFacility('PSI'), aFacility('CSCS')] };
const told = () => rig.world.events.of('withdrawn').map(({ reason, waiting }) => [reason, waiting]);

describe('a facility removed while transfers wait for it', () => {
  test('is warned of at start, once, with the number of transfers', async () => {
    rig = new TrackerRig({ facilities: [aFacility('CSCS')] });
    for (const number of [1, 2]) rig.world.putShown(aTransfer({ number }));
    await rig.started();
    await rig.pass(60);
    expect(told()).toEqual([['facility PSI is no longer configured', 2]]);
  });

  test('is warned of at the reload that removes it, and not when it is there again', async () => {
    rig = new TrackerRig({ ...IN_USE, task: { maxConcurrency: 1 } });
    for (const number of [1, 2]) rig.world.putShown(aTransfer({ number }));
    await rig.started();
    await rig.pass(60);
    expect(told()).toEqual([]);

    rig.world.config.replace(configOf({ facilities: [aFacility('PSI')] }).current());
    await rig.pass(60);
    // The other one is at Globus, and goes on there.
    expect(told()).toEqual([['facility CSCS is no longer configured', 1]]);

    rig.world.config.replace(configOf(IN_USE).current());
    await rig.pass(60);
    expect(told()).toHaveLength(1);
  });

  test('a facility that may no longer be a source is warned of, too', async () => {
    const facilities = [{ ...aFacility('PSI'), direction: 'DST' as const }, aFacility('CSCS')];
    rig = new TrackerRig({ facilities });
    rig.world.putShown(aTransfer());
    await rig.started();
    await rig.pass(60);
    expect(told()).toEqual([['facility PSI is no longer a source', 1]]);
  });
});
