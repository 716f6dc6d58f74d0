import { describe, expect, it } from '@jest/globals';
import { TemplateRenderError, TemplateSyntaxError } from './template.errors.js';
import { compileTemplate } from './template.js';

const FIELDS = ['Pid', 'PidShort', 'SourceFolder', 'Username'] as const;
const DATA = {
  Pid: '20.500/a',
  PidShort: 'a',
  SourceFolder: '/data/ä b',
  Username: '',
};

function rendered(source: string): string {
  return compileTemplate(source, FIELDS).render(DATA);
}

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** What is known of the refusal, without the error's class and stack. */
function refusal(source: string, fields: readonly string[] = FIELDS): object {
  const error = thrown(() => compileTemplate(source, fields));
  if (!(error instanceof TemplateSyntaxError)) throw new Error(`${source} was accepted.`);
  const { message, offset } = error;
  return { message, offset };
}

describe('Templates that facilities use', () => {
  it.each([
    ['/{{ .SourceFolder }}', '//data/ä b'],
    ['{{.Pid}}/{{.PidShort}}', '20.500/a/a'],
    ['{{ replace .Pid "/" "_" }}', '20.500_a'],
    ['{{ printf "%.8s" .Pid }}/{{ printf "%05d" 42 }}', '20.500/a/00042'],
    ['{{replace (replace .Pid "/" "_") "." "-"}}', '20-500_a'],
    ['{{if .Username}}/home/{{.Username}}{{else}}/nobody{{end}}', '/nobody'],
    ['{{with .PidShort}}x/{{.}}/{{$.Pid}}{{end}}', 'x/a/20.500/a'],
    ['{{ $id := replace .Pid "/" "_" -}}\n/data/{{ $id }}', '/data/20.500_a'],
    ['{{/* where it lies */}}/x', '/x'],
    ['', ''],
  ])('%j', (source, text) => {
    expect(rendered(source)).toBe(text);
  });

  it('lists the fields in use, so that a missing one is reported before a transfer', () => {
    const template = compileTemplate('{{if .Username}}{{$.Pid}}{{end}}{{.Pid}}', FIELDS);
    expect({ source: template.source, fields: [...template.fields] }).toEqual({
      source: '{{if .Username}}{{$.Pid}}{{end}}{{.Pid}}',
      fields: ['Pid', 'Username'],
    });
  });

  it('is compiled once and rendered many times, without traces of earlier data', () => {
    const template = compileTemplate('{{$x := ""}}{{if .A}}{{$x = .A}}{{end}}[{{$x}}]', ['A']);
    expect(['1', '', '2'].map((A) => template.render({ A }))).toEqual(['[1]', '[]', '[2]']);
  });

  it('does not interpret data, such as braces and unpaired surrogates in it', () => {
    const template = compileTemplate('{{.A}}|{{len .A}}', ['A']);
    expect(template.render({ A: '{{.A}}' })).toBe('{{.A}}|6');
    expect(template.render({ A: 'a\ud800' })).toBe('a\ufffd|4');
  });

  it('limits depth, not length: many blocks in a row are accepted', () => {
    const source = '{{if (eq .A (print "a"))}}{{else}}{{.A}}{{end}}'.repeat(200);
    expect(compileTemplate(source, ['A']).render({ A: 'b' })).toBe('b'.repeat(200));
  });

  it('does not take inherited properties of objects for fields', () => {
    expect(refusal('{{.constructor}}', ['Pid'])).toMatchObject({
      message: 'unknown field ".constructor". Known fields: .Pid.',
    });
  });
});

