import type { ChildProcess } from 'node:child_process';

/** Turns functions that a process offers into those that the other side calls. */
export type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

interface Ask {
  readonly ask: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

interface Reply {
  readonly reply: number;
  readonly value?: unknown;
  readonly error?: string;
}

/**
 * Lets the process that forked this one call functions of this one, which lives on as long as the
 * channel between them is not unreferenced.
 *
 * @param onParentGone called when the other process has ended
 */
export function offer(functions: object, onParentGone: () => void): void {
  const named = functions as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
  const answer = async ({ ask, name, args }: Ask): Promise<void> => {
    let reply: Reply;
    try {
      reply = { reply: ask, value: await named[name]?.(...args) };
    } catch (error) {
      reply = { reply: ask, error: error instanceof Error ? (error.stack ?? '') : String(error) };
    }
    process.send?.(reply);
  };
  process.on('message', (message) => {
    if (isAsk(message)) void answer(message);
  });
  process.once('disconnect', onParentGone);
  // It may have gone while this process was still starting.
  if (!process.connected) onParentGone();
}

/** The functions that a child process {@link offer}s. Calls fail when the child ends. */
export function remote<T extends object>(child: ChildProcess): Remote<T> {
  const waiting = new Map<number, PromiseWithResolvers>();
  let last = 0;
  child.on('message', (message) => {
    if (!isReply(message)) return;
    const call = waiting.get(message.reply);
    waiting.delete(message.reply);
    if (message.error === undefined) call?.resolve(message.value);
    else call?.reject(new Error(message.error));
  });
  child.once('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('The process has ended.'));
    waiting.clear();
  });
  return new Proxy({} as Remote<T>, {
    get: (_target, name) => {
      // A promise would be asked for it; a process is none.
      if (typeof name !== 'string' || name === 'then') return undefined;
      return (...args: readonly unknown[]) =>
        new Promise((resolve, reject) => {
          last += 1;
          waiting.set(last, { resolve, reject });
          child.send({ ask: last, name, args } satisfies Ask, (error) => {
            if (error !== null) reject(error);
          });
        });
    },
  });
}

interface PromiseWithResolvers {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

function isAsk(message: unknown): message is Ask {
  return typeof message === 'object' && message !== null && 'ask' in message;
}

function isReply(message: unknown): message is Reply {
  return typeof message === 'object' && message !== null && 'reply' in message;
}
