import { describe, expect, it } from '@jest/globals';
import { TooBusyError } from '../errors/request.errors.js';
import { BodyGate } from './body-gate.js';

describe('BodyGate', () => {
  it('lets bodies in as long as they fit, however many small ones there are', () => {
    const gate = new BodyGate(100);
    for (let n = 0; n < 10; n += 1) gate.enter(10);
    expect(() => gate.enter(1)).toThrow(TooBusyError);
  });

  it('says when to come again', () => {
    const gate = new BodyGate(100);
    gate.enter(60);
    let thrown: unknown;
    try {
      gate.enter(41);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'TOO_BUSY', retryAfterSeconds: 5 });
  });

  it('has room again for as much as has left, once for each place', () => {
    const gate = new BodyGate(100);
    const first = gate.enter(60);
    gate.enter(40);
    first.leave();
    first.leave();
    gate.enter(60);
    expect(() => gate.enter(1)).toThrow(TooBusyError);
  });

  it('lets in one body that is larger than all of the room, as the configuration allows it', () => {
    const gate = new BodyGate(100);
    const large = gate.enter(1000);
    expect(() => gate.enter(1)).toThrow(TooBusyError);
    large.leave();
    gate.enter(1);
  });

  it('takes more room for a body that turns out to be larger, as long as there is any', () => {
    const gate = new BodyGate(100);
    const growing = gate.enter(10);
    const other = gate.enter(30);
    growing.need(70);
    growing.need(20);
    expect(() => gate.enter(1)).toThrow(TooBusyError);
    expect(() => {
      growing.need(71);
    }).toThrow(TooBusyError);
    other.leave();
    growing.need(1000);
    growing.leave();
    gate.enter(100);
  });

  it('a body of no bytes always fits', () => {
    const gate = new BodyGate(100);
    gate.enter(100);
    gate.enter(0);
  });
});