/** Templates and what Go 1.26 made of them, with `replace` = `strings.ReplaceAll`. */
const AS_GO: readonly (readonly [string, string])[] = [
  // strings.ReplaceAll; the piped value is the last argument, i.e. the new text
  ['{{replace .Pid "" "-"}}', '-2-0-.-5-0-0-/-a-'],
  ['{{replace "" "" "-"}}', '-'],
  ['{{replace "aaa" "aa" "b"}}', 'ba'],
  ['{{"X" | replace .Pid "."}}', '20X500/a'],
  ['{{replace "é😀" "" "|"}}', '|é|😀|'],
  ['{{replace "ab" "a" ""}}', 'b'],
  ['{{replace "ab" "" ""}}', 'ab'],
  ['{{replace "a.b.c" "." "$&"}}', 'a$&b$&c'],
  // trim markers
  ['a \n {{- 3 -}} \t b', 'a3b'],
  ['a {{-3}} b', 'a -3 b'],
  ['a\u00a0{{- 3}}', 'a\u00a03'],
  ['a {{- /* x */ -}} b', 'ab'],
  [' {{- 3}}{{3\r-}} ', '33'],
  // numbers
  ['{{1_000}} {{0x1F}} {{017}} {{0b11}} {{+5}} {{-7}}', '1000 31 15 3 5 -7'],
  ["{{'a'}} {{'\\n'}} {{'\\''}}", '97 10 39'],
  ['{{1000000.0}} {{100000.0}} {{0.0001}} {{1e-5}} {{1e21}}', '1e+06 100000 0.0001 1e-05 1e+21'],
  ['{{0.0}} {{-0.0}} {{-1.5e-3}}', '0 -0 -0.0015'],
  ['{{9223372036854775807}}', '9223372036854775807'],
  ['{{printf "%d %d" 0x1e -0x1e}}', '30 %!d(float64=-30)'],
  ['{{-9223372036854775808}}', '-9223372036854775808'],
  ['{{len "\ufeffa"}}', '4'],
  // truth and logic: arguments come back, not bools
  ['{{or .Username "nobody"}}', 'nobody'],
  ['{{and .Pid .PidShort}}', 'a'],
  ['{{and .Username (len 3)}}|{{or 1 (len 3)}}', '|1'],
  ['{{not ""}} {{not 0}} {{not 0.0}} {{not "0"}}', 'true true true false'],
  ['{{and nil}} {{print nil}} {{urlquery nil}}', '<no value> <nil> %3Cno+value%3E'],
  // comparisons
  ['{{eq .PidShort "b" "a" 3}}', 'true'],
  ['{{eq nil 1}} {{ne nil 1}} {{eq nil nil}}', 'false true true'],
  ['{{eq (index "a" 0) 97}}', 'true'],
  [
    '{{lt "a" "b"}} {{lt "\uffff" "😀"}} {{ge 2 2}} {{gt 1.5 0.5}} {{gt 2 2}}',
    'true true true true false',
  ],
  // texts
  ['{{len .SourceFolder}} {{index "é" 1}} {{index "abc"}}', '10 169 abc'],
  ['{{print "" 1 2 "" 3}}|{{print true false "x"}}', '1 23|true falsex'],
  ['{{println "a" 1}}', 'a 1\n'],
  ['{{urlquery "a b/é" 1 2}}', 'a+b%2F%C3%A91+2'],
  ['{{`a\r\\n`}}{{"\\u00e9\\x41\\101\\t"}}', 'a\\néAA\t'],
  // printf
  ['{{printf "%s-%d-%v-%q-%%" "a" 1 true "b"}}', 'a-1-true-"b"-%'],
  [
    '{{printf "%d" "a"}} {{printf "%s" 1}} {{printf "%q" 1.5}}',
    '%!d(string=a) %!s(int=1) %!q(float64=1.5)',
  ],
  [
    '{{printf "%s %d" "a"}} {{printf "a" 1 nil "b"}}',
    'a %!d(MISSING) a%!(EXTRA int=1, <nil>, string=b)',
  ],
  ['{{printf "%d %v" nil nil}} {{printf "%"}}', '%!d(<nil>) <nil> %!(NOVERB)'],
  [
    '{{printf "%q" "\\a\\x00\\x7f\\u00ad\\\\\\"\'é\\U0001F600"}}',
    '"\\a\\x00\\x7f\\u00ad\\\\\\"\'é😀"',
  ],
  ['{{printf "%q%q%q" 39 -1 10}}', "'\\'''�''\\n'"],
  ['{{"%s" | printf}}{{1 | printf "%d"}}', '%!s(MISSING)1'],
  // printf with flags, widths, precisions, and what Go says about unfitting operands
  ['{{printf "%.3s" .Pid}}/{{printf "%05d" 42}}', '20./00042'],
  [
    '{{printf "[%8s][%-8s][%08s][%.7s]" "é😀" "é😀" "é😀" .SourceFolder}}',
    '[      é😀][é😀      ][000000é😀][/data/ä]',
  ],
  [
    '{{printf "%x %X %#x % x %# X %.2x" "é😀" "é" "é" "é😀" "ab" "é😀"}}',
    'c3a9f09f9880 C3A9 0xc3a9 c3 a9 f0 9f 98 80 0X61 0X62 c3a9',
  ],
  [
    '{{printf "%q %+q %#q %#q %8.2q" "é\\"" "é\\ud7ff😀" "a\\"b" "a`b" "é😀a"}}',
    '"é\\"" "\\u00e9\\ud7ff\\U0001f600" `a"b` "a`b"     "é😀"',
  ],
  [
    '{{printf "%d %+d % d %5d|%-5d|%05d %.3d %+06d %.0d|" 42 42 42 42 42 42 7 42 0}}',
    '42 +42  42    42|42   |00042 007 +00042 |',
  ],
  [
    '{{printf "%b %o %O %#o %x %X %#x %#X %#b" 5 8 8 8 255 255 255 255 5}}',
    '101 10 0o10 010 ff FF 0xff 0XFF 0b101',
  ],
  ['{{printf "%x %d %08b" -255 -9223372036854775808 -5}}', '-ff -9223372036854775808 -0000101'],
  [
    '{{printf "%c%c%c%c|%3c|%U %#U %#.6U" 233 0x1F600 -1 0xD800 \'a\' 233 0x1F600 97}}',
    "é😀��|  a|U+00E9 U+1F600 '😀' U+000061 'a'",
  ],
  ["{{printf \"%q %+q %q %5q\" 'a' 233 0x110000 '\\''}}", "'a' '\\u00e9' '�'  '\\''"],
  ['{{printf "%t %5t %v" true false true}}', 'true false true'],
  [
    '{{printf "%f %.2f %.0f %.0f %.0f %8.3f|%-8.1f|%08.3f %+.1f % .1f" 1.5 2.345 0.5 1.5 2.5 3.14159 2.25 -3.14159 2.0 2.0}}',
    '1.500000 2.35 0 2 2    3.142|2.2     |-003.142 +2.0  2.0',
  ],
  [
    '{{printf "%e %.3e %E %g %g %g %G %.3g %#g %#.3g" 123456.789 0.00012345 1e21 1e21 100000.0 1000000.0 1e-7 1234.5678 1.0 2.0}}',
    '1.234568e+05 1.234e-04 1.000000E+21 1e+21 100000 1e+06 1E-07 1.23e+03 1.00000 2.00',
  ],
  [
    '{{printf "%b %x %X %.2x %#x %F" 1.5 1.5 -0.1 1.999 1.0 2.5}}',
    '6755399441055744p-52 0x1.8p+00 -0X1.999999999999AP-04 0x1.00p+01 0x1.0000p+00 2.500000',
  ],
  ['{{printf "%.20f %.3f" 0.1 1e22}}', '0.10000000000000000555 10000000000000000000000.000'],
  [
    '{{printf "%v %+v %#v %#v %#v %#v %#v %#v %6v|" "a" 5 "a\\"" 5 (index "a" 0) 1e6 true nil nil}}',
    'a 5 "a\\"" 5 0x61 1e+06 true <nil>  <nil>|',
  ],
  [
    '{{printf "%T %T %T %T %T %T|%8T|%.2T" "a" 1 1.5 true nil (index "a" 0) 1 1}}',
    'string int float64 bool <nil> uint8|     int|in',
  ],
  ['{{printf "%*d|%-*d|%*d|%.*f" 5 1 5 2 -5 3 2 3.14159}}', '    1|2    |3    |3.14'],
  ['{{printf "%[2]d %[1]d %d %[2]*[1]d|%[3]s" 1 2}}', '2 1 2  1|%!s(BADINDEX)'],
  [
    '{{printf "%*d %.*d %[x]d %[1]2d %[5]d" "a" 1 -1 2}}',
    '%!(BADWIDTH)1 %!(BADPREC)2 %!d(BADINDEX) %!d(BADINDEX) %!d(BADINDEX)',
  ],
  [
    '{{printf "%5%|%y %-5z %é %!|%" 1 "a" 2 3}}',
    '%|%!y(int=1) %!z(string=a    ) %!é(int=2) %!!(int=3)|%!(NOVERB)',
  ],
  [
    '{{printf "%d %s %t %f %w %p %x" "a" 1 "b" 2 "c" "d" true}}',
    '%!d(string=a) %!s(int=1) %!t(string=b) %!f(int=2) %!w(string=c) %!p(string=d) %!x(bool=true)',
  ],
  ['{{printf "%d %10d %+s" 1.5 "ab" nil}}', '%!d(float64=1.5) %!d(string=        ab) %!s(<nil>)'],
  [
    '{{len (printf "%1000000s" "a")}} {{printf "%99999999d" 1}}',
    '1000000 %!(NOVERB)%!(EXTRA int=1)',
  ],
  ['{{printf "%." 1}}', '%!.(int=1)'],
  ['{{.Pid | printf "%.2s-%s" .Username}}', '-20.500/a'],
  // variables and scopes
  ['{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}', '21'],
  ['{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}', '2'],
  ['{{$x := 1}}{{if false}}{{$x := 2}}{{else}}{{$x}}{{end}}', '1'],
  ['{{with $x := .Username}}{{else with $y := .Pid}}{{$y}}{{.}}{{$x}}{{end}}', '20.500/a20.500/a'],
  ['{{if ""}}1{{else if 0}}2{{else if 3}}3{{else}}4{{end}}', '3'],
  ['{{with ""}}{{else}}{{.Pid}}{{end}}', '20.500/a'],
  ['{{with 3}}{{with "a"}}{{.}}{{end}}{{.}}{{end}}', 'a3'],
  ['{{with "a"}}{{if 1}}{{.}}{{end}}{{if 0}}{{else}}{{.}}{{end}}{{end}}', 'aa'],
  ['{{with "a"}}{{with ""}}{{else}}{{.}}{{end}}{{end}}', 'a'],
  // oddities that Go allows
  ['{{3 | }}', '3'],
  ['{{ .Pid | }}', '20.500/a'],
  ['{{print\n  1\n  2}}', '1 2'],
  ['{{"}}"}}}', '}}}'],
];

