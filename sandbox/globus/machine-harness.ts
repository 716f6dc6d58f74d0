import { directCall } from '../http/direct-call.js';
import type { EmulatedResponse } from '../http/emulator.js';
import { GlobusMachine, type GlobusMachineOptions } from './globus-machine.js';
import { seededRandom } from './ids.js';
import { LocalFileSystem } from './local-file-system.js';
import { dataAccessScope, transferScope } from './scopes.js';

const testStart = Date.UTC(2026, 0, 1);

interface JsonAnswer {
  readonly status: number;
  readonly headers: EmulatedResponse['headers'];
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * A machine with one client `client-1` (secret `secret-1`), two virtual mapped collections `col-a`
 * and `col-b` where copying a file takes 11 seconds, a token, and a manual clock.
 */
export class MachineHarness {
  readonly machine: GlobusMachine;
  now = testStart;
  token = '';

  constructor(options: Partial<GlobusMachineOptions> = {}) {
    this.machine = new GlobusMachine({
      random: seededRandom(1),
      files: new LocalFileSystem(),
      ...options,
    });
    this.machine.addClient({ id: 'client-1', secret: 'secret-1' });
    const virtual = { bytesPerFile: 1000, bytesPerSecond: 100, startupMs: 1000 };
    this.machine.addCollection({ id: 'col-a', displayName: 'A', virtual });
    this.machine.addCollection({ id: 'col-b', displayName: 'B', virtual });
  }

  /** @param body an object is sent as JSON, a string unchanged */
  send(method: string, target: string, body: unknown = '', token = this.token): JsonAnswer {
    return this.ask(
      method,
      target,
      `Bearer ${token}`,
      typeof body === 'string' ? body : JSON.stringify(body),
    );
  }

  /** Requests a token with Basic credentials. */
  grant(scope: string, client = 'client-1:secret-1'): JsonAnswer {
    return this.askAuth(
      { grant_type: 'client_credentials', scope },
      `Basic ${Buffer.from(client).toString('base64')}`,
    );
  }

  /** Posts a form to the token endpoint. */
  askAuth(form: Readonly<Record<string, string>>, authorization?: string): JsonAnswer {
    return this.ask('POST', '/v2/oauth2/token', authorization, new URLSearchParams(form));
  }

  /** Uses a token with consent for these collections from now on. */
  login(collections: readonly string[] = ['col-a', 'col-b'], client?: string): void {
    const dependencies = collections.map((id) => `*${dataAccessScope(id)}`).join(' ');
    const scope = dependencies === '' ? transferScope : `${transferScope}[${dependencies}]`;
    this.token = this.grant(scope, client).body['access_token'] as string;
  }

  submit(changes: Readonly<Record<string, unknown>> = {}): JsonAnswer {
    return this.send('POST', '/v0.10/transfer', this.document(changes));
  }

  /** A submission with an issued id. */
  document(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
    return {
      DATA_TYPE: 'transfer',
      submission_id: this.send('GET', '/v0.10/submission_id').body['value'],
      source_endpoint: 'col-a',
      destination_endpoint: 'col-b',
      label: 'test',
      DATA: [item('/data', '/copy')],
      ...changes,
    };
  }

  /** Submits, and fails unless it is accepted. */
  accepted(changes: Readonly<Record<string, unknown>> = {}): string {
    const { status, body } = this.submit(changes);
    if (status !== 200) throw new Error(`Not accepted: ${JSON.stringify(body)}`);
    return body['task_id'] as string;
  }

  /** Sends requests as `client-2`, with consent for `col-a` and `col-b`, from now on. */
  becomeSecondClient(): void {
    this.machine.addClient({ id: 'client-2', secret: 'secret-2' });
    this.login(['col-a', 'col-b'], 'client-2:secret-2');
  }

  task(id: string): JsonAnswer['body'] {
    return this.send('GET', `/v0.10/task/${id}`).body;
  }

  wait(milliseconds: number): void {
    this.now += milliseconds;
    this.machine.advance(this.now);
  }

  private ask(
    method: string,
    target: string,
    authorization: string | undefined,
    body: string | URLSearchParams,
  ): JsonAnswer {
    const answer = directCall(this.machine, this.now, {
      method,
      target,
      body: body.toString(),
      headers: authorization === undefined ? {} : { authorization },
    });
    return { ...answer, headers: answer.headers, body: answer.body as JsonAnswer['body'] };
  }
}

export function item(
  source: string,
  destination: string,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    DATA_TYPE: 'transfer_item',
    source_path: source,
    destination_path: destination,
    ...more,
  };
}

export function pick(
  object: Readonly<Record<string, unknown>>,
  ...names: readonly string[]
): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}
