import { connect } from 'node:net';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { ATTACKED, type AttackName, LISTED_JOBS, WRONG_TOKEN } from './attacks.js';
import { linkListBody } from './file-lists.js';
import { HttpClient } from './http-client.js';
import { datasetPid } from './names.js';
import { offer } from './remote.js';

/** Whom the attacker attacks, and as whom. */
export interface AttackAccess {
  /** Of the proxy, without a trailing slash. */
  readonly url: string;
  readonly token: string;
}

/** What became of an attack. */
export interface AttackResult {
  /** Answers by their status. */
  readonly answers: Readonly<Record<string, number>>;
  /** How often a connection was closed by the other side. */
  readonly closed: number;
}

/**
 * The attacker does not come from where everybody else does. Only Linux has these addresses without
 * being told so.
 */
const ADDRESSES =
  process.platform === 'linux'
    ? ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6']
    : ['127.0.0.1'];
/** Not all connections at the same moment, for which no server's backlog is long enough. */
const CONNECTS_AT_ONCE = 100;
const MIB = 1024 * 1024;
const TRICKLE_EVERY_MS = 100;
const TRICKLE_BYTES = 140;
const PAGE_SIZE = 100;

/** An attack that is under way. */
class Attack {
  readonly answers: Record<string, number> = {};
  closed = 0;
  private readonly ending = new AbortController();
  readonly clients = ADDRESSES.map((localAddress) => new HttpClient(localAddress));
  private next = 0;

  constructor(readonly access: AttackAccess) {
    // Thousands of connections listen to it.
    setMaxListeners(0, this.ending.signal);
  }

  get ended(): AbortSignal {
    return this.ending.signal;
  }

  isOver(): boolean {
    return this.ending.signal.aborted;
  }

  end(): void {
    this.ending.abort();
    for (const client of this.clients) client.close();
  }

  /** So many callers, from all addresses, that each call anew as soon as they are answered. */
  async callers(count: number, call: (client: HttpClient) => Promise<number>): Promise<void> {
    const caller = async (client: HttpClient): Promise<void> => {
      while (!this.ended.aborted) {
        try {
          const status = await call(client);
          this.answers[status] = (this.answers[status] ?? 0) + 1;
        } catch {
          if (!this.isOver()) this.closed += 1;
          await delay(10);
        }
      }
    };
    await this.gradually(count, (number) => caller(of(this.clients, number)));
  }

  /** Begins so many things, a few at a time, and waits for all of them. */
  async gradually(count: number, begin: (number: number) => Promise<void>): Promise<void> {
    const begun: Promise<void>[] = [];
    while (begun.length < count && !this.ended.aborted) {
      begun.push(begin(begun.length));
      if (begun.length % CONNECTS_AT_ONCE === 0) await delay(10);
    }
    await Promise.all(begun);
  }

  /** Opens a connection, and lives as long as it does. */
  async connection(
    number: number,
    talk: (write: (text: string) => void) => (() => void) | undefined,
  ): Promise<void> {
    const { hostname, port } = new URL(this.access.url);
    const socket = connect({
      host: hostname,
      port: Number(port),
      localAddress: of(ADDRESSES, number),
    });
    const hangUp = (): void => {
      socket.destroy();
    };
    this.ended.addEventListener('abort', hangUp);
    const shutUp = talk((text) => socket.write(text));
    await new Promise<void>((resolve) => {
      socket.on('data', (data) => {
        for (const [, status = ''] of data.toString('latin1').matchAll(/HTTP\/1\.1 (\d+)/g)) {
          this.answers[status] = (this.answers[status] ?? 0) + 1;
        }
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        resolve();
      });
    });
    this.ended.removeEventListener('abort', hangUp);
    shutUp?.();
    if (!this.ended.aborted) this.closed += 1;
  }

  /** Opens it again whenever the other side closes it. */
  async connections(
    number: number,
    talk: (write: (text: string) => void) => (() => void) | undefined,
    pauseMs: number,
  ): Promise<void> {
    while (!this.ended.aborted) {
      await this.connection(number, talk);
      await delay(pauseMs, undefined, { signal: this.ended }).catch(() => undefined);
    }
  }

