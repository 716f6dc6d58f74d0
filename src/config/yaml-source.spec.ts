import { describe, expect, test } from '@jest/globals';
import { formatProblem } from './problem.js';
import { parseYamlSource, type YamlSource } from './yaml-source.js';

const parse = (text: string): YamlSource => parseYamlSource(text, 'f.yaml', (_path, key) => key);
const problemsOf = (text: string): readonly string[] => parse(text).problems.map(formatProblem);

describe('merge keys', () => {
  test("a mapping's own key wins, then the first merged one", () => {
    const text = `
a: &a { x: a, y: a, z: a }
b: &b { y: b, w: b }
one: { <<: *a, x: own }
list:
  - <<: [*b, *a]
    z: own
twice:
  <<: *b
  <<: *a
`;
    expect(parse(text)).toMatchObject({
      problems: [],
      value: {
        one: { x: 'own', y: 'a', z: 'a' },
        list: [{ z: 'own', y: 'b', w: 'b', x: 'a' }],
        twice: { y: 'b', w: 'b', x: 'a', z: 'a' },
      },
    });
  });

  test('a merged mapping may itself merge', () => {
    const text = 'a: &a { x: 1 }\nb: &b\n  <<: *a\n  y: 2\nc:\n  <<: *b\n';
    expect(parse(text).value).toEqual({ a: { x: 1 }, b: { x: 1, y: 2 }, c: { x: 1, y: 2 } });
  });

  test('a quoted "<<" is an ordinary key', () => {
    expect(parse('a:\n  "<<": 1').value).toEqual({ a: { '<<': 1 } });
  });

  test.each([
    ['a:\n  <<: 5', 'f.yaml:2: a: merges something that is not a mapping; write "<<: *anchor"'],
    ['a:\n  <<: *nope', 'f.yaml:2: a: uses the anchor "nope", which is not defined above'],
    ['a: *nope', 'f.yaml:1: a: uses the anchor "nope", which is not defined above'],
    ['a: &a\n  <<: *a', 'f.yaml:2: a: merges itself through an alias'],
    ['a: &a\n  b: *a', 'f.yaml:2: a.b: contains itself through an alias'],
    ['a: &a [*a]', 'f.yaml:1: a[0]: contains itself through an alias'],
  ])('%j', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  test('a file that expands enormously through aliases is refused', () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'l0: &l0 [1]'
        : `l${level}: &l${level} [${Array(10)
            .fill(`*l${level - 1}`)
            .join(', ')}]`,
    );
    expect(problemsOf(levels.join('\n')).at(0)).toContain('use fewer aliases');
  });
});

describe('problems of the YAML itself', () => {
  test('every syntax error has a line', () => {
    expect(problemsOf('a: [1, 2\nb: "x\nc: d\n')).toEqual([
      'f.yaml:1: a (YAML syntax): begins with "[" that is not closed; add "]" where it ends',
      'f.yaml:2: b (YAML syntax): begins with a quotation mark (") that is not closed; add the closing one',
    ]);
  });

  test('a duplicate key is reported once with its path, even in a shared block', () => {
    const text = 'x: &x\n  k: 1\n  k: 2\na: *x\nb:\n  <<: *x\n';
    expect(problemsOf(text)).toEqual([
      'f.yaml:3: x.k: is given twice in the same block; keep one of them',
    ]);
  });

  test('a key that is not a plain word', () => {
    expect(problemsOf('? [a]\n: 1')).toEqual([
      'f.yaml:1: document: has a key that is not a plain word',
    ]);
  });

  test('an unknown tag is a warning', () => {
    expect(parse('a: !foo b').problems).toEqual([
      {
        file: 'f.yaml',
        line: 1,
        column: 4,
        path: 'YAML syntax',
        message: 'has "!foo", a type that is not known here; remove it',
        severity: 'warning',
      },
    ]);
  });

  test('"__proto__" is an ordinary key', () => {
    const { value } = parse('__proto__: { polluted: true }');
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('positions', () => {
  const text = [
    'a:',
    '  plain: hello world',
    "  single: 'hello world'",
    '  double: "hello world"',
    '  escaped: "hello\\u0020world"',
    '  block: |',
    '    first',
    '      second line',
    '  folded: >',
    '    hello',
    '    world',
    'list:',
    '  - x: 1',
    '  -   y: 2',
  ].join('\n');
  const source = parse(text);

  test.each([
    ['a', 2, 3],
    ['a.plain', 2, 10],
    ['list[1]', 14, 7],
    ['list[1].y', 14, 10],
    ['list[1].missing', 14, 7],
    ['list[1].missing.deeper', 14, 7],
    ['nothing', 1, 1],
  ])('%s is at %i:%i', (path, line, column) => {
    expect(source.positionOf(path)).toEqual({ line, column });
  });

  test('the position of a key is not that of its value', () => {
    expect(source.positionOfKey('a.plain')).toEqual({ line: 2, column: 3 });
  });

  test.each([
    ['a.plain', 'world', 2, 16],
    ['a.single', 'world', 3, 18],
    ['a.double', 'world', 4, 18],
    ['a.block', 'first', 7, 5],
    ['a.block', 'second', 8, 7],
    ['a.block', 'line', 8, 14],
    // Where text and file differ, the text's beginning is as good as it gets.
    ['a.escaped', 'world', 5, 12],
    ['a.folded', 'world', 9, 11],
  ])('in %s the word %p is at %i:%i', (path, word, line, column) => {
    const value = (source.value as { a: Record<string, string> }).a[path.slice(2)] ?? '';
    expect(source.positionWithin(path, value.indexOf(word))).toEqual({ line, column });
  });

  test('the position of a merged value is in its anchor', () => {
    const merged = parse('x: &x\n  k: v\na:\n  <<: *x\n');
    expect(merged.positionOf('a.k')).toEqual({ line: 2, column: 6 });
  });
});