describe('Templates, as Go renders them', () => {
  it.each(AS_GO)('%j', (source, text) => {
    expect(rendered(source)).toBe(text);
  });
});

describe('Templates that are refused when the configuration is loaded', () => {
  it('name the position of the mistake', () => {
    expect(refusal('a😀\n b {{ .Pdi }}')).toEqual({
      message:
        'unknown field ".Pdi"; did you mean ".Pid"? ' +
        'Known fields: .Pid, .PidShort, .SourceFolder, .Username.',
      offset: 10,
    });
  });

  it.each([
    ['{{.Foo}}', 2, 'unknown field ".Foo". Known fields: .Pid,'],
    ['{{.pid}}', 2, 'did you mean ".Pid"?'],
    ['{{$.Usrname}}', 3, 'did you mean ".Username"?'],
    ['{{.Pid.Foo}}', 6, '".Pid" has no fields'],
    ['{{$.Pid.Foo}}', 7, '"$.Pid" is a string and has no field ".Foo"'],
    ['{{(.Pid).Foo}}', 8, 'has no fields'],
    ['{{with .Pid}}{{.Pid}}{{end}}', 15, 'write "$.Pid"'],
    ['{{.}}', 2, '"." is all fields together here, not a value'],
    ['{{print $}}', 8, 'name one of them, such as "$.Pid"'],
    ['{{Pid}}', 2, 'unknown function "Pid"; did you mean ".Pid"?'],
    ['{{repalce .Pid "a" "b"}}', 2, 'did you mean "replace"?'],
    ['{{trim .Pid}}', 2, 'Known functions: and, or, not,'],
    ['{{replace .Pid "/"}}', 2, 'takes exactly 3 arguments, but was given 2'],
    ['{{.Pid | replace "a" "b" "c"}}', 9, 'takes exactly 3 arguments, but was given 4'],
    ['{{eq .Pid}}', 2, 'takes at least 2 arguments, but was given 1'],
    ['{{print len}}', 8, 'takes exactly 1 argument, but was given 0'],
    ['{{replace .Pid 1 "a"}}', 15, 'argument 2 of the function replace must be a string'],
    ['{{replace .Pid nil "a"}}', 15, 'must be a string, not nil'],
    ['{{printf 1}}', 9, 'must be a string'],
    ['{{.Pid 1}}', 7, '".Pid" is not a function, so it can\'t take the argument "1"'],
    ['{{1 | .Pid}}', 6, 'nothing can be piped into it'],
    ['{{nil}}', 2, 'nil can only be an argument'],
    ['{{$x}}', 2, 'unknown variable "$x"; declare it first'],
    ['{{$name := 1}}{{$nmae}}', 16, 'did you mean "$name"?'],
    ['{{$x = 1}}', 2, 'unknown variable'],
    ['{{$x := $x}}', 8, 'unknown variable'],
    ['{{if 1}}{{$x := 1}}{{end}}{{$x}}', 28, 'unknown variable'],
    ['{{if 1}}{{$x := 1}}{{else}}{{$x}}{{end}}', 29, 'unknown variable'],
    ['{{$x, $y := 1}}', 4, 'only one variable'],
    ['{{$ := 1}}', 2, 'setting "$" is not supported'],
    ['{{print ($x := 1)}}', 9, 'inside parentheses is not supported'],
    ['{{range .Pid}}{{end}}', 2, '"range" is not supported'],
    ['{{define "a"}}{{end}}', 2, '"define" is not supported'],
    ['{{template "a"}}', 2, '"template" is not supported'],
    ['{{block "a" .}}{{end}}', 2, '"block" is not supported'],
    ['{{break}}', 2, '"break" is not supported'],
    ['{{continue}}', 2, '"continue" is not supported'],
    ['{{html .Pid}}', 2, '"html" is not supported'],
    ['{{js .Pid}}', 2, '"js" is not supported'],
    ['{{.Pid | slice 1}}', 9, '"slice" is not supported'],
    ['{{call .Pid}}', 2, '"call" is not supported'],
    ['{{print if}}', 8, 'must be the first word'],
    ['a {{.Pid', 2, 'this {{ is not closed'],
    ['a {{/* b', 2, 'comment is not closed'],
    ['a {{/* b */ .Pid}}', 2, 'a comment must be alone in its'],
    ['{{"a}}', 2, 'this string is not closed; add the missing "'],
    ['{{"a\n"}}', 2, 'this string is not closed; add the missing " on the same line'],
    ['{{`a}}', 2, 'raw string is not closed'],
    ['{{"\\d"}}', 2, 'write a backslash as \\\\'],
    ['{{"\\xff"}}', 2, 'are not UTF-8, which is not supported'],
    ['{{(.Pid}}', 7, 'a "(" is not closed'],
    ['{{.Pid)}}', 6, 'a ")" without its "("'],
    ['{{.Pid"a"}}', 6, 'unexpected """ right after ".Pid"'],
    ['{{"a""b"}}', 5, 'put a space between two arguments'],
    ['{{}}', 2, 'a value is missing'],
    ['{{if}}{{end}}', 4, 'a value is missing'],
    ['{{$x := }}', 2, 'a value is missing'],
    ['{{1 | | 2}}', 6, 'unexpected "|"'],
    ['{{.Pid & 1}}', 7, 'unexpected "&"'],
    ['{{$x : 1}}', 5, 'use := to set a variable'],
    ['a{{if 1}}b{{if 2}}{{end}}', 3, 'this {{if}} has no {{end}}'],
    ['{{with 1}}{{else}}', 2, 'this {{with}} has no {{end}}'],
    ['{{end}}', 2, '{{end}} without an {{if}}'],
    ['{{else}}', 2, '{{else}} without an {{if}}'],
    ['{{if 1}}{{else}}{{else}}{{end}}', 18, 'a second {{else}}'],
    ['{{if 1}}{{else with 2}}{{end}}', 15, 'unexpected "with" after "else"'],
    ['{{if 1}}{{end 2}}', 14, 'unexpected "2" after "end"'],
    ['{{08}}', 2, '"08" is not a number'],
    ['{{1-}}', 2, '"1-" is not a number'],
    ['{{9223372036854775808}}', 2, 'does not fit in 64 bits'],
    ['{{1e999}}', 2, 'is too large'],
    ['{{3i}}', 2, 'is a complex number, which is not supported'],
    ['{{0x1p4}}', 2, 'hexadecimal fraction, which is not supported'],
    ['{{-9223372036854775809}}', 2, 'does not fit in 64 bits'],
    ['{{"\\U00110000"}}', 2, 'has an unknown escape'],
    ['{{"\\ud800"}}', 2, 'has an unknown escape'],
    ['{{"\\400"}}', 2, 'has an unknown escape'],
    ['{{"\\\'"}}', 2, 'has an unknown escape'],
    ["{{''}}", 2, 'is not a single character'],
    ["{{'ab'}}", 2, 'is not a single character'],
    [`${'{{if 1}}'.repeat(101)}${'{{end}}'.repeat(101)}`, 802, 'nested at most 100 deep'],
    [`{{${'('.repeat(101)}1${')'.repeat(101)}}}`, 102, 'nested at most 100 deep'],
    ['a'.repeat(65_537), 65_536, 'at most 65536 are allowed'],
  ])('%j', (source, offset, words) => {
    expect(refusal(source)).toMatchObject({ offset, message: expect.stringContaining(words) });
  });
});

