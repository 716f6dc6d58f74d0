import type { EmulatedResponse } from './emulator.js';

/**
 * What may go wrong with one request, seen from the caller:
 *
 * - `latency`: answered as usual, `ms` milliseconds later. Adds up with other rules.
 * - `status`: this status is answered; the request is **not** carried out.
 * - `reset`: the connection is destroyed before anything is done.
 * - `hang`: never answered, not carried out.
 * - `lost-answer`: carried out, then the connection is destroyed.
 * - `late-error`: carried out, then this status is answered.
 * - `garbage`: status 200 with a body that is no JSON, as a login page in between would send it;
 *   carried out only if `carriedOut` is true.
 */
export type FaultEffect =
  | { readonly type: 'latency'; readonly ms: number }
  | {
      readonly type: 'status';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly type: 'reset' }
  | { readonly type: 'hang' }
  | { readonly type: 'lost-answer' }
  | {
      readonly type: 'late-error';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly type: 'garbage'; readonly carriedOut?: boolean };

/** The effects that decide what becomes of a request; latency only delays it. */
export type DecisiveEffect = Exclude<FaultEffect, { type: 'latency' }>;

/** Which requests a rule is for; an absent property matches everything. */
export interface FaultMatch {
  /** HTTP method, in any case. */
  readonly method?: string;
  /** Found anywhere in the percent-encoded path (without query); a string is a RegExp source. */
  readonly path?: RegExp | string;
}

/** One thing that goes wrong. */
export interface FaultRule {
  /** Name for removing the rule; made up if absent. A rule with a known id replaces the old one. */
  readonly id?: string;
  readonly match?: FaultMatch;
  /** How often the rule may strike before it is gone. Default: no limit. */
  readonly times?: number;
  /** Chance between 0 and 1 that a matching request is struck. Default 1. */
  readonly probability?: number;
  readonly effect: FaultEffect;
}

/** A rule as {@link FaultPlan.list} shows it: plain JSON, with what is left of `times`. */
export interface ListedFaultRule {
  readonly id: string;
  readonly match: { readonly method?: string; readonly path?: string };
  readonly times?: number;
  readonly probability?: number;
  readonly effect: FaultEffect;
}

/** The request as far as a rule can see it. */
export interface FaultSubject {
  readonly method: string;
  readonly path: string;
}

/** What is to be done with one request: wait `latencyMs`, then let `effect` happen, if any. */
export interface FaultDecision {
  readonly latencyMs: number;
  readonly effect?: DecisiveEffect;
}

/** What the caller gets in the end. */
export type FaultOutcome =
  | { readonly type: 'answer'; readonly response: EmulatedResponse }
  | { readonly type: 'reset' }
  | { readonly type: 'hang' };

interface StoredRule {
  readonly id: string;
  readonly method: string | undefined;
  readonly path: RegExp | undefined;
  /** As given: a RegExp's own source has its slashes escaped. */
  readonly pathSource: string | undefined;
  readonly probability: number | undefined;
  readonly effect: FaultEffect;
  timesLeft: number | undefined;
}

/**
 * What goes wrong between a caller and an emulator. Servers and the in-process simulation share it,
 * so that a fault found in one can be replayed in the other.
 *
 * Rules are looked at in the order in which they were added. Latencies of all rules that strike add
 * up; the first rule with another effect decides, and those behind it are not looked at (and do not
 * use up their `times`). An outage comes before all rules.
 */
export class FaultPlan {
  private readonly rules = new Map<string, StoredRule>();
  private outageEffect: FaultEffect | undefined;
  private lastId = 0;

  /**
   * Adds a rule behind the others, or replaces the rule with the same id in its place.
   *
   * @returns the rule's id
   * @throws RangeError if a number makes no sense, SyntaxError if `path` is no regular expression.
   */
  add(rule: FaultRule): string {
    checkRule(rule);
    const id = rule.id ?? this.unusedId();
    this.rules.set(id, {
      id,
      method: rule.match?.method?.toUpperCase(),
      path: rule.match?.path === undefined ? undefined : stateless(rule.match.path),
      pathSource: typeof rule.match?.path === 'string' ? rule.match.path : rule.match?.path?.source,
      probability: rule.probability,
      effect: rule.effect,
      timesLeft: rule.times,
    });
    return id;
  }

  /** @returns whether there was a rule with this id */
  remove(id: string): boolean {
    return this.rules.delete(id);
  }

  /** Removes all rules and ends the outage. */
  clear(): void {
    this.rules.clear();
    this.outageEffect = undefined;
  }

  /**
   * Begins or ends an outage of the whole service.
   *
   * @param effect what every request meets while it lasts; a destroyed connection by default
   */
  outage(on: boolean, effect: FaultEffect = { type: 'reset' }): void {
    if (on) checkEffect(effect);
    this.outageEffect = on ? effect : undefined;
  }

