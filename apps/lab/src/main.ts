#!/usr/bin/env node
/** The command `skbuff`. */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { doctorCommand, type DoctorOptions } from './cli/doctor-command.ts';
import { exportCommand, type ExportCommandOptions } from './cli/export-command.ts';
import type { OpenOptions } from './cli/open-lab.ts';
import { addQuestionCommands } from './cli/question-commands.ts';
import { runCommand, type RunCommandOptions } from './cli/run-command.ts';
import { testCommand, type TestOptions } from './cli/test-command.ts';
import { upCommand } from './cli/up-command.ts';
import { labSchema } from './topology/schema.ts';

function seed(text: string): number {
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text) || value > 0xffffffff) throw new InvalidArgumentError('expected a whole number from 0 to 4294967295');
  return value;
}

function prefix(text: string): string {
  if (!/^[\w.-]*$/.test(text)) throw new InvalidArgumentError("expected letters, digits, '-', '_' and '.': it begins the names of files in /run/netns");
  return text;
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
const SEED = ['--seed <number>', 'seed of everything random (default: what the file says, or 1)', seed] as const;

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('skbuff').description('A Linux network stack that runs containerlab files: without root, without containers, repeatably.');
  // What releases are made of has no number yet.
  program.version(version === '0.0.0' ? `${version} (not released)` : version);
  program.exitOverride((error) => {
    // Bad usage is bad input; help and version are no errors.
    process.exit(error.exitCode === 0 ? 0 : 2);
  });
  program
    .command('test')
    .description('run topology files under virtual time and judge their expectations')
    .argument('<file...>', 'containerlab topology files')
    .option(...SEED)
    .option('--pcap <dir>', 'write one pcapng per interface into this directory')
    .option('--json', 'report as JSON')
    .option('--verbose', 'report what commands printed and what each node saw')
    .addHelpText('after', '\nExit codes: 0 all as expected, 1 an expectation failed, 2 a file could not be run.')
    .action(async (files: string[], options: TestOptions) => {
      process.exitCode = await testCommand(files, options);
    });
  program
    .command('up')
    .description('run a topology file in real time, with a shell: h1$ ping 10.0.2.2')
    .argument('<file>', 'containerlab topology file')
    .option(...SEED)
    .option('--pcap <dir>', 'write one pcapng per interface into this directory')
    .action(async (file: string, options: OpenOptions) => {
      process.exitCode = await upCommand(file, options);
    });
  program
    .command('run')
    .description('run a program of this machine, such as a script, with ip, ping … acting on a kernel that lives as long as it does')
    .argument('<command...>', 'the program and its arguments, behind --')
    .option('--topology <file>', 'containerlab topology file to set up first (default: one machine with nothing but lo)')
    .option('--node <name>', 'node that the commands run on (default: the first of the file); SKBUFF_NODE overrides it for a command')
    .option(...SEED)
    .option('--pcap <dir>', 'write one pcapng per interface into this directory')
    .addHelpText('after', "\nThe exit code is the program's; 2 if the file could not be run.")
    .action(async (words: string[], options: RunCommandOptions) => {
      process.exitCode = await runCommand(words, options);
    });
  program
    .command('export')
    .description('print a shell script that builds the lab from network namespaces of Linux, checks what it expects, and removes it')
    .argument('<file>', 'containerlab topology file')
    .option('--prefix <text>', "in front of the names of namespaces (default: the lab's name and a dash)", prefix)
    .option(...SEED)
    .action((file: string, options: ExportCommandOptions) => {
      process.exitCode = exportCommand(file, options);
    });
  program
    .command('doctor')
    .description('say what works on this machine, and what would make the rest work')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExit codes: 0 all that the labs need is there, 1 it is not.')
    .action((options: DoctorOptions) => {
      process.exitCode = doctorCommand(options);
    });
  addQuestionCommands(program, SEED);
  program
    .command('schema')
    .description('print the JSON schema of topology files')
    .action(() => void process.stdout.write(`${JSON.stringify(labSchema, null, 2)}\n`));
  await program.parseAsync(argv);
}

/** What the machine refuses is said in a sentence; anything else is a mistake of ours, and its place is worth knowing. */
function fail(error: unknown): never {
  const { code, syscall, path, message, stack } = error as NodeJS.ErrnoException;
  // Whoever read our output has read enough.
  if (code === 'EPIPE') process.exit(0);
  const said = syscall === undefined ? `this is a bug in skbuff, please report it: ${process.env['SKBUFF_DEBUG'] === undefined ? `${message} (SKBUFF_DEBUG=1 shows where)` : stack}` : `${message}${path === undefined && code === 'ENOSPC' ? ': the output has no room' : ''}`;
  process.stderr.write(`skbuff: ${said}\n`);
  process.exit(syscall === undefined ? 70 : 2);
}

process.on('uncaughtException', fail);
await main(process.argv).catch(fail);