describe('Templates that cannot handle their data', () => {
  it('report the reason, the template and the position, but not the data', () => {
    const template = compileTemplate('/x/{{ index .Pid 9 }}', FIELDS);
    const error = thrown(() => template.render(DATA));
    expect(error).toBeInstanceOf(TemplateRenderError);
    const { message, reason } = error as TemplateRenderError;
    expect({ message, reason }).toEqual({
      message:
        'The template "/x/{{ index .Pid 9 }}" can\'t be rendered: ' +
        'the index 9 is out of range (line 1, column 7).',
      reason: 'the index 9 is out of range',
    });
  });

  it.each([
    ['{{eq .Pid 1}}', "values of type string and int can't be compared"],
    ['{{eq 1 1.0}}', "values of type int and float64 can't be compared"],
    ['{{lt true false}}', 'values of type bool have no order'],
    ['{{lt nil 1}}', "values of type nil and int can't be compared"],
    ['{{len 3}}', 'a value of type int has no length'],
    ['{{len 3 | and false}}', 'a value of type int has no length'],
    ['{{index .Pid -1}}', 'the index -1 is out of range'],
    ['{{index .Pid "a"}}', "a value of type string can't be an index"],
    ['{{index .Pid 0 0}}', 'a value of type uint8 has no elements'],
    ['{{index nil 1}}', 'nil has no elements'],
    ['{{replace .Pid (len .Pid) "a"}}', 'a string is expected, not a value of type int'],
    ['{{replace .Pid (and nil) "a"}}', 'a string is expected, but there is no value'],
  ])('%j', (source, words) => {
    const error = thrown(() => rendered(source));
    expect(error).toBeInstanceOf(TemplateRenderError);
    expect((error as TemplateRenderError).reason).toContain(words);
  });

  it.each([
    ['by doubling', `{{$x := .Pid}}${'{{$x = print $x $x}}'.repeat(60)}`],
    [
      'by many operands',
      `{{$x := .Pid}}${'{{$x = print $x $x}}'.repeat(16)}{{print ${'$x '.repeat(9_000)}}}`,
    ],
    ['by replacing', `{{$x := .Pid}}${'{{$x = replace $x "" $x}}'.repeat(20)}`],
    [
      'by escaping',
      `{{$x := .SourceFolder}}${'{{$x = print $x $x}}'.repeat(16)}{{len (urlquery $x)}}`,
    ],
    ['by a width', `{{printf "%1000000s%1000000s" .Pid .Pid}}`],
    ['by a precision', '{{printf "%.9999999f" 1.5}}'],
    ['by many widths', `{{printf "${'%1000000[1]s'.repeat(5_000)}" .Pid}}`],
    ['by missing operands', `{{$x := "%y"}}${'{{$x = print $x $x}}'.repeat(18)}{{printf $x}}`],
    ['by printing', `{{$x := .Pid}}${'{{$x = print $x $x}}'.repeat(16)}${'{{$x}}'.repeat(9_000)}`],
  ])('fail instead of exhausting memory when strings grow %s', (_, source) => {
    const error = thrown(() => rendered(source));
    expect(error).toBeInstanceOf(TemplateRenderError);
    expect((error as TemplateRenderError).reason).toBe(
      'the string would be longer than 1048576 characters',
    );
  });
});