  /** The effect that every request meets now, if there is an outage. */
  get currentOutage(): FaultEffect | undefined {
    return this.outageEffect;
  }

  /** The rules that can still strike, in order. */
  list(): readonly ListedFaultRule[] {
    return [...this.rules.values()].map((rule) => ({
      id: rule.id,
      match: {
        ...(rule.method === undefined ? {} : { method: rule.method }),
        ...(rule.pathSource === undefined ? {} : { path: rule.pathSource }),
      },
      ...(rule.timesLeft === undefined ? {} : { times: rule.timesLeft }),
      ...(rule.probability === undefined ? {} : { probability: rule.probability }),
      effect: rule.effect,
    }));
  }

  /**
   * Decides what becomes of one request. Apart from counting `times` down, the answer depends on
   * the rules, the request and `random` only; `random` is drawn once for each matching rule that
   * has a probability below 1.
   *
   * @param random a number from 0 (included) to 1 (excluded)
   */
  decide(request: FaultSubject, random: () => number): FaultDecision {
    if (this.outageEffect !== undefined) return decisionOf(0, this.outageEffect);
    let latencyMs = 0;
    for (const rule of this.rules.values()) {
      if (!strikes(rule, request, random)) continue;
      if (rule.timesLeft !== undefined && --rule.timesLeft === 0) this.rules.delete(rule.id);
      if (rule.effect.type !== 'latency') return decisionOf(latencyMs, rule.effect);
      latencyMs += rule.effect.ms;
    }
    return { latencyMs };
  }

  private unusedId(): string {
    let id: string;
    do id = `fault-${++this.lastId}`;
    while (this.rules.has(id));
    return id;
  }
}

/**
 * Lets a decided effect happen, after the latency has passed.
 *
 * @param work carries the request out; called at most once, and only by effects that say so
 */
export function carryOut(
  effect: DecisiveEffect | undefined,
  work: () => EmulatedResponse,
): FaultOutcome {
  if (effect === undefined) return { type: 'answer', response: work() };
  switch (effect.type) {
    case 'status':
      return { type: 'answer', response: errorResponse(effect) };
    case 'late-error':
      work();
      return { type: 'answer', response: errorResponse(effect) };
    case 'reset':
      return { type: 'reset' };
    case 'lost-answer':
      work();
      return { type: 'reset' };
    case 'hang':
      return { type: 'hang' };
    case 'garbage':
      if (effect.carriedOut === true) work();
      return {
        type: 'answer',
        response: {
          status: 200,
          headers: { 'content-type': 'text/html; charset=utf-8' },
          body: '<!doctype html><title>Sign in</title>',
        },
      };
  }
}

function strikes(rule: StoredRule, request: FaultSubject, random: () => number): boolean {
  if (rule.method !== undefined && rule.method !== request.method) return false;
  if (rule.path !== undefined && !rule.path.test(request.path)) return false;
  return rule.probability === undefined || rule.probability >= 1 || random() < rule.probability;
}

function decisionOf(latencyMs: number, effect: FaultEffect): FaultDecision {
  return effect.type === 'latency' ? { latencyMs: latencyMs + effect.ms } : { latencyMs, effect };
}

function errorResponse(
  effect: Extract<FaultEffect, { type: 'status' | 'late-error' }>,
): EmulatedResponse {
  return {
    status: effect.status,
    ...(effect.headers === undefined ? {} : { headers: effect.headers }),
    ...(effect.body === undefined ? {} : { body: effect.body }),
  };
}

/** A sticky or global expression remembers where it stopped, and would skip every other request. */
function stateless(path: RegExp | string): RegExp {
  return typeof path === 'string'
    ? new RegExp(path)
    : new RegExp(path.source, path.flags.replace(/[gy]/g, ''));
}

function checkRule(rule: FaultRule): void {
  if (rule.times !== undefined && (!Number.isInteger(rule.times) || rule.times < 1)) {
    throw new RangeError(`A fault's "times" must be a whole number from 1, not ${rule.times}.`);
  }
  const chance = rule.probability;
  if (chance !== undefined && !(chance >= 0 && chance <= 1)) {
    throw new RangeError(`A fault's "probability" must lie between 0 and 1, not at ${chance}.`);
  }
  checkEffect(rule.effect);
}

function checkEffect(effect: FaultEffect): void {
  if (effect.type === 'latency' && !(effect.ms >= 0 && Number.isFinite(effect.ms))) {
    throw new RangeError(`A fault's "ms" must be a number from 0, not ${effect.ms}.`);
  }
  if (
    (effect.type === 'status' || effect.type === 'late-error') &&
    (!Number.isInteger(effect.status) || effect.status < 200 || effect.status > 599)
  ) {
    throw new RangeError(
      `A fault's "status" must be an HTTP status from 200 to 599, not ${effect.status}.`,
    );
  }
}
