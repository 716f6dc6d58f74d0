import type { EmulatedResponse } from '../../sandbox/http/emulator.js';
import {
  type HttpRequest,
  type HttpResponse,
  type HttpTransport,
  TransportError,
  type TransportFailure,
} from '../../src/ports/http-transport.port.js';
import { arrived, type ArrivedRequest } from '../support/whole-body.js';
import { type FaultRates, SECOND } from './plan.js';
import type { Target, World } from './world.js';

/** What becomes of one call. */
type Fate = 'well' | keyof FaultRates;

/**
 * How long after its caller has given up a request may still arrive: less than the service allows
 * for before it takes it that a submission can't have arrived (two minutes).
 */
const LATEST_MS = 95 * SECOND;

/** How much likelier trouble is in a call that changes something. */
const CHANGES_FAIL_MORE = 3;

/** What the network knows of the process that calls. */
interface Caller {
  readonly number: number;
  readonly alive: boolean;
  readonly diedAt: number;
}

/** Between the adapters and the emulators: takes its time, and is not to be relied upon. */
export class SimulatedNetwork implements HttpTransport {
  /** By address: what Globus has last shown of tasks. */
  private readonly shown = new Map<string, EmulatedResponse>();

  constructor(
    private readonly world: World,
    private readonly life: Caller,
  ) {}

  async send(request: HttpRequest): Promise<HttpResponse> {
    const sent = await arrived(request);
    if (!this.life.alive) return new Promise(() => undefined);
    return new Promise((resolve, reject) => {
      this.start(sent, resolve, reject);
    });
  }

  private start(
    request: ArrivedRequest,
    resolve: (response: HttpResponse) => void,
    reject: (error: Error) => void,
  ): void {
    const { world, life } = this;
    const { clock, dice } = world;
    const target = world.targetOf(request);
    const fate = this.fateOf(target, request.method);
    let waiting = true;
    const over = (tell: () => void): void => {
      if (!waiting) return;
      waiting = false;
      takeBackTimeout();
      request.signal?.removeEventListener('abort', onAbort);
      if (life.alive) tell();
    };
    const fail = (failure: TransportFailure) => (): void => {
      over(() => {
        world.note(`${target.name} fails: ${failure}`);
        reject(new TransportError(failure, `simulated: ${failure}`));
      });
    };
    const onAbort = fail('aborted');
    const takeBackTimeout = clock.schedule(request.timeoutMs, fail('timeout'));
    request.signal?.addEventListener('abort', onAbort, { once: true });
    if (request.signal?.aborted === true) {
      onAbort();
      return;
    }
    world.note(`${target.name} is sent${fate === 'well' ? '' : ` (${fate})`}`);
    const givenUpAfter = dice.next();
    const answer = (response: EmulatedResponse): void => {
      const back = this.latency() + (response.delayMs ?? 0);
      // Infinity: the service never answers; the time-out is on its way.
      if (back === Number.POSITIVE_INFINITY) return;
      clock.schedule(back, () => {
        over(() => {
          world.note(`${target.name} is answered: ${response.status}`);
          resolve({
            status: response.status,
            headers: response.headers ?? {},
            body: response.body,
          });
        });
      });
    };
    const arrive = (then: (response: EmulatedResponse) => void): void => {
      if (!life.alive && world.elapsed - life.diedAt > givenUpAfter * LATEST_MS) return;
      const late = !waiting || !life.alive;
      then(world.serve(target, request, { at: world.elapsed, life: life.number, late }));
    };
    const arriveIn = (ms: number, then: (response: EmulatedResponse) => void): void => {
      clock.schedule(ms, () => {
        arrive(then);
      });
    };
    const there = this.latency();
    switch (fate) {
      case 'well':
        arriveIn(there, (response) => {
          if (showsTasks(target)) this.shown.set(request.url, response);
          answer(response);
        });
        return;
      case 'stale': {
        const earlier = this.shown.get(request.url);
        if (earlier === undefined) arriveIn(there, answer);
        else answer(earlier);
        return;
      }
      case 'twice':
        arriveIn(there, () => {
          arrive(answer);
        });
        return;
      case 'notSent':
        clock.schedule(there, fail('not-sent'));
        return;
      case 'lostBefore':
        clock.schedule(there, fail('lost'));
        return;
      case 'answerLost':
        arriveIn(there, () => clock.schedule(this.latency(), fail('lost')));
        return;
      case 'silent':
        arriveIn(there, () => undefined);
        return;
      case 'hang':
        return;
      case 'late':
        arriveIn(request.timeoutMs + dice.between(0, LATEST_MS), answer);
        return;
      case 'errorBefore':
        answer(this.serverError(target, true));
        return;
      case 'errorAfter':
        arriveIn(there, () => {
          answer(this.serverError(target, false));
        });
        return;
      case 'garbageBefore':
        answer({ status: 200, body: '<html>Welcome</html>' });
        return;
      case 'garbageAfter':
        arriveIn(there, () => {
          answer({ status: 200, body: '<html>Welcome</html>' });
        });
        return;
      case 'rateLimited':
        answer({
          status: 429,
          headers: dice.chance(0.5) ? { 'retry-after': String(dice.whole(1, 60)) } : {},
        });
        return;
      case 'idRefused':
        world.refuseSubmissionId(request);
        arriveIn(there, answer);
        return;
    }
  }

  private latency(): number {
    const { dice, plan } = this.world;
    return dice.chance(0.95) ? dice.between(1, 20) : dice.between(1, plan.slowestAnswer);
  }

  private serverError(target: Target, nothingDone: boolean): EmulatedResponse {
    const { dice } = this.world;
    const status = dice.pick([500, 502, 503, 504]);
    if (target.service === 'globus' && nothingDone && dice.chance(0.3)) {
      return { status: 502, body: { code: 'ExternalError.GCDisconnected', message: 'offline' } };
    }
    return { status, body: dice.chance(0.5) ? 'Internal server error' : undefined };
  }

  private fateOf(target: Target, method: string): Fate {
    const { world } = this;
    if (!world.troubled) return 'well';
    switch (world.outageOf(target.service)) {
      case 'refused':
        return 'notSent';
      case 'hang':
        return 'hang';
      case 'errors':
        return 'errorBefore';
      case 'own':
      case undefined:
        break;
    }
    // What changes something is where it hurts.
    const often = method === 'GET' || target.path.startsWith('/v2/') ? 1 : CHANGES_FAIL_MORE;
    let chance = world.dice.next() / often;
    for (const [fate, rate] of Object.entries(world.plan.rates)) {
      chance -= rate as number;
      if (chance < 0) return possible(fate as Fate, target, method);
    }
    return 'well';
  }
}

/** A fate that this call can have. */
function possible(fate: Fate, target: Target, method: string): Fate {
  // HTTP repeats on the way only what it calls idempotent; a PATCH and a POST are not.
  if (fate === 'twice' && method !== 'GET' && method !== 'DELETE') return 'well';
  if (fate === 'stale' && !showsTasks(target)) return 'well';
  if (fate === 'idRefused' && target.path !== '/v0.10/transfer') return 'well';
  return fate;
}

/** Whether the call reads known tasks. */
function showsTasks({ path, query }: Target): boolean {
  return path === '/v0.10/task_list' && query.includes('task_id');
}
