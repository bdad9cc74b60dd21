/** A lab on the stack of the package skbuff. */
import { check, commands, createNet, type Host, type HostNet, inetFamily, linux, type Running, type Stdio, SysError } from 'skbuff';
import type { Task } from '@skbuff/sock';
import { type Clock, type NetDevice, RealClock, RX_PACKETS, TX_PACKETS, VirtualClock } from '@skbuff/core';
import { AF_INET, AF_INET6, SOCK_DGRAM } from '@skbuff/uapi';
import type { ProgramHost } from '../program/server.ts';
import type { Impairment, IpFamily, LabTopology, ProbePacket } from '../topology/model.ts';
import { type Explanation, explain, followPacket } from '@skbuff/explain';
import { CaptureFiles } from './capture-files.ts';
import { CaptureStream } from './capture-stream.ts';
import type { ExecOutput, ExecResult, HostTotals, LabHost, LabHostOptions, LabRemains, PingResult, RouteResult } from './lab-host.ts';
import { buildLinks, type BuiltLink, impair, setLink } from './links.ts';
import { NodeFiles } from './node-files.ts';
import { Watch } from './watch.ts';

const NSEC_PER_MSEC = 1e6;
/** In which a daemon finds out whether it can begin. */
const BEGIN_NS = 1e6;
/** How long packets that were sent are waited for: neighbour resolution gives up after 3 s. */
const SETTLE_NS = 5e9;

/** Makes the nodes and links of a topology. Throws `TopologyError`. */
export function createStackHost(topology: LabTopology, options: LabHostOptions): StackHost {
  const files = options.captures === undefined ? null : new CaptureFiles(options.captures, topology.capture);
  const stream = options.captureStream === undefined ? null : new CaptureStream(options.captureStream);
  const { clock = options.realTime ? new RealClock() : new VirtualClock() } = options;
  const net = createNet({
    seed: options.seed,
    clock,
    plugins: [...linux({ ipv6: topology.ipv6 }), ...(files === null ? [] : [files.plugin()]), ...(stream === null ? [] : [stream.plugin()])],
  });
  const watch = new Watch(net.kernel);
  try {
    for (const { name } of topology.nodes) {
      const { ns } = net.host(name);
      watch.addNode(name, ns);
      files?.addNode(name, ns);
      stream?.addNode(name, ns);
    }
    return new StackHost(topology, clock, net, buildLinks(net, topology.links, options.seed), watch, files);
  } catch (error) {
    files?.close();
    net.close();
    throw error;
  }
}

export class StackHost implements LabHost, ProgramHost {
  readonly commands: ReadonlySet<string> = new Set(commands().map(({ name }) => name));
  /** The hosts themselves. */
  readonly net: HostNet;
  private readonly topology: LabTopology;
  private readonly clock: Clock;
  private readonly links: ReadonlyMap<number, BuiltLink>;
  private readonly watch: Watch;
  private readonly files: CaptureFiles | null;
  private readonly running: Set<Running> = new Set();
  private readonly daemons: Set<Running> = new Set();
  private readonly nodeFiles: NodeFiles = new NodeFiles();
  private closed = false;

  constructor(topology: LabTopology, clock: Clock, net: HostNet, links: readonly BuiltLink[], watch: Watch, files: CaptureFiles | null) {
    this.topology = topology;
    this.clock = clock;
    this.net = net;
    this.links = new Map(links.map((built) => [built.link.index, built]));
    this.watch = watch;
    this.files = files;
  }

  now(): number {
    return Math.floor(this.net.now());
  }

  async runUntil(ns: number): Promise<void> {
    const ms = (ns - this.net.now()) / NSEC_PER_MSEC;
    if (ms > 0 && !this.closed) await this.net.advance(ms).catch(() => {});
  }

  exec(node: string, argv: readonly string[], output?: ExecOutput): Promise<ExecResult> {
    return this.start(node, argv, this.streams(node, output)).done;
  }

  async daemon(node: string, argv: readonly string[], output?: ExecOutput): Promise<ExecResult> {
    const daemon = this.host(node).start(argv, this.streams(node, output));
    this.daemons.add(daemon);
    const ended = await Promise.race([daemon.done, this.runUntil(this.now() + BEGIN_NS)]);
    return ended ?? { code: 0, stdout: '', stderr: '' };
  }

  private streams(node: string, output: ExecOutput | undefined): Stdio {
    return { stdout: output?.stdout.bind(output) ?? QUIET, stderr: output?.stderr.bind(output) ?? QUIET, files: this.nodeFiles.of(node) };
  }

  hasNode(node: string): boolean {
    return this.net.get(node) !== undefined;
  }

  taskOf(node: string): Task {
    return this.host(node).task;
  }

  start(node: string, argv: readonly string[], io?: Stdio, parent?: Task): Running {
    const running = this.host(node).start(argv, io, parent);
    this.running.add(running);
    void running.done.finally(() => this.running.delete(running));
    return running;
  }

  interrupt(): void {
    for (const running of this.running) running.kill('SIGINT');
  }

  writeSysctl(node: string, path: string, value: string): number {
    try {
      this.host(node).sysctl(path, value);
      return 0;
    } catch (error) {
      if (error instanceof SysError) return -error.errno;
      throw error;
    }
  }

  writeFile(node: string, path: string, text: string, append: boolean): boolean {
    return this.nodeFiles.write(node, path, text, append);
  }

