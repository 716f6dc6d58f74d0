import type { EmulatedRequest, EmulatedResponse, Emulator } from '../../sandbox/http/emulator.js';

/** One request to an emulated service. */
export interface LoggedCall {
  /** What was asked for, e.g. `create job`. */
  readonly operation: string;
  /** When it was carried out: milliseconds since the epoch. */
  readonly at: number;
  /** How long the emulator was busy with it, in milliseconds; no part of the set latency. */
  readonly tookMs: number;
}

/** An emulator that remembers what it was asked for. */
export class CallLog implements Emulator {
  private readonly calls: LoggedCall[] = [];

  constructor(
    private readonly emulator: Emulator,
    private readonly operationOf: (request: EmulatedRequest) => string,
  ) {}

  handle(request: EmulatedRequest, now: number): EmulatedResponse {
    const started = performance.now();
    const response = this.emulator.handle(request, now);
    const tookMs = performance.now() - started;
    this.calls.push({ operation: this.operationOf(request), at: now, tookMs });
    return response;
  }

  /** Everything since the last {@link take}. */
  take(): readonly LoggedCall[] {
    return this.calls.splice(0);
  }

  /** How many since the last {@link take}. */
  count(): number {
    return this.calls.length;
  }
}

/** What a request asks SciCat for. */
export function scicatOperation({ method, path, body }: EmulatedRequest): string {
  const [, , , resource = '', id, sub] = path.toLowerCase().split('/');
  switch (`${method} ${resource}`) {
    case 'POST auth':
      return 'log in';
    case 'GET users':
      return 'identity';
    case 'GET datasets':
      return 'dataset';
    case 'PATCH datasets':
      return sub ?? 'dataset';
    case 'POST jobs':
      return body.includes('"type":"archive"') ? 'create archive job' : 'create job';
    case 'PATCH jobs':
      return 'write job';
    case 'GET jobs':
      return id === undefined || id === '' ? 'list jobs' : 'read job';
    default:
      return `${method} ${resource}`;
  }
}

/** What a request asks Globus for. */
export function globusOperation({ method, path }: EmulatedRequest): string {
  const [, version, resource = '', , sub] = path.split('/');
  if (version === 'v2') return 'token';
  switch (`${method} ${resource}`) {
    case 'GET submission_id':
      return 'submission id';
    case 'POST transfer':
      return 'submit';
    case 'GET task_list':
      return 'list tasks';
    case 'GET task':
      return sub ?? 'read task';
    case 'POST task':
      return sub ?? 'task';
    default:
      return `${method} ${resource}`;
  }
}

/** How often each operation was asked for. */
export function countByOperation(calls: readonly LoggedCall[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { operation } of calls) counts[operation] = (counts[operation] ?? 0) + 1;
  return counts;
}
