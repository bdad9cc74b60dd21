/** `skbuff up`: a lab in real time and a shell on its nodes. */
import { createInterface, type Interface } from 'node:readline';
import type { LabHost } from '../lab/lab-host.ts';
import { runLine } from '../lab/exec.ts';
import { runSchedule } from '../lab/schedule.ts';
import type { LabTopology } from '../topology/model.ts';
import { openLab, type OpenOptions } from './open-lab.ts';
import { readTopology } from './read-topology.ts';

const HELP = `  h1$ ping 10.0.2.2   runs a command on the node h1; ctrl-C ends it
  h1$                 makes h1 the node of the lines that name none
  nodes               lists the nodes and their addresses
  help, exit
`;

/** Runs the file until the user leaves. The exit code. */
export async function upCommand(file: string, options: OpenOptions): Promise<number> {
  const opened = await openLab(readTopology(file), options);
  if (opened === null) return 2;
  const { host, topology } = opened;
  const schedule = runSchedule(host, topology.links, host.now());
  await new Shell(host, topology).run();
  schedule.stop();
  const { captures } = host.close();
  for (const path of captures) process.stdout.write(`captured ${path}\n`);
  return 0;
}

class Shell {
  private readonly host: LabHost;
  private readonly topology: LabTopology;
  private node: string;
  /** The input has not ended. */
  private open = true;

  constructor(host: LabHost, topology: LabTopology) {
    this.host = host;
    this.topology = topology;
    this.node = topology.nodes[0]?.name ?? '';
  }

  /** Reads lines until `exit` or the end of input. */
  async run(): Promise<void> {
    const input = createInterface({ input: process.stdin, output: process.stdout, terminal: process.stdin.isTTY === true });
    input.on('close', () => {
      this.open = false;
    });
    input.on('SIGINT', () => {
      this.host.interrupt();
      process.stdout.write('\n');
      this.prompt(input);
    });
    process.stdout.write(`${this.topology.name} is up. Nodes: ${this.topology.nodes.map(({ name }) => name).join(' ')}\n${HELP}`);
    this.prompt(input);
    for await (const line of input) {
      if (!(await this.line(line.trim()))) break;
      this.prompt(input);
    }
    input.close();
  }

  private prompt(input: Interface): void {
    if (!this.open) return;
    input.setPrompt(`${this.node}$ `);
    input.prompt();
  }

  /** False: the user leaves. */
  private async line(line: string): Promise<boolean> {
    if (line === 'exit' || line === 'quit') return false;
    if (line === 'help') process.stdout.write(HELP);
    else if (line === 'nodes') for (const { name } of this.topology.nodes) process.stdout.write(`${name}\t${this.addresses(name)}\n`);
    else await this.command(line);
    return true;
  }

  private addresses(node: string): string {
    const found = [this.host.addressOf(node, 'ipv4'), this.host.addressOf(node, 'ipv6')].filter((address) => address !== undefined);
    return found.length === 0 ? '-' : found.join(' ');
  }

  private async command(line: string): Promise<void> {
    const [, name, rest] = /^([^\s$]+)\s*\$\s*(.*)$/.exec(line) ?? [];
    const known = this.topology.nodes.some((node) => node.name === name);
    if (name !== undefined && !known) return void process.stderr.write(`there is no node ${name}\n`);
    if (name !== undefined) this.node = name;
    const node = this.topology.nodes.find((other) => other.name === this.node);
    const text = name === undefined ? line : (rest ?? '');
    if (node === undefined || text === '') return;
    const { notes } = await runLine(this.host, node, text, { stdout: (out) => void process.stdout.write(out), stderr: (err) => void process.stderr.write(err) });
    for (const note of notes) process.stderr.write(`${note}\n`);
  }
}
