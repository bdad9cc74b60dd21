/** `skbuff capture`. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { CaptureTarget } from '../lab/lab-host.ts';
import { judgeAll } from '../lab/run.ts';
import type { LabTopology } from '../topology/model.ts';
import { complain, hasNode, virtualLab, readLab } from './virtual-lab.ts';

export interface CaptureOptions {
  /** File, or `-`. */
  readonly output?: string;
  /** Nanoseconds after the lab is up. */
  readonly for?: number;
  readonly seed?: number;
  /** Lines instead of a file. */
  readonly read?: boolean;
}

type Points = CaptureTarget['points'];

/** The exit code: 0, or 2 for what cannot be captured. */
export async function captureCommand(file: string, names: readonly string[], options: CaptureOptions): Promise<number> {
  const topology = readLab(file);
  if (topology === null) return 2;
  const points = pointsOf(topology, names);
  if (points === null) return 2;
  const { output = '-', read = false } = options;
  if (output === '-' && !read && process.stdout.isTTY === true) {
    complain('skbuff: a capture is no text for a terminal: -o FILE, --read for lines, or | tshark -r -');
    return 2;
  }
  const out = new Held(() => (output === '-' ? new Pipe() : openFile(output)));
  const target: CaptureTarget = { points, ...(read ? { line: (text: string) => out.write(Buffer.from(`${text}\n`)) } : { pcapng: (bytes: Uint8Array) => out.write(bytes) }) };
  try {
    return await run(topology, target, out, options);
  } finally {
    await out.close();
  }
}

async function run(topology: LabTopology, captureStream: CaptureTarget, out: Held, options: CaptureOptions): Promise<number> {
  const host = await virtualLab(topology, { ...options, captureStream });
  if (host === null) return 2;
  const missing = captureStream.points.filter((point) => !host.interfacesOf(point.node).includes(point.interface));
  for (const { node, interface: dev } of missing) complain(`skbuff: ${node} has no interface ${dev}\n   expected: ${host.interfacesOf(node).join(', ')}`);
  if (missing.length > 0 || !out.open()) {
    host.close();
    return 2;
  }
  const up = host.now();
  // What is cut off by --for ends with the lab.
  const traffic = judgeAll(host, topology, up).catch((error: unknown) => {
    if (options.for === undefined) throw error;
  });
  await (options.for === undefined ? traffic : host.runUntil(up + options.for));
  host.close();
  return 0;
}

/** `node:interface`; null when one is none, which is printed. */
function pointsOf(topology: LabTopology, names: readonly string[]): Points | null {
  const points = names.map((name) => {
    const colon = name.indexOf(':');
    return { name, node: name.slice(0, Math.max(0, colon)), interface: name.slice(colon + 1) };
  });
  const bad = points.find((point) => point.node === '' || point.interface === '');
  if (bad !== undefined) {
    complain(`skbuff: ${bad.name} is no interface of a lab\n   expected: node:interface, such as ${topology.links[0]?.ends[0]?.node ?? 'h1'}:${topology.links[0]?.ends[0]?.interface ?? 'eth1'}`);
    return null;
  }
  return points.every((point) => hasNode(topology, point.node)) ? points : null;
}

interface Out {
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** Keeps what is written until it is known that there is something to capture. */
class Held implements Out {
  private readonly make: () => Out | null;
  private readonly pieces: Uint8Array[] = [];
  private out: Out | null = null;

  constructor(make: () => Out | null) {
    this.make = make;
  }

  /** False: it cannot be had, which is printed. */
  open(): boolean {
    this.out = this.make();
    for (const bytes of this.pieces.splice(0)) this.out?.write(bytes);
    return this.out !== null;
  }

  write(bytes: Uint8Array): void {
    if (this.out === null) this.pieces.push(bytes.slice());
    else this.out.write(bytes);
  }

  async close(): Promise<void> {
    await this.out?.close();
  }
}

function openFile(path: string): Out | null {
  try {
    const fd = openSync(path, 'w');
    const write = (bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    };
    return { write, close: () => Promise.resolve(closeSync(fd)) };
  } catch (error) {
    complain(`skbuff: ${path} cannot be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
    return null;
  }
}

/** Standard output. A reader that has seen enough may close it: that is no error. */
class Pipe implements Out {
  private open = true;
  private readonly onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    this.open = false;
  };

  constructor() {
    process.stdout.on('error', this.onError);
  }

  write(bytes: Uint8Array): void {
    if (this.open) process.stdout.write(bytes);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.open) process.stdout.write('', () => resolve());
      else resolve();
    });
    process.stdout.off('error', this.onError);
  }
}
