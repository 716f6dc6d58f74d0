import { connect, type Socket } from 'node:net';

/** A connection on which anything can be written, and what came back on it. */
export class RawConnection {
  private received = '';
  private readonly ended: Promise<void>;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => (this.received += text));
    this.ended = new Promise((resolve) => {
      socket.on('end', resolve);
      socket.on('close', () => {
        resolve();
      });
    });
    // What counts is what was received until then.
    socket.on('error', () => undefined);
  }

  /** @param options `stubborn`: does not hang up when the other side does */
  static async to(
    url: string,
    options: { readonly stubborn?: boolean } = {},
  ): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const allowHalfOpen = options.stubborn ?? false;
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen });
    const connection = new RawConnection(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return connection;
  }

  write(text: string): void {
    this.socket.write(text);
  }

  get text(): string {
    return this.received;
  }

  /** Waits until the other side has closed. */
  async closed(): Promise<string> {
    await this.ended;
    return this.received;
  }

  /** Reads nothing from now on. */
  pause(): void {
    this.socket.pause();
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Status, header lines and body of an answer as it came over the wire. */
export function readRaw(text: string): {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
} {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  return {
    status: Number(first.split(' ')[1]),
    headers: Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    ),
    body: rest.join('\r\n\r\n'),
  };
}