  addressOf(node: string, family?: IpFamily): string | undefined {
    const usable = this.host(node).addr.list().filter(({ global, flags }) => global && !flags.some((flag) => UNUSABLE.has(flag)));
    return usable.find((addr) => family === undefined || addr.family === FAMILIES[family])?.address;
  }

  settled(): boolean {
    return this.net.all.every(({ ns, addr }) =>
      addr.list().every(({ dev, flags }) => !flags.includes('tentative') || flags.includes('dadfailed') || flags.includes('optimistic') || !carries(ns.devGetByName(dev))),
    );
  }

  /** Addresses of a node, but those that the kernel gives every link, first those of IPv4, each in the order of its interfaces. */
  addressesOf(node: string): readonly { readonly dev: string; readonly cidr: string }[] {
    return this.host(node).addr.list().filter(({ proto }) => proto !== 'kernel_ll');
  }

  /** The node is a router of a family, as its exec lines may have made it. */
  forwards(node: string): boolean {
    const families = this.topology.ipv6 ? [AF_INET, AF_INET6] : [AF_INET];
    return families.some((family) => this.host(node).sysctl(inetFamily(family).forwarding) !== '0');
  }

  /** Interfaces of a node, also those that exec lines made. */
  interfacesOf(node: string): readonly string[] {
    return this.host(node).ns.devList.map(({ name }) => name);
  }

  async explain(node: string, packet: string, spend = false): Promise<Explanation> {
    if (spend) return followPacket(this.net, node, packet);
    // Schedules wait in the lab, so its time would go on while its replica is asked.
    const release = this.clock instanceof VirtualClock ? this.clock.hold() : (): void => {};
    try {
      return await explain(this.net, node, packet);
    } finally {
      release();
    }
  }

  async ping(from: string, to: string, count: number, timeoutNs: number): Promise<PingResult> {
    let result: { sent: number; roundTripsNs: number[] } = { sent: count, roundTripsNs: [] };
    const trace = await this.watch.trace(() => unlessUnsendable(async () => {
      const { sent, replies, errors } = await this.host(from).ping(to, { count, timeout: timeoutNs / NSEC_PER_MSEC });
      result = { sent: sent + errors.length, roundTripsNs: replies.map(({ rtt }) => rtt) };
    }));
    return { ...result, trace };
  }

  send(packet: Omit<ProbePacket, 'to'> & { readonly to: string }): Promise<readonly string[]> {
    const before = this.net.kernel.skbs.inUse;
    return this.watch.trace(async () => {
      const host = this.host(packet.from);
      if (packet.proto === 'udp') sendUdp(host, packet);
      else await unlessUnsendable(() => host.ping(packet.to, { count: packet.count, interval: 1, timeout: 1, size: packet.size, ...(packet.ttl !== undefined && { ttl: packet.ttl }) }));
      const until = this.now() + SETTLE_NS;
      do await this.net.advance(1);
      while (this.net.kernel.skbs.inUse > before && this.now() < until);
    });
  }

  routeGet(node: string, to: string): RouteResult {
    try {
      const { via, dev } = this.host(node).route.get(to);
      return { dev, ...(via !== undefined && { via }) };
    } catch (error) {
      if (error instanceof SysError) return { error: error.code };
      throw error;
    }
  }

  totals(node: string): HostTotals {
    const { devList } = this.host(node).ns;
    const sum = (counter: number): number => devList.reduce((all, { stats }) => all + stats[counter], 0);
    return { sent: sum(TX_PACKETS), received: sum(RX_PACKETS), drops: this.watch.dropsOf(node) };
  }

  impair(link: number, impairment: Impairment | undefined): void {
    const built = this.links.get(link);
    if (built !== undefined) impair(built, impairment);
  }

  setLink(link: number, up: boolean): void {
    const built = this.links.get(link);
    if (built !== undefined) setLink(built, up);
  }

  close(): LabRemains {
    this.closed = true;
    for (const running of [...this.running, ...this.daemons]) running.kill('SIGKILL');
    this.files?.close();
    return { captures: [...(this.files?.paths ?? [])].sort(), leaks: this.net.close() };
  }

  private host(node: string): Host {
    return this.net.get(node) as Host;
  }
}

const FAMILIES: Readonly<Record<IpFamily, number>> = { ipv4: AF_INET, ipv6: AF_INET6 };
/** What an address is that nobody should be told to go to. */
const UNUSABLE: ReadonlySet<string> = new Set(['tentative', 'dadfailed', 'deprecated']);
const QUIET = (): void => {};

const carries = (dev: NetDevice | null): boolean => dev !== null && dev.running() && dev.carrierOk();

/** What cannot be sent reaches nobody either: the expectation says whether that is right, and the trace why it is so. */
async function unlessUnsendable(ping: () => Promise<unknown>): Promise<void> {
  try {
    await ping();
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}

function sendUdp(host: Host, packet: Omit<ProbePacket, 'to'> & { readonly to: string }): void {
  const { task } = host;
  const to = host.sockaddr(packet.to, packet.port);
  const fd = check('socket', task.socket(to.family, SOCK_DGRAM));
  if (packet.ttl !== undefined) task.setsockopt(fd, ...inetFamily(to.family).ttl, packet.ttl);
  // What cannot be sent is dropped by nobody else than the sender, and its reason is in the trace.
  for (let i = 0; i < packet.count; i++) void task.sendto(fd, new Uint8Array(packet.size), 0, to);
  task.close(fd);
}
