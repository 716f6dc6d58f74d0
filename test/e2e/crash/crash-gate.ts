import type {
  EmulatedRequest,
  EmulatedResponse,
  Emulator,
} from '../../../sandbox/http/emulator.js';

/** The services behind the proxy. */
export type Upstream = 'SciCat' | 'Globus';

/** A call by the proxy, described identically in every run. */
export interface UpstreamCall {
  /** E.g. `SciCat PATCH /api/v4/jobs/{id} (002 transferring)`. */
  readonly name: string;
  /** 1 for the first call of this name, counted from {@link CrashGate.count}. */
  readonly occurrence: number;
}

/** A moment at which the proxy's process is killed. */
export interface CrashPoint {
  readonly call: UpstreamCall;
  /** `before`: the call is never carried out. `after`: it is, but its answer never arrives. */
  readonly when: 'before' | 'after';
}

/** What a killed process would hear, had it not been dead for long by then. */
const TOO_LATE: EmulatedResponse = { status: 503, delayMs: 1000 };

/** Calls of health probes, which are not part of a transfer's life. */
const PROBES = new Set(['SciCat GET /api/v3/health']);

/**
 * Stands in front of the emulators, writes down every call and kills the proxy's process at one of
 * them. What the dead process had sent besides is lost on its way.
 */
export class CrashGate {
  /** The calls since {@link count}, in the order of their arrival. */
  readonly calls: UpstreamCall[] = [];
  /** Names of all calls that were carried out, since the start. */
  readonly carriedOut: { readonly name: string; readonly request: EmulatedRequest }[] = [];
  private counting = false;
  private trap: { readonly point: CrashPoint; readonly kill: () => void } | undefined;
  private down = false;

  /** Whether the process was killed at the point that was set. */
  sprung = false;

  /** From now on calls count, beginning with 1 for each name. */
  count(): void {
    this.counting = true;
    this.calls.length = 0;
  }

  /** Calls count no more, and nothing is killed. */
  stopCounting(): void {
    this.counting = false;
    this.trap = undefined;
  }

  /** Kills at this point, once. */
  set(point: CrashPoint, kill: () => void): void {
    this.trap = { point, kill };
  }

  /** A new process is about to call. */
  revive(): void {
    this.down = false;
    this.sprung = false;
  }

  /** The emulator, with this gate in front of it. */
  handle(
    upstream: Upstream,
    emulator: Emulator,
    request: EmulatedRequest,
    now: number,
  ): EmulatedResponse {
    if (this.down) return TOO_LATE;
    const name = nameOf(upstream, request);
    if (!this.counting || PROBES.has(name)) return this.carryOut(name, emulator, request, now);
    const occurrence = 1 + this.calls.filter((call) => call.name === name).length;
    this.calls.push({ name, occurrence });
    const call = this.trap?.point.call;
    const hit = call?.name === name && call.occurrence === occurrence;
    if (hit && this.trap?.point.when === 'before') return this.spring();
    const answer = this.carryOut(name, emulator, request, now);
    return hit ? this.spring() : answer;
  }

  private carryOut(
    name: string,
    emulator: Emulator,
    request: EmulatedRequest,
    now: number,
  ): EmulatedResponse {
    this.carriedOut.push({ name, request });
    return emulator.handle(request, now);
  }

  private spring(): EmulatedResponse {
    this.trap?.kill();
    this.trap = undefined;
    this.counting = false;
    this.sprung = true;
    this.down = true;
    return TOO_LATE;
  }
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

function nameOf(upstream: Upstream, request: EmulatedRequest): string {
  const path = decodeURIComponent(
    request.path.replace(/\/datasets\/[^/]+/, '/datasets/{pid}').replaceAll(UUID, '{id}'),
  );
  const detail = detailOf(request);
  return `${upstream} ${request.method} ${path}${detail === '' ? '' : ` (${detail})`}`;
}

/** What tells calls of one route apart. */
function detailOf({ method, path, query, body }: EmulatedRequest): string {
  if (path.endsWith('/task_list')) {
    const filter = query.get('filter') ?? '';
    return filter.includes('label:') ? 'by label' : filter.includes('task_id:') ? 'by ids' : 'all';
  }
  if (!path.startsWith('/api/v4/jobs')) return '';
  if (method === 'GET') {
    const filter = query.get('filter') ?? '';
    if (filter === '') return '';
    if (filter.includes('globusTransferKey')) return 'archive job by key';
    return filter.includes('globusTransfer.key') ? 'transfer job by key' : 'open jobs';
  }
  const sent: unknown = body === '' ? {} : JSON.parse(body);
  if (method === 'POST') return textOf(sent, 'type') === 'archive' ? 'archive job' : 'transfer job';
  if (method !== 'PATCH') return '';
  const message = textOf(sent, 'statusMessage');
  const brief = message.replace(/^(waiting|cancelled).*?( \(being cancelled\))?$/, '$1$2');
  return `${textOf(sent, 'statusCode')} ${brief}`;
}

function textOf(value: unknown, name: string): string {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return '';
  return String((value as Readonly<Record<string, unknown>>)[name]);
}
