import { describe, expect, it } from '@jest/globals';
import { carryOut, FaultPlan, type DecisiveEffect } from './fault-plan.js';

const never = (): number => {
  throw new Error('Unexpected call of random');
};
const post = { method: 'POST', path: '/api/v4/jobs' };

describe('FaultPlan', () => {
  it('applies rules to matching methods and paths only', () => {
    const plan = new FaultPlan();
    plan.add({ match: { method: 'post', path: '/jobs$' }, effect: { type: 'reset' } });
    expect(
      [post, { ...post, method: 'GET' }, { ...post, path: '/api/v4/jobs/1' }].map((request) =>
        plan.decide(request, never),
      ),
    ).toEqual([{ latencyMs: 0, effect: { type: 'reset' } }, { latencyMs: 0 }, { latencyMs: 0 }]);
  });

  it('removes a rule after "times" applications', () => {
    const plan = new FaultPlan();
    plan.add({ id: 'a', times: 2, effect: { type: 'hang' } });
    const effects = [1, 2, 3].map(() => plan.decide(post, never).effect?.type);
    expect([effects, plan.list()]).toEqual([['hang', 'hang', undefined], []]);
  });

  it('calls random once for each matching rule with a probability', () => {
    const plan = new FaultPlan();
    plan.add({ probability: 0.3, effect: { type: 'reset' } });
    const chances = [0.3, 0.29];
    const next = (): number => chances.shift() ?? never();
    expect([plan.decide(post, next), plan.decide(post, next)]).toEqual([
      { latencyMs: 0 },
      { latencyMs: 0, effect: { type: 'reset' } },
    ]);
  });

  it('adds latencies up, and applies the first other effect without using up later ones', () => {
    const plan = new FaultPlan();
    plan.add({ effect: { type: 'latency', ms: 5 } });
    plan.add({ effect: { type: 'latency', ms: 7 } });
    plan.add({ effect: { type: 'status', status: 502 } });
    plan.add({ id: 'later', times: 1, effect: { type: 'reset' } });
    expect(plan.decide(post, never)).toEqual({
      latencyMs: 12,
      effect: { type: 'status', status: 502 },
    });
    expect(plan.list().at(-1)).toEqual({
      id: 'later',
      match: {},
      times: 1,
      effect: { type: 'reset' },
    });
  });

  it('gives an outage precedence over all rules', () => {
    const plan = new FaultPlan();
    plan.add({ id: 'rule', times: 1, effect: { type: 'hang' } });
    plan.outage(true);
    const during = plan.decide(post, never);
    plan.outage(true, { type: 'latency', ms: 9 });
    const slow = plan.decide(post, never);
    plan.outage(false);
    expect([during, slow, plan.decide(post, never)]).toEqual([
      { latencyMs: 0, effect: { type: 'reset' } },
      { latencyMs: 9 },
      { latencyMs: 0, effect: { type: 'hang' } },
    ]);
  });

  it('replaces a rule with the same id, generates unused ids, removes one or all', () => {
    const plan = new FaultPlan();
    plan.add({ id: 'fault-1', effect: { type: 'hang' } });
    const made = plan.add({ effect: { type: 'hang' } });
    plan.add({ id: 'fault-1', effect: { type: 'reset' } });
    const both = plan.list().map((rule) => [rule.id, rule.effect.type]);
    const removed = [plan.remove(made), plan.remove(made)];
    plan.outage(true);
    plan.clear();
    expect([both, removed, plan.list(), plan.currentOutage]).toEqual([
      [
        ['fault-1', 'reset'],
        ['fault-2', 'hang'],
      ],
      [true, false],
      [],
      undefined,
    ]);
  });

  it.each([
    [{ times: 0, effect: { type: 'reset' } as const }, 'times'],
    [{ probability: Number.NaN, effect: { type: 'reset' } as const }, 'probability'],
    [{ effect: { type: 'latency', ms: -1 } as const }, 'ms'],
    [{ effect: { type: 'late-error', status: 99 } as const }, 'status'],
  ])('refuses the invalid number in %j', (rule, name) => {
    expect(() => new FaultPlan().add(rule)).toThrow(new RegExp(`"${name}"`));
  });
});

describe('carryOut', () => {
  const garbage = {
    type: 'answer',
    response: {
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: '<!doctype html><title>Sign in</title>',
    },
  };
  const cases: readonly [DecisiveEffect | undefined, number, unknown][] = [
    [undefined, 1, { type: 'answer', response: { status: 201 } }],
    [
      { type: 'status', status: 503, headers: { 'retry-after': '3' }, body: 'down' },
      0,
      {
        type: 'answer',
        response: { status: 503, headers: { 'retry-after': '3' }, body: 'down' },
      },
    ],
    [{ type: 'late-error', status: 502 }, 1, { type: 'answer', response: { status: 502 } }],
    [{ type: 'reset' }, 0, { type: 'reset' }],
    [{ type: 'lost-answer' }, 1, { type: 'reset' }],
    [{ type: 'hang' }, 0, { type: 'hang' }],
    [{ type: 'garbage' }, 0, garbage],
    [{ type: 'garbage', carriedOut: true }, 1, garbage],
  ];
  it.each(cases)('%j carries out the request %i times', (effect, times, outcome) => {
    let done = 0;
    const result = carryOut(effect, () => {
      done += 1;
      return { status: 201 };
    });
    expect([done, result]).toEqual([times, outcome]);
  });
});
