import type { EmulatedResponse } from './emulator.js';
import type { FaultEffect, FaultMatch, FaultPlan, FaultRule } from './fault-plan.js';

/** Where a running emulator server lets people see and change its faults. */
export const FAULT_CONTROL_PATH = '/__sandbox/faults';

/**
 * Answers a request for {@link FAULT_CONTROL_PATH}. It reaches the plan whatever faults are set, so
 * that an outage begun with curl can be ended with curl:
 *
 * ```sh
 * F=http://127.0.0.1:8081/__sandbox/faults
 * curl $F                                                  # what is set: {"outage":…,"rules":[…]}
 * curl $F -d '{"outage": true}'                            # every connection is destroyed …
 * curl $F -d '{"outage": {"type": "status", "status": 503}}'   # … or everything is answered 503 …
 * curl $F -d '{"outage": false}'                           # … until now
 * curl $F -d '{"match": {"method": "POST", "path": "/jobs$"}, "times": 1,
 *              "effect": {"type": "lost-answer"}}'         # 201 {"id":"fault-1", …}
 * curl $F -d '{"probability": 0.3, "effect": {"type": "latency", "ms": 2000}}'
 * curl -X DELETE $F/fault-1                                # this one
 * curl -X DELETE $F                                        # all, and the outage
 * ```
 *
 * Effects: `latency {ms}`, `status {status, body?, headers?}`, `reset`, `hang`, `lost-answer`,
 * `late-error {status, body?, headers?}`, `garbage {carriedOut?}`. What can't be understood is a
 * 400 with a sentence in `message`.
 */
export function controlFaults(
  plan: FaultPlan,
  request: { readonly method: string; readonly path: string; readonly body: string },
): EmulatedResponse {
  const id = decodeURIComponent(request.path.slice(FAULT_CONTROL_PATH.length + 1));
  try {
    switch (request.method) {
      case 'GET':
        return { status: 200, body: overview(plan) };
      case 'POST':
        return change(plan, parseJson(request.body));
      case 'DELETE':
        if (id === '') plan.clear();
        else if (!plan.remove(id)) return refusal(404, `There is no fault with the id "${id}".`);
        return { status: 200, body: overview(plan) };
      default:
        return refusal(405, 'Faults are seen with GET, set with POST and removed with DELETE.');
    }
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError || error instanceof TypeError) {
      return refusal(400, error.message);
    }
    throw error;
  }
}

function overview(plan: FaultPlan): unknown {
  return { outage: plan.currentOutage ?? false, rules: plan.list() };
}

function change(plan: FaultPlan, body: unknown): EmulatedResponse {
  const given = objectOf(body, 'The body');
  if ('outage' in given) {
    if (typeof given['outage'] === 'boolean') plan.outage(given['outage']);
    else plan.outage(true, parseEffect(given['outage']));
    return { status: 200, body: overview(plan) };
  }
  const id = plan.add(parseFaultRule(given));
  return { status: 201, body: plan.list().find((rule) => rule.id === id) };
}

/**
 * Reads a rule from JSON.
 *
 * @throws TypeError with a sentence for the person who wrote it.
 */
function parseFaultRule(value: unknown): FaultRule {
  const given = objectOf(value, 'A fault');
  refuseUnknown(given, ['id', 'match', 'times', 'probability', 'effect'], 'A fault');
  return {
    ...optional(given, 'id', stringOf),
    ...optional(given, 'match', parseMatch),
    ...optional(given, 'times', numberOf),
    ...optional(given, 'probability', numberOf),
    effect: parseEffect(given['effect']),
  };
}

function parseMatch(value: unknown): FaultMatch {
  const given = objectOf(value, '"match"');
  refuseUnknown(given, ['method', 'path'], '"match"');
  return { ...optional(given, 'method', stringOf), ...optional(given, 'path', stringOf) };
}

function parseEffect(value: unknown): FaultEffect {
  const given = objectOf(value, '"effect"');
  const type = given['type'];
  switch (type) {
    case 'latency':
      refuseUnknown(given, ['type', 'ms'], 'A latency');
      return { type, ms: numberOf(given['ms'], 'ms') };
    case 'status':
    case 'late-error':
      refuseUnknown(given, ['type', 'status', 'body', 'headers'], `A "${type}"`);
      return {
        type,
        status: numberOf(given['status'], 'status'),
        ...('body' in given ? { body: given['body'] } : {}),
        ...optional(given, 'headers', headersOf),
      };
    case 'reset':
    case 'hang':
    case 'lost-answer':
      refuseUnknown(given, ['type'], `A "${type}"`);
      return { type };
    case 'garbage':
      refuseUnknown(given, ['type', 'carriedOut'], 'A "garbage"');
      return { type, ...optional(given, 'carriedOut', booleanOf) };
    default:
      throw new TypeError(
        'The "type" of an effect must be latency, status, reset, hang, lost-answer, late-error ' +
          'or garbage.',
      );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TypeError('The body must be JSON.', { cause: error });
  }
}

function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${what} must be a JSON object.`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function refuseUnknown(
  given: Readonly<Record<string, unknown>>,
  known: readonly string[],
  what: string,
): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`${what} has no "${unknown}"; it knows ${known.join(', ')}.`);
  }
}

function optional<K extends string, V>(
  given: Readonly<Record<string, unknown>>,
  key: K,
  parse: (value: unknown, key: string) => V,
): Partial<Record<K, V>> {
  return given[key] === undefined
    ? {}
    : ({ [key]: parse(given[key], key) } as Partial<Record<K, V>>);
}

function stringOf(value: unknown, key: string): string {
  if (typeof value !== 'string') throw new TypeError(`"${key}" must be a text.`);
  return value;
}

function numberOf(value: unknown, key: string): number {
  if (typeof value !== 'number') throw new TypeError(`"${key}" must be a number.`);
  return value;
}

function booleanOf(value: unknown, key: string): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`"${key}" must be true or false.`);
  return value;
}

function headersOf(value: unknown): Record<string, string> {
  const given = objectOf(value, '"headers"');
  return Object.fromEntries(
    Object.entries(given).map(([name, text]) => [name, stringOf(text, name)]),
  );
}

function refusal(status: number, message: string): EmulatedResponse {
  return { status, body: { message } };
}
