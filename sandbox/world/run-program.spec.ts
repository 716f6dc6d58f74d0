import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { runProgram, type ProgramContext, type ProgramHost } from './run-program.js';

/** Records what happens to the process. */
class FakeProcess extends EventEmitter implements ProgramHost {
  exitCode: number | undefined;
  readonly happened: string[] = [];
  seconds = 1_000;
  readonly stdout = new EventEmitter();
  readonly stderr = { write: (text: string): number => this.happened.push(text.trim()) };

  uptime(): number {
    return this.seconds;
  }

  exit(code: number): void {
    this.emit('exit');
    this.happened.push(`exit ${code}`);
  }
}

describe('runProgram', () => {
  async function run(
    body: (context: ProgramContext, host: FakeProcess) => Promise<number>,
    remove: () => Promise<void> = () => Promise.resolve(),
  ): Promise<readonly unknown[]> {
    const host = new FakeProcess();
    await runProgram((context) => {
      context.cleanUp.add({
        name: 'it',
        remove: () => {
          host.happened.push('removed');
          return remove();
        },
        abandon: () => host.happened.push('abandoned'),
      });
      return body(context, host);
    }, host);
    return [...host.happened, host.exitCode];
  }

  /** Rejects when the program must end. */
  function untilEnd({ signal }: ProgramContext): Promise<never> {
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('a connection broke'));
      });
    });
  }

  it('cleans up and ends with the exit code of the body', async () => {
    expect(await run(() => Promise.resolve(0))).toEqual(['removed', 0]);
    expect(await run(() => Promise.resolve(7))).toEqual(['removed', 7]);
  });

  it('ends with 1 and the reason when the body fails', async () => {
    expect(await run(() => Promise.reject(new Error('Why.')))).toEqual(['Why.', 'removed', 1]);
  });

  it('fails when something could not be removed', async () => {
    const stays = (): Promise<void> => Promise.reject(new Error('stuck'));
    const said = 'Could not remove it: stuck';
    expect(await run(() => Promise.resolve(0), stays)).toEqual(['removed', said, 1]);
    expect(await run(() => Promise.resolve(7), stays)).toEqual(['removed', said, 7]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('cleans up and ends on %s', async (signal, code) => {
    const events = await run((context, host) => {
      const running = untilEnd(context);
      host.emit(signal);
      return running;
    });
    expect(events).toEqual([`Interrupted by ${signal}.`, 'removed', code]);
  });

  it('ends when its output is closed', async () => {
    const events = await run((context, host) => {
      const running = untilEnd(context);
      host.stdout.emit('error', new Error('EPIPE'));
      return running;
    });
    expect(events).toEqual(['Interrupted by the closed output.', 'removed', 141]);
  });

  it('abandons everything on a second signal, unless it is the first one forwarded by npm', async () => {
    const events = await run((context, host) => {
      const running = untilEnd(context);
      host.emit('SIGINT');
      host.seconds += 0.9;
      host.emit('SIGINT');
      host.happened.push('patience');
      host.seconds += 0.2;
      host.emit('SIGTERM');
      return running;
    });
    expect(events).toEqual(['patience', 'abandoned', 'exit 143', 'Interrupted by SIGINT.', 130]);
  });
});