  async post(client: HttpClient, path: string, body?: Buffer): Promise<number> {
    const { url, token } = this.access;
    const { status } = await client.send('POST', url + path, { 'SciCat-API-Key': token }, body);
    return status;
  }

  /** The address that asks for a transfer of the next dataset. */
  transfer(): string {
    this.next = (this.next % ATTACKED.count) + 1;
    return target('/transfer', this.next);
  }
}

const ATTACKS: Readonly<Record<AttackName, (attack: Attack) => Promise<void>>> = {
  pipelining: (attack) => {
    const { token } = attack.access;
    const text = `GET /transfer HTTP/1.1\r\nHost: x\r\nSciCat-API-Key: ${token}\r\n\r\n`;
    return attack.connections(
      0,
      (write) => {
        write(text.repeat(45_000));
        return undefined;
      },
      0,
    );
  },
  'wrong-tokens': (attack) => {
    let number = 0;
    // Of one address; the bound of connections of an address is a little higher.
    const client = of(attack.clients, 0);
    return attack.callers(450, async () => {
      number += 1;
      const { status } = await client.send('GET', `${attack.access.url}/transfer`, {
        'SciCat-API-Key': `${WRONG_TOKEN}.${number}`,
      });
      return status;
    });
  },
  parallel: (attack) => attack.callers(1_200, (client) => attack.post(client, attack.transfer())),
  trickle: (attack) =>
    attack.gradually(4, (number) =>
      attack.connections(
        number,
        (write) => {
          write(
            `POST ${attack.transfer()} HTTP/1.1\r\nHost: x\r\nSciCat-API-Key: ${attack.access.token}\r\n` +
              `Content-Type: application/json\r\nContent-Length: ${128 * MIB}\r\n\r\n{"fileList": [`,
          );
          const timer = setInterval(() => {
            write(' '.repeat(TRICKLE_BYTES));
          }, TRICKLE_EVERY_MS);
          return () => {
            clearInterval(timer);
          };
        },
        100,
      ),
    ),
  silent: (attack) =>
    attack.gradually(2_050, (number) => attack.connections(number, () => undefined, 1_000)),
  metadata: (attack) =>
    attack.callers(90, (client) => attack.post(client, target('/transfer/preview', 1))),
  'job-lists': (attack) => {
    const { url, token } = attack.access;
    let page = 0;
    return attack.callers(12, async (client) => {
      page = (page % (LISTED_JOBS / PAGE_SIZE)) + 1;
      const { status } = await client.send(
        'GET',
        `${url}/transfer?page=${page}&pageSize=${PAGE_SIZE}`,
        { 'SciCat-API-Key': token },
      );
      return status;
    });
  },
  'token-folder': (attack) =>
    attack.callers(20, (client) => attack.post(client, target('/transfer/preview', 1))),
  links: (attack) => {
    const body = linkListBody(1_000_000);
    return attack.callers(2, (client) => attack.post(client, attack.transfer(), body));
  },
  restart: (attack) => {
    const { url, token } = attack.access;
    return attack.callers(4, async (client) => {
      const { status } = await client.send('GET', `${url}/transfer?pageSize=${PAGE_SIZE}`, {
        'SciCat-API-Key': token,
      });
      return status;
    });
  },
};

function target(path: string, number: number): string {
  const query = new URLSearchParams({
    sourceFacility: 'SOURCE',
    destFacility: 'ARCHIVE',
    scicatPid: datasetPid(ATTACKED.series, number),
  });
  return `${path}?${query.toString()}`;
}

function of<T>(values: readonly T[], number: number): T {
  return values[number % values.length] as T;
}

let current: { readonly attack: Attack; readonly done: Promise<void> } | undefined;

/** What the benchmark asks of the attacker. */
const controls = {
  begin: (name: AttackName, access: AttackAccess): void => {
    const attack = new Attack(access);
    current = { attack, done: ATTACKS[name](attack) };
  },
  end: async (): Promise<AttackResult> => {
    current?.attack.end();
    await current?.done;
    return { answers: current?.attack.answers ?? {}, closed: current?.attack.closed ?? 0 };
  },
};

export type AttackerControls = typeof controls;

offer(controls, () => process.exit());
