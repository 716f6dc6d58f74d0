import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A regular expression in the source, and where it stands. */
export interface FoundExpression {
  readonly file: string;
  /** As written, for messages. */
  readonly text: string;
  /** Undefined where it depends on more than the constants of its file. */
  readonly source: string | undefined;
  readonly flags: string;
}

/** Every literal and every `new RegExp` in the source files below a folder, without those of specs. */
export function expressionsBelow(folder: string): readonly FoundExpression[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .sort()
    .flatMap((file) => expressionsIn(file, readFileSync(join(folder, file), 'utf8')));
}

/** The expressions in one file's text. */
export function expressionsIn(file: string, text: string): readonly FoundExpression[] {
  const found: FoundExpression[] = [];
  const root = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const constants = new Map<string, ts.Expression>();
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
      constants.set(node.name.text, node.initializer);
    }
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      const [source, flags] = [node.text.slice(1, end), node.text.slice(end + 1)];
      found.push({ file, text: node.text, source, flags });
    }
    if (isCallOfRegExp(node)) {
      const [pattern, flags] = node.arguments ?? [];
      const source = pattern === undefined ? undefined : constantText(pattern, constants);
      found.push({
        file,
        text: node.getText(),
        source,
        flags: (flags && constantText(flags, constants)) ?? '',
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
}

function isCallOfRegExp(node: ts.Node): node is ts.NewExpression | ts.CallExpression {
  return (
    (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === 'RegExp'
  );
}

/** A string that consists of literals and of constants above it. */
function constantText(
  node: ts.Expression,
  constants: ReadonlyMap<string, ts.Expression>,
): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isIdentifier(node)) {
    const initializer = constants.get(node.text);
    return initializer && constantText(initializer, constants);
  }
  if (!ts.isTemplateExpression(node)) return undefined;
  let text = node.head.text;
  for (const { expression, literal } of node.templateSpans) {
    const value = constantText(expression, constants);
    if (value === undefined) return undefined;
    text += value + literal.text;
  }
  return text;
}
