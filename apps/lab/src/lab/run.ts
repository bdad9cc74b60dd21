/**
 * Runs a lab: sysctls, exec lines, duplicate address detection, schedules, expectations. The same topology, seed and stack give the same report.
 *
 * The exec lines of one node run one after the other, those of all nodes side by side, as containerlab does; a line that waits for
 * nothing takes no time. An exec line that fails is reported and does not fail the run: containerlab logs it, too, and goes on.
 */
import { ENOENT, errnoName } from '@skbuff/uapi';
import type { Diagnostic } from '../topology/diagnostic.ts';
import type { Expectation, LabNode, LabTopology } from '../topology/model.ts';
import type { ExecNote, ExpectationResult, LabReport, NodeReport } from '../report/model.ts';
import type { CaptureStore } from './capture-store.ts';
import { execNotes, runLine } from './exec.ts';
import { judge } from './judge.ts';
import type { LabHost, LabHostFactory } from './lab-host.ts';
import { runSchedule } from './schedule.ts';

export interface RunOptions {
  /** 0 to 2^32-1. */
  readonly seed: number;
  /** Notes of the parser, for the report. */
  readonly diagnostics?: readonly Diagnostic[];
  readonly captures?: CaptureStore;
  /** Hears what is done now, and how far it is: `done` of `all` steps. */
  readonly onProgress?: (done: number, all: number, what: string) => void;
}

export interface LabRun {
  readonly report: LabReport;
  /** What the stack did not take back: empty, or there is a bug in it. */
  readonly leaks: Readonly<Record<string, number>>;
}

/** Runs a lab to its end, under virtual time. Throws `TopologyError` for what the stack refuses to build. */
export async function runLab(topology: LabTopology, factory: LabHostFactory, options: RunOptions): Promise<LabRun> {
  const { seed, onProgress = () => {} } = options;
  const host = factory(topology, { seed, realTime: false, ...(options.captures !== undefined && { captures: options.captures }) });
  try {
    onProgress(0, topology.expect.length, 'exec');
    const exec = await setUp(host, topology);
    const up = host.now();
    const expectations = await judgeAll(host, topology, up, onProgress);
    const virtualTimeNs = host.now();
    const nodes = topology.nodes.map((node) => nodeReport(host, topology, node));
    const { captures, leaks } = host.close();
    const { file, name, links, ignored } = topology;
    const report = { file, lab: name, seed, virtualTimeNs, nodes, links: links.length, ignored, diagnostics: options.diagnostics ?? [], exec, expectations, captures };
    return { report, leaks };
  } catch (error) {
    host.close();
    throw error;
  }
}

/** How often it is looked, and how long at most, whether addresses can be used. */
const LOOK_NS = 100e6;
const PATIENCE_NS = 10e9;

/**
 * Sysctls, then exec lines, then the time until their addresses can be used: Linux tries each of IPv6 for a second or two. What there is to say about
 * them, node by node.
 */
export async function setUp(host: LabHost, topology: LabTopology): Promise<ExecNote[]> {
  const sysctls = topology.nodes.map((node) => writeSysctls(host, node));
  const lines = await Promise.all(topology.nodes.map((node) => execLines(host, node)));
  const end = host.now() + PATIENCE_NS;
  while (!host.settled() && host.now() < end) await host.runUntil(host.now() + LOOK_NS);
  return topology.nodes.flatMap((_, i) => [...(sysctls[i] ?? []), ...(lines[i] ?? [])]);
}

function writeSysctls(host: LabHost, node: LabNode): ExecNote[] {
  return node.sysctl.flatMap(({ path, value, at }) => {
    const err = host.writeSysctl(node.name, path, value);
    if (err >= 0) return [];
    const line = `sysctl ${path}=${value}`;
    if (err === -ENOENT) return { kind: 'note', node: node.name, line, at, text: `\`${line}\` is passed over: there is no such sysctl here` };
    return { kind: 'failed', node: node.name, line, at, text: errnoName(err) };
  });
}

async function execLines(host: LabHost, node: LabNode): Promise<ExecNote[]> {
  const notes: ExecNote[] = [];
  for (const line of node.exec) notes.push(...execNotes(node, line, await runLine(host, node, line.line)));
  return notes;
}

/** Runs the schedules beside the expectations; without expectations the schedules run to their end. */
export async function judgeAll(host: LabHost, topology: LabTopology, up: number, onProgress: NonNullable<RunOptions['onProgress']> = () => {}): Promise<ExpectationResult[]> {
  const schedule = runSchedule(host, topology.links, up);
  const results: ExpectationResult[] = [];
  for (const [i, expectation] of topology.expect.entries()) {
    onProgress(i, topology.expect.length, expectation.name);
    results.push(await judgeOne(host, topology, expectation, up));
  }
  if (results.length === 0) await schedule.done;
  schedule.stop();
  return results;
}

async function judgeOne(host: LabHost, topology: LabTopology, expectation: Expectation, up: number): Promise<ExpectationResult> {
  const { name, kind, at, moment } = expectation;
  await host.runUntil((moment.kind === 'at' ? up : host.now()) + moment.ns);
  const timeNs = host.now() - up;
  return { name, kind, at, timeNs, ...(await judge(host, topology, expectation)) };
}

function nodeReport(host: LabHost, topology: LabTopology, node: LabNode): NodeReport {
  const interfaces = topology.links.flatMap(({ ends }) => ends.filter((end) => end.node === node.name).map((end) => end.interface));
  return { name: node.name, interfaces, execLines: node.exec.length, ...host.totals(node.name) };
}
