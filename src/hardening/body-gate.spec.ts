import { describe, expect, it } from '@jest/globals';
import { TooBusyError } from '../errors/request.errors.js';
import { BodyGate, SMALL_BODY_BYTES } from './body-gate.js';

const MIB = SMALL_BODY_BYTES;

/** Room for 100 MiB of large bodies, 40 of each user, and 8 MiB for small ones. */
const gateOf = (): BodyGate =>
  new BodyGate(() => ({ bytes: 108 * MIB, bytesPerUser: 40 * MIB, smallBytes: 8 * MIB }));

describe('BodyGate', () => {
  it('lets bodies in as long as they fit, and says when to come again', () => {
    const gate = gateOf();
    for (const user of ['alice', 'bob']) gate.enter(user, 40 * MIB);
    gate.enter('carol', 20 * MIB);
    expect(gate.taken).toBe(100 * MIB);
    let thrown: unknown;
    try {
      gate.enter('carol', 2 * MIB);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TooBusyError);
    expect(thrown).toMatchObject({ code: 'TOO_BUSY', retryAfterSeconds: 5 });
    expect(gate.taken).toBe(100 * MIB);
  });

  it('has room again for as much as has left, once for each place', () => {
    const gate = gateOf();
    const first = gate.enter('alice', 40 * MIB);
    gate.enter('bob', 40 * MIB);
    gate.enter('carol', 20 * MIB);
    first.leave();
    first.leave();
    gate.enter('alice', 40 * MIB);
    expect(() => gate.enter('dave', 2 * MIB)).toThrow(TooBusyError);
  });

  it('a large body that is announced, and comes slowly or not at all, keeps nobody out', () => {
    const gate = gateOf();
    gate.enter('mallory', 128 * MIB);
    expect(gate.taken).toBe(40 * MIB);
    gate.enter('alice', 30 * MIB);
    gate.enter('bob', 30 * MIB);
    for (let n = 0; n < 2; n += 1) gate.enter('carol', MIB);
  });

  it('one user may fill what is free, and gives way to others within their share', () => {
    const gate = gateOf();
    const large = gate.enter('mallory', 128 * MIB);
    large.need(90 * MIB);
    gate.enter('alice', 10 * MIB);
    expect(large.givenUp.aborted).toBe(false);
    gate.enter('bob', 10 * MIB);
    expect(large.givenUp.reason).toBeInstanceOf(TooBusyError);
    expect(gate.taken).toBe(20 * MIB);
    expect(() => {
      large.need(91 * MIB);
    }).toThrow(TooBusyError);
    large.leave();
    expect(gate.taken).toBe(20 * MIB);
  });

  it('a body gives way to nobody who is over their own share', () => {
    const gate = gateOf();
    const large = gate.enter('alice', 128 * MIB);
    large.need(60 * MIB);
    gate.enter('bob', 40 * MIB);
    expect(() => gate.enter('bob', 2 * MIB)).toThrow(TooBusyError);
    expect(large.givenUp.aborted).toBe(false);
  });

  it('a body that has arrived gives way to nobody, nor does one within the share', () => {
    const gate = gateOf();
    const large = gate.enter('alice', 128 * MIB);
    large.need(70 * MIB);
    large.complete();
    const within = gate.enter('bob', 30 * MIB);
    expect(() => gate.enter('carol', 2 * MIB)).toThrow(TooBusyError);
    expect([large, within].map(({ givenUp }) => givenUp.aborted)).toEqual([false, false]);
  });

  it('nobody is sent away if that makes no room', () => {
    const gate = gateOf();
    gate.enter('alice', 40 * MIB);
    const over = gate.enter('bob', 128 * MIB);
    over.need(41 * MIB);
    gate.enter('carol', 19 * MIB);
    gate.enter('dave', 0).need(MIB);
    const more = gateOf();
    const done = more.enter('alice', 128 * MIB);
    done.need(58 * MIB);
    done.complete();
    const arriving = more.enter('bob', 0);
    arriving.need(42 * MIB);
    expect(() => more.enter('carol', 60 * MIB)).not.toThrow();
    expect(arriving.givenUp.aborted).toBe(true);
    const third = more.enter('dave', 0);
    expect(() => {
      third.need(41 * MIB);
    }).toThrow(TooBusyError);
  });

  it('small bodies get in beside any number of large ones', () => {
    const gate = gateOf();
    for (const user of ['alice', 'bob', 'carol']) {
      const large = gate.enter(user, 33 * MIB);
      large.complete();
    }
    expect(() => gate.enter('dave', 2 * MIB)).toThrow(TooBusyError);
    for (const user of ['dave', 'dave', 'eve']) gate.enter(user, MIB);
    // A quarter of the room for small ones each; what is over needs room among the large ones.
    expect(() => gate.enter('dave', MIB)).not.toThrow();
    expect(() => gate.enter('dave', MIB)).toThrow(TooBusyError);
    for (const user of ['eve', 'frank', 'frank', 'grace', 'grace']) gate.enter(user, MIB);
    expect(() => gate.enter('heidi', MIB)).toThrow(TooBusyError);
  });

  it('lets in one body that is larger than all of the room, as the configuration allows it', () => {
    const gate = gateOf();
    const large = gate.enter('alice', 1000 * MIB);
    large.need(1000 * MIB);
    large.complete();
    expect(() => gate.enter('bob', 2 * MIB)).toThrow(TooBusyError);
    gate.enter('bob', MIB);
    large.leave();
    gate.enter('bob', 2 * MIB);
  });

  it('takes more room for a body that turns out to be larger, as long as there is any', () => {
    const gate = gateOf();
    const growing = gate.enter('alice', 0);
    growing.need(MIB);
    growing.need(2 * MIB);
    growing.need(MIB);
    expect(gate.taken).toBe(2 * MIB);
    const other = gate.enter('bob', 40 * MIB);
    other.complete();
    growing.need(60 * MIB);
    expect(() => {
      growing.need(61 * MIB);
    }).toThrow(TooBusyError);
    other.leave();
    growing.need(1000 * MIB);
    growing.leave();
    expect(gate.taken).toBe(0);
  });

  it('a body of no bytes always fits', () => {
    const gate = gateOf();
    gate.enter('alice', 1000 * MIB).need(1000 * MIB);
    gate.enter('bob', 0);
  });
});
