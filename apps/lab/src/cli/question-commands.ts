/** The commands that ask a lab something: `explain`, `capture`, `graph`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../topology/units.ts';
import { captureCommand, type CaptureOptions } from './capture-command.ts';
import { explainCommand, type ExplainOptions } from './explain-command.ts';
import { graphCommand, type GraphOptions } from './graph-command.ts';

type SeedOption = readonly [flags: string, description: string, parse: (text: string) => number];

function duration(text: string): number {
  const ns = parseDuration(text);
  if (ns === undefined) throw new InvalidArgumentError('expected a time such as 500ms, 5s or 2m');
  return ns;
}

export function addQuestionCommands(program: Command, seed: SeedOption): void {
  addExplain(program, seed);
  addCapture(program, seed);
  addGraph(program, seed);
}

function addExplain(program: Command, seed: SeedOption): void {
  program
    .command('explain')
    .description("what would happen to a packet: its way through hooks, tables, routes, neighbours and devices, or why it is dropped")
    .argument('<file>', 'containerlab topology file')
    .argument('<packet>', "'udp 10.0.1.2:1000 > 10.0.2.2:53', 'icmp > 10.0.2.2 ttl 3', 'tcp 10.0.1.2:1000 > 10.0.2.2:80 [S] in eth1'")
    .requiredOption('--node <name>', 'the node that sends the packet, or with `in IFACE` receives it')
    .option('--at <time>', 'so long after the lab is up, in virtual time', duration)
    .option(...seed)
    .addOption(new Option('--json', 'the explanation as JSON').conflicts('mermaid'))
    .option('--mermaid', 'the explanation as a sequence diagram of mermaid')
    .addHelpText('after', '\nOptions of a packet: ttl N, tos N, len N, df, nodf, mark N, in IFACE; icmp: type, code, id, seq; with in: [S], bad-csum, bad-ip-csum.\nExit codes: 0 the packet arrives, 1 it does not, 2 the question cannot be asked.')
    .action(async (file: string, packet: string, options: ExplainOptions) => {
      process.exitCode = await explainCommand(file, packet, options);
    });
}

function addCapture(program: Command, seed: SeedOption): void {
  program
    .command('capture')
    .description('run a topology file under virtual time and write what interfaces see as pcapng')
    .argument('<file>', 'containerlab topology file')
    .argument('<node:interface...>', 'such as r1:eth1')
    .option('-o, --output <file>', 'file to write, - for standard output', '-')
    .option('--for <time>', 'so long after the lab is up (default: until its expectations are judged)', duration)
    .option('--read', 'lines of text instead of pcapng')
    .option(...seed)
    .addHelpText('after', '\nskbuff capture lab.yml r1:eth1 | tshark -r -\nExit codes: 0 captured, 2 the file could not be run or has no such interface.')
    .action(async (file: string, points: string[], options: CaptureOptions) => {
      process.exitCode = await captureCommand(file, points, options);
    });
}

function addGraph(program: Command, seed: SeedOption): void {
  program
    .command('graph')
    .description('draw a topology file with its addresses and impairments')
    .argument('<file>', 'containerlab topology file')
    .addOption(new Option('--format <format>', 'of the drawing').choices(['mermaid', 'svg']).default('mermaid'))
    .option(...seed)
    .action(async (file: string, options: GraphOptions) => {
      process.exitCode = await graphCommand(file, options);
    });
}
