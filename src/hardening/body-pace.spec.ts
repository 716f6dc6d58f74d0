import { beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../test/support/virtual-clock.js';
import { atPace, SlowBodyError } from './body-pace.js';

const PACE = { bodyBytesPerSecond: 1000, slowBodySeconds: 5 };

let clock: VirtualClock;
let body: { complete: boolean; socket: { bytesRead: number } };
let finish: (text: string) => void;
let outcome: Promise<unknown>;
let ended: boolean;

beforeEach(() => {
  clock = new VirtualClock();
  body = { complete: false, socket: { bytesRead: 700 } };
  ended = false;
  outcome = atPace(new Promise<string>((resolve) => (finish = resolve)), body, PACE, clock).then(
    (text) => ({ text }),
    (error: unknown) => error,
  );
  void outcome.then(() => (ended = true));
});

async function seconds(n: number, bytesEach: number): Promise<void> {
  for (let second = 0; second < n; second += 1) {
    body.socket.bytesRead += bytesEach;
    await clock.advance(1_000);
  }
}

describe('the pace of a body', () => {
  it('who sends next to nothing is given up after the patience that was set', async () => {
    await seconds(4, 999);
    expect(ended).toBe(false);
    await seconds(1, 999);
    expect(await outcome).toBeInstanceOf(SlowBodyError);
  });

  it('a line that falters may recover, as often as it likes', async () => {
    for (let turn = 0; turn < 100; turn += 1) {
      await seconds(4, 0);
      await seconds(1, 1000);
    }
    expect(ended).toBe(false);
    finish('all');
    expect(await outcome).toEqual({ text: 'all' });
  });

  it('a sender who has sent everything is not blamed for the time that we need', async () => {
    body.complete = true;
    await seconds(60, 0);
    expect(ended).toBe(false);
  });

  it('nothing goes on when the body is there', async () => {
    finish('all');
    expect(await outcome).toEqual({ text: 'all' });
    expect(clock.pending).toBe(0);
  });
});
