import type { EmulatedResponse } from './emulator.js';

/**
 * What can go wrong with a request, as seen by the caller:
 *
 * - `latency`: answered `ms` milliseconds late. Latencies of several rules add up.
 * - `status`: answered with this status; the request is **not** carried out.
 * - `reset`: the connection is destroyed before the request is carried out.
 * - `hang`: never answered, not carried out.
 * - `lost-answer`: carried out, then the connection is destroyed.
 * - `late-error`: carried out, then answered with this status.
 * - `garbage`: answered with 200 and HTML, as by an intercepting login page; carried out only if
 *   `carriedOut` is true.
 */
export type FaultEffect =
  | { readonly type: 'latency'; readonly ms: number }
  | ErrorEffect
  | { readonly type: 'reset' | 'hang' | 'lost-answer' }
  | { readonly type: 'garbage'; readonly carriedOut?: boolean };

interface ErrorEffect {
  readonly type: 'status' | 'late-error';
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** All effects but latency. */
export type DecisiveEffect = Exclude<FaultEffect, { type: 'latency' }>;

/** Which requests a rule applies to; an absent property matches everything. */
interface FaultMatch {
  /** Case-insensitive. */
  readonly method?: string;
  /** Searched for in the percent-encoded path without query; a string is a regular expression. */
  readonly path?: RegExp | string;
}

export interface FaultRule {
  /** Replaces the rule with this id, if any. @default a generated one */
  readonly id?: string;
  readonly match?: FaultMatch;
  /** How often the rule applies. @default no limit */
  readonly times?: number;
  /** From 0 to 1. @default 1 */
  readonly probability?: number;
  readonly effect: FaultEffect;
}

/** A rule as plain JSON, with the remaining `times`. */
interface ListedFaultRule {
  readonly id: string;
  readonly match: { readonly method?: string; readonly path?: string };
  times?: number;
  readonly probability?: number;
  readonly effect: FaultEffect;
}

interface FaultSubject {
  readonly method: string;
  readonly path: string;
}

/** Wait `latencyMs`, then apply `effect`, if any. */
interface FaultDecision {
  readonly latencyMs: number;
  readonly effect?: DecisiveEffect;
}

/** What the server does in the end. */
type FaultOutcome =
  | { readonly type: 'answer'; readonly response: EmulatedResponse }
  | { readonly type: 'reset' }
  | { readonly type: 'hang' };

interface StoredRule {
  readonly listed: ListedFaultRule;
  readonly path: RegExp | undefined;
}

/**
 * What goes wrong between a caller and an emulator.
 *
 * Rules apply in the order in which they were added. Latencies add up; the first rule with another
 * effect decides, and later ones are ignored (and don't use up their `times`). An outage takes
 * precedence over all rules.
 */
export class FaultPlan {
  private readonly rules = new Map<string, StoredRule>();
  private outageEffect: FaultEffect | undefined;
  private lastId = 0;

  /**
   * Appends a rule, or replaces the one with the same id in place.
   *
   * @returns the rule's id
   * @throws RangeError for an invalid number, SyntaxError for an invalid regular expression
   */
  add(rule: FaultRule): string {
    checkRule(rule);
    const { id = this.unusedId(), match: { method, path } = {}, ...rest } = rule;
    const match = {
      ...(method === undefined ? {} : { method: method.toUpperCase() }),
      ...(path === undefined ? {} : { path: typeof path === 'string' ? path : path.source }),
    };
    this.rules.set(id, {
      listed: { id, match, ...rest },
      path: path === undefined ? undefined : stateless(path),
    });
    return id;
  }

  /** @returns whether the rule existed */
  remove(id: string): boolean {
    return this.rules.delete(id);
  }

  /** Removes all rules and ends the outage. */
  clear(): void {
    this.rules.clear();
    this.outageEffect = undefined;
  }

  /**
   * Starts or ends an outage of the whole service.
   *
   * @param effect on every request; a destroyed connection by default
   */
  outage(on: boolean, effect: FaultEffect = { type: 'reset' }): void {
    if (on) checkEffect(effect);
    this.outageEffect = on ? effect : undefined;
  }

  /** Effect of the current outage, if any. */
  get currentOutage(): FaultEffect | undefined {
    return this.outageEffect;
  }

  /** The remaining rules, in order. */
  list(): readonly Readonly<ListedFaultRule>[] {
    return Array.from(this.rules.values(), ({ listed }) => ({ ...listed }));
  }

  /**
   * Decides what happens to a request.
   *
   * @param random from 0 (included) to 1 (excluded); called once for each matching rule with a
   *   probability below 1
   */
  decide(request: FaultSubject, random: () => number): FaultDecision {
    if (this.outageEffect !== undefined) return decisionOf(0, this.outageEffect);
    let latencyMs = 0;
    for (const rule of this.rules.values()) {
      if (!applies(rule, request, random)) continue;
      const { listed } = rule;
      if (listed.times !== undefined && --listed.times === 0) this.rules.delete(listed.id);
      if (listed.effect.type !== 'latency') return decisionOf(latencyMs, listed.effect);
      latencyMs += listed.effect.ms;
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
 * Applies an effect, after the latency has passed.
 *
 * @param work carries out the request; called at most once
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

function applies(
  { listed: { match, probability = 1 }, path }: StoredRule,
  request: FaultSubject,
  random: () => number,
): boolean {
  if (match.method !== undefined && match.method !== request.method) return false;
  if (path !== undefined && !path.test(request.path)) return false;
  return probability >= 1 || random() < probability;
}

function decisionOf(latencyMs: number, effect: FaultEffect): FaultDecision {
  return effect.type === 'latency' ? { latencyMs: latencyMs + effect.ms } : { latencyMs, effect };
}

function errorResponse({ type: _type, ...response }: ErrorEffect): EmulatedResponse {
  return response;
}

/** A sticky or global expression has state, and would skip every other request. */
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
    throw new RangeError(`A fault's "probability" must be from 0 to 1, not ${chance}.`);
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
