// From the words of a command line to a command and its options, or one clear error.

import { type CAC, cac } from "cac";
import { LabError } from "../errors.ts";
import type { CommandSpec, OptionSpec, OptionValues } from "./command.ts";
import { COMMANDS, GLOBAL_OPTIONS } from "./commands.ts";

export type Parsed =
  | {
      readonly kind: "command";
      readonly command: CommandSpec;
      readonly args: readonly string[];
      readonly options: OptionValues;
    }
  /** Help or the version was asked for, and printed. */
  | { readonly kind: "printed" };

/** Valid errors: `unknown-command`, `unknown-option`, `invalid-option`, `invalid-argument`. */
export function parse(words: readonly string[], version: string): Parsed {
  const cli = commandLine(version);
  cli.parse(["node", "iommukit", ...withNegatives(words)], { run: false });
  if (cli.options["help"] === true || cli.options["version"] === true) return { kind: "printed" };
  const command = COMMANDS.find(({ usage }) => nameOf(usage) === cli.matchedCommandName);
  if (command === undefined || cli.matchedCommand === undefined) return withoutCommand(cli);
  refuseByWords(() => {
    cli.matchedCommand?.checkUnknownOptions();
    cli.matchedCommand?.checkOptionValue();
    cli.matchedCommand?.checkRequiredArgs();
    cli.matchedCommand?.checkUnusedArgs();
  }, nameOf(command.usage));
  const options = optionValues(words, [...GLOBAL_OPTIONS, ...command.options]);
  return { kind: "command", command, args: cli.args.map(String), options };
}

/**
 * `--banks -1` as `--banks=-1`: cac takes -1 for an option of its own, and what is wrong is the number. No
 * option here is a digit. What follows `--qemu` is QEMU's, and begins with a dash as a rule.
 */
function withNegatives(words: readonly string[]): readonly string[] {
  const joined: string[] = [];
  for (const word of words) {
    const before = joined.at(-1);
    const isValue = before === "--qemu" || /^-[\d.]/.test(word);
    if (isValue && before !== undefined && takesValue(before))
      joined[joined.length - 1] = `${before}=${word}`;
    else joined.push(word);
  }
  return joined;
}

/** Whether a word is an option of some command that is followed by its value. */
function takesValue(word: string): boolean {
  return [GLOBAL_OPTIONS, ...COMMANDS.map(({ options }) => options)]
    .flat()
    .some(({ flags }) => flags.startsWith(`${word} `));
}

/** The list of commands, as an unknown one is answered. */
function commandList(): string {
  return COMMANDS.map(({ usage }) => nameOf(usage)).join(", ");
}

function commandLine(version: string): CAC {
  const cli = cac("iommukit").version(version).help();
  for (const { flags, description } of GLOBAL_OPTIONS) cli.option(flags, description);
  for (const { usage, description, options, examples } of COMMANDS) {
    const command = cli.command(usage, description);
    // What the command does is not cac's business, but without an action its checks do nothing.
    command.action(() => undefined);
    for (const option of options) command.option(option.flags, option.description);
    for (const example of examples) command.example(`  $ iommukit ${example}`);
  }
  return cli;
}

function withoutCommand(cli: CAC): Parsed {
  const [name] = cli.args;
  const stray = Object.keys(cli.options).find(
    (option) => option !== "--" && cli.globalCommand.hasOption(option) === undefined,
  );
  if (name !== undefined)
    throw new LabError("unknown-command", `there is no command "${name}"`, {
      hint: `there are: ${commandList()}; see iommukit --help`,
    });
  if (stray !== undefined) throw unknownOption(`--${stray}`, "");
  cli.outputHelp();
  return { kind: "printed" };
}

/** cac's errors differ by their text only. */
function refuseByWords(check: () => void, command: string): void {
  try {
    check();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const [quoted = ""] = /`[^`]+`/.exec(text) ?? [];
    const name = quoted.replaceAll("`", "");
    if (text.startsWith("Unknown option")) throw unknownOption(name, `${command} `);
    if (text.startsWith("option"))
      throw new LabError("invalid-option", `${name} needs a value`, {
        hint: `see iommukit ${command} --help`,
      });
    throw new LabError("invalid-argument", argumentSentence(text, command, name), {
      hint: `see iommukit ${command} --help`,
    });
  }
}

function argumentSentence(text: string, command: string, name: string): string {
  if (text.startsWith("missing")) return `${command} needs ${name.replace(command, "").trim()}`;
  return `${command} does not take ${name}`;
}

function unknownOption(option: string, command: string): LabError {
  return new LabError("unknown-option", `there is no option ${option}`, {
    hint: `see iommukit ${command}--help`,
  });
}

/**
 * The values as they were written. cac makes numbers of what looks like one, and `--modules 6.10`
 * would become 6.1.
 *
 * Valid errors: `invalid-option` (given twice, empty).
 */
function optionValues(words: readonly string[], specs: readonly OptionSpec[]): OptionValues {
  const values: Record<string, string | true> = {};
  for (const { flags, repeats } of specs) {
    const [flag = "", takesValue] = flags.split(" ");
    const found = occurrences(words, flag, takesValue !== undefined);
    const value = found.length > 1 && repeats ? found.join(",") : found[0];
    if (found.length > 1 && takesValue !== undefined && repeats !== true)
      throw new LabError("invalid-option", `${flag} is given twice`);
    if (value === "") throw new LabError("invalid-option", `${flag} needs a value`);
    if (value !== undefined) values[flag.slice(2)] = value;
  }
  return values;
}

function occurrences(
  words: readonly string[],
  flag: string,
  takesValue: boolean,
): (string | true)[] {
  return words.flatMap((word, index) => {
    if (word === flag) return [takesValue ? (words[index + 1] ?? "") : (true as const)];
    return takesValue && word.startsWith(`${flag}=`) ? [word.slice(flag.length + 1)] : [];
  });
}

function nameOf(usage: string): string {
  return usage.split(" ")[0] ?? usage;
}
