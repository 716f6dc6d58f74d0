import { describe, expect, it } from '@jest/globals';
import { CleanUp } from './clean-up.js';

describe('CleanUp', () => {
  function record(done: string[], cleanUp: CleanUp, name: string, fails = false): void {
    cleanUp.add({
      name,
      remove: () => {
        done.push(`removed ${name}`);
        return fails ? Promise.reject(new Error('no')) : Promise.resolve();
      },
      abandon: () => {
        done.push(`abandoned ${name}`);
      },
    });
  }

  it('takes the latest away first, once, and goes on after a failure', async () => {
    const done: string[] = [];
    const cleanUp = new CleanUp();
    record(done, cleanUp, 'one');
    record(done, cleanUp, 'two', true);
    record(done, cleanUp, 'three');
    const problems = [await cleanUp.run(), await cleanUp.run()];
    cleanUp.abandon();
    expect({ done, problems }).toEqual({
      done: ['removed three', 'removed two', 'removed one'],
      problems: [['Could not take away two: no'], []],
    });
  });

  it('abandons what a process that ends meanwhile had not yet taken away', async () => {
    const done: string[] = [];
    const cleanUp = new CleanUp();
    record(done, cleanUp, 'one');
    cleanUp.add({ name: 'without a short way', remove: () => Promise.resolve() });
    cleanUp.add({
      name: 'slow',
      remove: () => {
        cleanUp.abandon();
        return Promise.resolve();
      },
      abandon: () => {
        done.push('abandoned slow');
        throw new Error('no');
      },
    });
    await cleanUp.run();
    expect(done).toEqual(['abandoned slow', 'abandoned one']);
  });
});
