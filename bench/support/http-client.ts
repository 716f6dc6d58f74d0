import { Agent, request } from 'node:http';

/** An answer, read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** From the first byte sent to the last byte read. */
  readonly ms: number;
}

/** A client that costs next to nothing, so that it is not what is measured. Keeps connections open. */
export class HttpClient {
  private readonly agent: Agent;

  /** @param localAddress where it calls from. @default what the system takes */
  constructor(localAddress?: string) {
    this.agent = new Agent({
      keepAlive: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
  }

  send(
    method: string,
    url: string,
    headers: Readonly<Record<string, string>> = {},
    body?: Buffer,
  ): Promise<HttpAnswer> {
    const started = performance.now();
    return new Promise((resolve, reject) => {
      const asking = request(
        url,
        {
          method,
          agent: this.agent,
          headers: {
            ...headers,
            ...(body === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': body.length }),
          },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (chunk: string) => (text += chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            resolve({ status: answer.statusCode ?? 0, text, ms: performance.now() - started });
          });
        },
      );
      asking.on('error', reject);
      asking.end(body);
    });
  }

  /** Ends all connections. */
  close(): void {
    this.agent.destroy();
  }
}
