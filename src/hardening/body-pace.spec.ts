import { beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../test/support/virtual-clock.js';
import { atPace, type BodyPace, SlowBodyError } from './body-pace.js';

const PACE = {
  bodyBytesPerSecond: 1000,
  slowBodySeconds: 5,
  wholeBodySeconds: 100,
  announcedBytes: 0,
};

let clock: VirtualClock;
let body: { complete: boolean; socket: { bytesRead: number } };
let finish: (text: string) => void;
let outcome: Promise<unknown>;
let ended: boolean;

function begin(pace: Partial<BodyPace> = {}): void {
  clock = new VirtualClock();
  body = { complete: false, socket: { bytesRead: 700 } };
  ended = false;
  const reading = new Promise<string>((resolve) => (finish = resolve));
  outcome = atPace(reading, body, { ...PACE, ...pace }, clock).then(
    (text) => ({ text }),
    (error: unknown) => error,
  );
  void outcome.then(() => (ended = true));
}

async function seconds(n: number, bytesEach: number): Promise<void> {
  for (let second = 0; second < n; second += 1) {
    body.socket.bytesRead += bytesEach;
    await clock.advance(1_000);
  }
}

describe('the pace of a body', () => {
  beforeEach(() => {
    begin();
  });

  it('who sends nothing is given up after the patience that was set', async () => {
    await seconds(4, 0);
    expect(ended).toBe(false);
    await seconds(1, 0);
    expect(await outcome).toBeInstanceOf(SlowBodyError);
  });

  it('a line that falters may recover, as often as it likes', async () => {
    begin({ wholeBodySeconds: 1e6 });
    for (let turn = 0; turn < 100; turn += 1) {
      await seconds(4, 0);
      await seconds(1, 5000);
    }
    expect(ended).toBe(false);
    finish('all');
    expect(await outcome).toEqual({ text: 'all' });
  });

  it('a fast second now and then does not make up for slow ones', async () => {
    await seconds(4, 0);
    await seconds(1, 1000);
    await seconds(1, 0);
    expect(await outcome).toBeInstanceOf(SlowBodyError);
  });

  it('what came fast at first is no excuse for a stall', async () => {
    await seconds(1, 90_000);
    await seconds(5, 0);
    expect(await outcome).toBeInstanceOf(SlowBodyError);
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

describe('the pace of a large body', () => {
  it('is what its announced size calls for', async () => {
    begin({ announcedBytes: 1_000_000 });
    await seconds(50, 10_000);
    expect(ended).toBe(false);
    await seconds(9, 4_500);
    expect(ended).toBe(false);
    await seconds(1, 4_500);
    expect(await outcome).toMatchObject({ message: expect.stringContaining('10000 bytes') });
  });

  it('or what has arrived calls for, if nothing was announced', async () => {
    begin();
    await seconds(10, 100_000);
    await seconds(4, 1_000);
    expect(ended).toBe(false);
    await seconds(2, 1_000);
    expect(await outcome).toBeInstanceOf(SlowBodyError);
  });
});
