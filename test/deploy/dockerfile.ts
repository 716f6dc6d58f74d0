import { textOf } from './documents.js';

/** One stage of the Dockerfile. */
export interface Stage {
  /** All of it, with lines that go on joined. */
  readonly text: string;
  /** What follows an instruction, where there is one of its kind. @throws Error where there is none */
  value(instruction: string): string;
  /** Variables of `ENV`. */
  readonly variables: Readonly<Record<string, string>>;
  /** What it copies from the project, not from other stages. */
  readonly copied: readonly string[];
  /** The JavaScript files that an instruction of this name runs. */
  programs(instruction: string): readonly string[];
}

/** @throws Error when the Dockerfile has no such stage */
export function stage(name: string): Stage {
  const stages = textOf('Dockerfile')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split(/^(?=FROM )/m);
  const text = stages.find((one) => one.split('\n', 1)[0]?.endsWith(` AS ${name}`) === true);
  if (text === undefined) throw new Error(`There is no stage ${name}.`);
  const lines = text.split('\n');
  const values = (instruction: string): readonly string[] =>
    lines
      .filter((line) => line.startsWith(`${instruction} `))
      .map((line) => line.slice(instruction.length).trim());
  return {
    text,
    value: (instruction) => {
      const [only] = values(instruction);
      if (only === undefined) throw new Error(`${name} has no ${instruction}.`);
      return only;
    },
    variables: Object.fromEntries(
      values('ENV').flatMap((line) =>
        line.split(/\s+/).map((pair): [string, string] => {
          const [variable = '', value = ''] = pair.split('=');
          return [variable, value];
        }),
      ),
    ),
    copied: values('COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(/\s+/).slice(0, -1)),
    programs: (instruction) =>
      values(instruction).flatMap((line) => line.match(/[\w/-]+\.js/g) ?? []),
  };
}
