import { RULES } from '../../facilities/request-rules.js';
import { oneLine, type Painter, painter } from '../common/text.js';
import type { ExplainedRule, ExplainedSide, Explanation, Fact } from './explanation.js';

const STYLES = {
  passed: { mark: '✓', colour: 'green' },
  refused: { mark: '✗', colour: 'red' },
  'not-needed': { mark: '–', colour: 'gray' },
  'not-checked': { mark: '–', colour: 'yellow' },
} as const;
const DECISION_COLOURS = { allowed: 'green', refused: 'red', undecided: 'yellow' } as const;

const RULES_HEADING =
  'Rules, in the order in which they apply (✓ passed, ✗ refused, – not needed or not checked):';
const RULE_WIDTH = Math.max(...RULES.map(({ length }) => length));
const BELOW_RULE = ' '.repeat(2 + RULE_WIDTH + 2);
const LABEL_WIDTH = 'source folder'.length;
/** Some users are in thousands of groups. */
const LISTED_VALUES = 12;

/** An explanation for people, ending in a line break. */
export function explanationText(explanation: Explanation, colours: boolean): string {
  const painted = painter(colours);
  const { decision, rules } = explanation;
  const [headline, ...more] = decisionLines(explanation);
  const lines = [
    painted(DECISION_COLOURS[decision], oneLine(headline)),
    ...more.map(oneLine),
    ...factLines(explanation).map(oneLine),
    ...(rules.length === 0 ? [] : ['', RULES_HEADING]),
    ...rules.flatMap((rule) => ruleLines(rule, explanation, painted)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function decisionLines(explanation: Explanation): readonly [string, ...string[]] {
  const { decision, decidedBy, answer, rules } = explanation;
  const answerLines =
    answer === undefined ? [] : [`POST /transfer returns ${answer.status}: ${answer.message}`];
  switch (decision) {
    case 'allowed':
      return ['Allowed: no rule refuses this request.'];
    case 'refused': {
      if (decidedBy === undefined) {
        return ['Refused: this token belongs to no known user.', ...answerLines];
      }
      const facility = rules.find(({ rule }) => rule === decidedBy)?.facility;
      const ofFacility = facility === undefined ? '' : ` of facility ${facility}`;
      return [`Refused by rule ${decidedBy}${ofFacility}.`, ...answerLines];
    }
    case 'undecided': {
      const open = rules.filter(({ outcome }) => outcome === 'not-checked').length;
      return open === 0
        ? ['Undecided.', ...answerLines]
        : [`Undecided: no rule refuses this request, but ${open} could not be checked.`];
    }
  }
}

function factLines(explanation: Explanation): readonly string[] {
  const { user, dataset, source, destination, symlinks, afterwards } = explanation;
  const facts = {
    user: user && `${user.username} (from ${user.from})`,
    groups: user && listed(user.accessGroups),
    dataset: dataset?.pid,
    'owner group': dataset && factText(dataset.ownerGroup),
    'source folder': dataset && factText(dataset.sourceFolder),
    from: source && sideText(source),
    to: destination && sideText(destination),
    links: symlinks,
    afterwards,
  };
  const lines = Object.entries(facts).flatMap(([label, text]) =>
    text === undefined ? [] : [`${label.padEnd(LABEL_WIDTH)}  ${text}`],
  );
  return lines.length === 0 ? [] : ['', ...lines];
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
  const { mark, colour } = STYLES[rule.outcome];
  const name = rule.rule.padEnd(RULE_WIDTH);
  return [
    `${painted(colour, mark)} ${name}  ${oneLine(finding(rule, explanation))}`,
    ...(rule.change === undefined ? [] : [`${BELOW_RULE}→ ${oneLine(rule.change)}`]),
  ];
}

/** What was found, for operators: the message of a refusal addresses the user. */
function finding(rule: ExplainedRule, { user }: Explanation): string {
  const { outcome, message, accessPath = '', required = [], found = [] } = rule;
  if (outcome !== 'refused') return message;
  const name = user?.username ?? '';
  const wanted = required.map((value) => `"${value}"`).join(', ');
  switch (rule.rule) {
    case 'source-access':
    case 'destination-access':
      return found.length === 0
        ? `${name}'s SciCat account has nothing at ${accessPath}, where ${wanted} is required.`
        : `${name}'s SciCat account does not have ${wanted} at ${accessPath}; it has ${listed(found)}.`;
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
