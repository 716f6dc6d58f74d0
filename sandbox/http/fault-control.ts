import type { EmulatedResponse } from './emulator.js';
import type { FaultEffect, FaultPlan, FaultRule } from './fault-plan.js';

/** Path for reading and changing the faults of a running emulator. */
export const FAULT_CONTROL_PATH = '/__sandbox/faults';

/**
 * Answers a request for {@link FAULT_CONTROL_PATH}. Faults don't apply to it, so that an outage
 * started with curl can be ended with curl:
 *
 * ```sh
 * F=http://127.0.0.1:8081/__sandbox/faults
 * curl $F                                                  # show {"outage":…,"rules":[…]}
 * curl $F -d '{"outage": true}'                            # destroy every connection …
 * curl $F -d '{"outage": {"type": "status", "status": 503}}'   # … or answer everything with 503 …
 * curl $F -d '{"outage": false}'                           # … until now
 * curl $F -d '{"match": {"method": "POST", "path": "/jobs$"}, "times": 1,
 *              "effect": {"type": "lost-answer"}}'         # 201 {"id":"fault-1", …}
 * curl $F -d '{"probability": 0.3, "effect": {"type": "latency", "ms": 2000}}'
 * curl -X DELETE $F/fault-1                                # remove one rule
 * curl -X DELETE $F                                        # remove all rules and the outage
 * ```
 *
 * {@link FaultEffect} lists the effects. Invalid input is a 400 with an explanation in `message`.
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
        return change(plan, request.body);
      case 'DELETE':
        if (id === '') plan.clear();
        else if (!plan.remove(id)) return refusal(404, `There is no fault with the id "${id}".`);
        return { status: 200, body: overview(plan) };
      default:
        return refusal(405, 'Use GET to list faults, POST to set them and DELETE to remove them.');
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

function change(plan: FaultPlan, text: string): EmulatedResponse {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new TypeError('The body must be JSON.', { cause: error });
  }
  const given = objectOf(body, 'The body');
  if ('outage' in given) {
    if (typeof given['outage'] === 'boolean') plan.outage(given['outage']);
    else plan.outage(true, effectOf(given['outage']) as FaultEffect);
    return { status: 200, body: overview(plan) };
  }
  const id = plan.add(parse(given, 'A fault', RULE, ['effect']) as unknown as FaultRule);
  return { status: 201, body: plan.list().find((rule) => rule.id === id) };
}

type Fields = Readonly<Record<string, unknown>>;

/** @throws TypeError with an explanation */
type Parser = (value: unknown, name: string) => unknown;

/** The fields of an object, and what each must be. */
type Shape = Readonly<Record<string, Parser>>;

const string = oneOfType('string', 'a string');
const number = oneOfType('number', 'a number');
const anything: Parser = (value) => value;
const error: Shape = { type: string, status: number, body: anything, headers: headersOf };

const EFFECTS: Readonly<Record<FaultEffect['type'], Shape>> = {
  latency: { type: string, ms: number },
  status: error,
  reset: { type: string },
  hang: { type: string },
  'lost-answer': { type: string },
  'late-error': error,
  garbage: { type: string, carriedOut: oneOfType('boolean', 'true or false') },
};
const MATCH: Shape = { method: string, path: string };
const RULE: Shape = {
  id: string,
  match: (value) => parse(value, '"match"', MATCH),
  times: number,
  probability: number,
  effect: effectOf,
};

function effectOf(value: unknown): Fields {
  const given = objectOf(value, '"effect"');
  const type = String(given['type']);
  if (!Object.hasOwn(EFFECTS, type)) {
    throw new TypeError(
      `The "type" of an effect must be one of ${Object.keys(EFFECTS).join(', ')}.`,
    );
  }
  const shape = EFFECTS[type as FaultEffect['type']];
  return parse(given, `A "${type}"`, shape, ['status', 'ms']);
}

/** @param required fields of the shape, if it has them */
function parse(value: unknown, what: string, shape: Shape, required: string[] = []): Fields {
  const given = objectOf(value, what);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(shape, name));
  if (unknown !== undefined) {
    const known = Object.keys(shape).join(', ');
    throw new TypeError(`${what} has no field "${unknown}", only ${known}.`);
  }
  return Object.fromEntries(
    Object.entries(shape)
      .filter(([name]) => given[name] !== undefined || required.includes(name))
      .map(([name, parser]) => [name, parser(given[name], name)]),
  );
}

function oneOfType(type: string, what: string): Parser {
  return (value, name) => {
    if (typeof value !== type) throw new TypeError(`"${name}" must be ${what}.`);
    return value;
  };
}

function headersOf(value: unknown): Fields {
  const headers = objectOf(value, '"headers"');
  for (const [name, text] of Object.entries(headers)) string(text, name);
  return headers;
}

function objectOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${what} must be a JSON object.`);
  }
  return value as Fields;
}

function refusal(status: number, message: string): EmulatedResponse {
  return { status, body: { message } };
}
