import { isRecord } from './filter.js';
import { jobRefusal, Refusal } from './responses.js';

/** An action of a job type, as in SciCat's job configuration file. */
export type JobAction = EmailAction | SwitchAction | OtherAction;

interface EmailAction {
  readonly actionType: 'email';
  readonly to: string;
  readonly subject: string;
  /** Otherwise the request is answered with 400 if the e-mail can't be sent. */
  readonly ignoreErrors: boolean;
}

interface SwitchAction {
  readonly actionType: 'switch';
  /** When it runs: before the job is stored, after it, or both. */
  readonly phase: 'validate' | 'perform' | 'all';
  /** A dotted path in {@link ActionContext}. */
  readonly property: string;
  /** The first one that matches is taken. */
  readonly cases: readonly SwitchCase[];
}

interface SwitchCase {
  readonly matches: (value: unknown, property: string) => boolean;
  readonly actions: readonly JobAction[];
}

/** One that has no effect after a job is stored, or none that the emulator has. */
interface OtherAction {
  readonly actionType: 'log' | 'validate' | 'error';
}

/** What switches and templates read. */
interface ActionContext {
  /** As stored. */
  readonly job: { readonly type: string };
  readonly request: unknown;
  readonly datasets: readonly unknown[];
}

/** An e-mail that an action sent. */
export interface Mail {
  readonly jobId: string;
  /** Of the job at the time. */
  readonly statusCode: string;
  readonly to: string;
  readonly subject: string;
}

/**
 * Performs the actions that follow when a job is stored, whether it is new or was updated.
 *
 * @param send may throw
 * @throws Refusal if an action fails; the job stays stored, and actions before it stay performed
 */
export function performActions(
  actions: readonly JobAction[],
  context: ActionContext,
  send: (mail: Pick<Mail, 'to' | 'subject'>) => void,
): void {
  for (const action of actions) {
    switch (action.actionType) {
      case 'email':
        sendMail(action, context, send);
        break;
      case 'switch': {
        if (action.phase === 'validate') break;
        const value = valueOf(context, action.property);
        const found = action.cases.find(({ matches }) => matches(value, action.property));
        performActions(found?.actions ?? [], context, send);
        break;
      }
      case 'log':
      case 'validate':
      case 'error':
        break;
    }
  }
}

function sendMail(
  { to, subject, ignoreErrors }: EmailAction,
  context: ActionContext,
  send: (mail: Pick<Mail, 'to' | 'subject'>) => void,
): void {
  const mail = { to: rendered(to, context), subject: rendered(subject, context) };
  if (mail.to === '') return;
  try {
    send(mail);
  } catch (error) {
    if (ignoreErrors) return;
    throw new Refusal(
      jobRefusal(
        `Invalid job input. Job '${context.job.type}' unable to perform action 'email' due to ${String(error)}`,
      ),
    );
  }
}

/** Handlebars, as far as values go: `{{ job.id }}`, `{{{ datasets.[0].pid }}}`. */
function rendered(template: string, context: ActionContext): string {
  return template.replace(/\{\{\{?\s*([\w.[\]]+)\s*\}?\}\}/g, (_, path: string) => {
    const value = valueOf(context, path);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  });
}

function valueOf(context: unknown, path: string): unknown {
  return path.split('.').reduce((value, key) => {
    if (Array.isArray(value))
      return (value as readonly unknown[])[Number(key.replace(/[[\]]/g, ''))];
    return isRecord(value) ? value[key] : undefined;
  }, context);
}

/**
 * Reads a list of actions of the job configuration file.
 *
 * @throws Error on what SciCat would not start with, and on what the emulator does not have
 */
export function readActions(value: unknown): readonly JobAction[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error('"actions" must be a list.');
  return value.map(readAction);
}

const SWITCH_KEYS: ReadonlySet<string> = new Set(['actionType', 'phase', 'property', 'cases']);

function readAction(value: unknown): JobAction {
  const action = isRecord(value) ? value : {};
  const { actionType } = action;
  switch (actionType) {
    case 'email':
      textIn(action, 'bodyTemplateFile');
      return {
        actionType,
        to: textIn(action, 'to'),
        subject: textIn(action, 'subject'),
        ignoreErrors: action['ignoreErrors'] === true,
      };
    case 'switch': {
      const { phase, cases } = action;
      const unknown = Object.keys(action).filter((key) => !SWITCH_KEYS.has(key));
      if (unknown.length > 0) throw new Error(`Unknown keys of a switch: ${unknown.join()}.`);
      if (phase !== 'validate' && phase !== 'perform' && phase !== 'all') {
        throw new Error('"phase" of a switch must be validate, perform or all.');
      }
      if (!Array.isArray(cases)) throw new Error('"cases" of a switch must be a list.');
      return {
        actionType,
        phase,
        property: textIn(action, 'property'),
        cases: cases.map(readCase),
      };
    }
    case 'log':
    case 'validate':
    case 'error':
      return { actionType };
    default:
      throw new Error(`Unknown action type ${JSON.stringify(actionType)}.`);
  }
}

function readCase(value: unknown): SwitchCase {
  if (!isRecord(value)) throw new Error('A case of a switch must be a mapping.');
  if ('schema' in value) throw new Error('The emulator has no switch on a schema.');
  if (!('actions' in value)) throw new Error('A case of a switch must have actions.');
  const actions = readActions(value['actions']);
  if ('regex' in value) return { matches: matchesRegex(textIn(value, 'regex')), actions };
  if (!('match' in value)) return { matches: () => true, actions };
  const { match } = value;
  // As loosely as SciCat does.
  // eslint-disable-next-line eqeqeq -- see above
  return { matches: (found) => found == match, actions };
}

function matchesRegex(written: string): SwitchCase['matches'] {
  const [, pattern, flags] = /^\/(.*)\/([a-z]*)$/.exec(written) ?? [];
  // Surprise: a regular expression needs its slashes.
  if (pattern === undefined) throw new Error(`Expected slash-delimited regex. Got '${written}'`);
  const regex = new RegExp(pattern, flags);
  return (value, property) => {
    if (typeof value !== 'string') {
      throw new Refusal(
        jobRefusal(`Property ${property} was expected to be a string. Got ${String(value)}`),
      );
    }
    return regex.test(value);
  };
}

function textIn(value: Readonly<Record<string, unknown>>, key: string): string {
  const text = value[key];
  if (typeof text !== 'string') throw new Error(`"${key}" must be a string.`);
  return text;
}
