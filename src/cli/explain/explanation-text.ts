import { RULES } from '../../facilities/request-rules.js';
import { oneLine, type Painter, painter } from '../common/text.js';
import type { ExplainedRule, ExplainedSide, Explanation, Fact } from './explanation.js';

const MARKS = { passed: '✓', refused: '✗', 'not-needed': '–', 'not-checked': '–' } as const;
const COLOURS = {
  passed: 'green',
  refused: 'red',
  'not-needed': 'gray',
  'not-checked': 'yellow',
} as const;
const DECISION_COLOURS = { allowed: 'green', refused: 'red', undecided: 'yellow' } as const;

const RULE_WIDTH = Math.max(...RULES.map(({ length }) => length));
const BELOW_RULE = ' '.repeat(2 + RULE_WIDTH + 2);
const LABEL_WIDTH = 'source folder'.length;
/** Some users are in thousands of groups. */
const LISTED_VALUES = 12;

/** An explanation for people, with a line break at its end. */
export function explanationText(explanation: Explanation, colours: boolean): string {
  const painted = painter(colours);
  const { decision, rules } = explanation;
  const [headline, ...more] = decisionLines(explanation);
  const lines = [
    painted(DECISION_COLOURS[decision], oneLine(headline)),
    ...more.map(oneLine),
    ...factLines(explanation).map(oneLine),
    ...(rules.length === 0
      ? []
      : [
          '',
          'Rules, in the order in which they apply (✓ passed, ✗ refused, – not needed or not checked):',
        ]),
    ...rules.flatMap((rule) => ruleLines(rule, explanation, painted)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function decisionLines(explanation: Explanation): readonly [string, ...string[]] {
  const { decision, answer, rules } = explanation;
  const told =
    answer === undefined ? [] : [`POST /transfer returns ${answer.status}: ${answer.message}`];
  switch (decision) {
    case 'allowed':
      return ['Allowed: no rule refuses this request.'];
    case 'refused':
      return [refusedBy(explanation), ...told];
    case 'undecided': {
      const open = rules.filter(({ outcome }) => outcome === 'not-checked').length;
      return open === 0
        ? ['Undecided.', ...told]
        : [`Undecided: no rule refuses this request, but ${open} could not be checked.`];
    }
  }
}

function refusedBy({ decidedBy, rules }: Explanation): string {
  if (decidedBy === undefined) return 'Refused: this token belongs to no known user.';
  const facility = rules.find(({ rule }) => rule === decidedBy)?.facility;
  return `Refused by rule ${decidedBy}${facility === undefined ? '' : ` of facility ${facility}`}.`;
}

function factLines({ user, dataset, source, destination }: Explanation): readonly string[] {
  return [
    ...(user === undefined
      ? []
      : [
          '',
          labelled('user', `${user.username} (from ${user.from})`),
          labelled('groups', listed(user.accessGroups)),
        ]),
    ...(dataset === undefined
      ? []
      : [
          labelled('dataset', dataset.pid),
          labelled('owner group', factText(dataset.ownerGroup)),
          labelled('source folder', factText(dataset.sourceFolder)),
        ]),
    ...(source === undefined ? [] : [labelled('from', sideText(source))]),
    ...(destination === undefined ? [] : [labelled('to', sideText(destination))]),
  ];
}

function labelled(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}  ${text}`;
}

function factText(fact: Fact): string {
  return fact.known ? `${fact.value} (from ${fact.from})` : `unknown: ${fact.because}`;
}

function sideText({ facility, collection, path }: ExplainedSide): string {
  return `${path} on ${facility} (collection ${collection})`;
}

function ruleLines(
  rule: ExplainedRule,
  explanation: Explanation,
  painted: Painter,
): readonly string[] {
  const { outcome, change } = rule;
  const mark = painted(COLOURS[outcome], MARKS[outcome]);
  return [
    `${mark} ${rule.rule.padEnd(RULE_WIDTH)}  ${oneLine(finding(rule, explanation))}`,
    ...(change === undefined ? [] : [`${BELOW_RULE}→ ${oneLine(change)}`]),
  ];
}

/** What was found, for operators; a refusal's own message is for the user. */
function finding(rule: ExplainedRule, { user }: Explanation): string {
  const { outcome, message, accessPath = '', required = [], found = [] } = rule;
  if (outcome !== 'refused') return message;
  const name = user?.username ?? '';
  const wanted = required.map((value) => `"${value}"`).join(', ');
  switch (rule.rule) {
    case 'source-access':
    case 'destination-access':
      return found.length === 0
        ? `${wanted} is required at ${accessPath} of the SciCat account, where ${name} has nothing.`
        : `${wanted} is not at ${accessPath} of ${name}'s SciCat account: ${listed(found)}.`;
    case 'dataset-readable':
      return `SciCat shows ${name} no dataset with this PID.`;
    case 'dataset-owner-group':
      return `The dataset's owner group ${wanted} is not among ${name}'s groups: ${listed(found)}.`;
    default:
      return message;
  }
}

function listed(values: readonly string[]): string {
  if (values.length === 0) return 'none';
  const shown = values.slice(0, LISTED_VALUES).join(', ');
  const more = values.length - LISTED_VALUES;
  return more > 0 ? `${shown} and ${more} more` : shown;
}
