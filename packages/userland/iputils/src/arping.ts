/** The command `arping`. */
import { SockaddrLl } from '@skbuff/af-packet';
import type { Command, CommandEnv } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import { ARP_ETH_IP_LEN, be16, be32, equalBytes, inetNtoa, setBe16, setBe32 } from '@skbuff/wire';
import { type ArpingDevice, chooseSource, findDevice, unfit } from './arping-device.ts';
import { type ArpingArguments, parseArping } from './arping-options.ts';
import { runProgram } from './iputils-common.ts';

/** Offsets in an ARP packet of Ethernet and IPv4. */
const ARP_OP = 6;
const ARP_SHA = 8;
const ARP_SPA = 14;
const ARP_THA = 18;
const ARP_TPA = 24;
const ETH_ALEN = 6;
const NSEC_PER_SEC = 1e9;

class Arping {
  private readonly args: ArpingArguments;
  private readonly env: CommandEnv;
  private readonly device: ArpingDevice;
  private readonly fd: number;
  private readonly source: number;
  /** Our own address, and whom the next packet is for. */
  private readonly me: SockaddrLl;
  private readonly he: SockaddrLl;
  private unicasting = false;
  private sent = 0;
  private broadcasts = 0;
  private received = 0;
  private requests = 0;
  private broadcastReplies = 0;
  /** When the last packet went, nanoseconds. */
  private last = 0;
  private stopped = false;

  constructor(args: ArpingArguments) {
    this.args = args;
    const { program } = args;
    this.env = program.env;
    const { task } = this.env;
    this.fd = program.must(task.socket(U.AF_PACKET, U.SOCK_DGRAM, 0), 'socket');
    this.device = findDevice(args);
    this.source = chooseSource(args, this.device);
    this.me = new SockaddrLl(U.ETH_P_ARP, this.device.ifindex);
    program.must(task.bind(this.fd, this.me), 'bind');
    program.must(task.getsockname(this.fd, this.me), 'getsockname');
    if (this.me.halen === 0) unfit(args, `Interface "${this.device.name}" is not ARPable (no ll address)`);
    this.he = new SockaddrLl(U.ETH_P_ARP, this.device.ifindex, new Uint8Array(this.me.halen).fill(0xff));
  }

  async run(): Promise<number> {
    const { args, env } = this;
    const { options, program, target } = args;
    if (!options.quiet) program.print(`ARPING ${inetNtoa(target)} from ${inetNtoa(this.source)} ${this.device.name}\n`);
    if (this.source === 0 && !options.dad) program.die(2, 'no source address in not-DAD mode');
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM'] as const) env.onSignal(signal, () => void (this.stopped = true));
    await this.loop();
    if (!options.quiet) this.summary();
    return this.status();
  }

  private async loop(): Promise<void> {
    const { options } = this.args;
    const start = this.env.now();
    const interval = options.interval === 0 ? Number.POSITIVE_INFINITY : options.interval * NSEC_PER_SEC;
    const end = options.timeout === 0 ? Number.POSITIVE_INFINITY : start + options.timeout * NSEC_PER_SEC;
    let tick = start + interval;
    this.send();
    for (;;) {
      const readable = await this.wait(Math.min(tick, end));
      if (this.stopped) return;
      const now = this.env.now();
      if (now >= tick) {
        if (this.sent === options.count) return;
        tick += interval;
        this.send();
      }
      if (now >= end) return;
      if (readable && this.receive()) return;
    }
  }

  /** Until there is a packet or the time has come: whether there is a packet. */
  private async wait(until: number): Promise<boolean> {
    const poll = { fd: this.fd, events: U.POLLIN, revents: 0 };
    const ms = until === Number.POSITIVE_INFINITY ? -1 : Math.max((until - this.env.now()) / 1e6, 0);
    await this.env.task.poll([poll], ms);
    return (poll.revents & (U.POLLIN | U.POLLERR | U.POLLHUP)) !== 0;
  }

  private send(): void {
    const { options, program, target } = this.args;
    const arp = new Uint8Array(ARP_ETH_IP_LEN);
    setBe16(arp, 0, U.ARPHRD_ETHER);
    setBe16(arp, 2, U.ETH_P_IP);
    arp[4] = ETH_ALEN;
    arp[5] = 4;
    setBe16(arp, ARP_OP, options.advert ? U.ARPOP_REPLY : U.ARPOP_REQUEST);
    const { me, he } = this;
    arp.set(me.addr.subarray(0, ETH_ALEN), ARP_SHA);
    setBe32(arp, ARP_SPA, this.source);
    arp.set((options.advert ? me : he).addr.subarray(0, ETH_ALEN), ARP_THA);
    setBe32(arp, ARP_TPA, target);
    this.last = this.env.now();
    const rc = this.env.task.sendto(this.fd, arp, 0, he) as number;
    if (rc === -U.ENETDOWN) program.die(2, 'sendto', rc);
    if (rc !== arp.length) return;
    this.sent++;
    if (!this.unicasting) this.broadcasts++;
  }

  /** Takes one packet: true if it was what was waited for. */
  private receive(): boolean {
    const { options, program } = this.args;
    const arp = new Uint8Array(4096);
    const from = new SockaddrLl();
    const n = this.env.task.recvfrom(this.fd, arp, U.MSG_DONTWAIT, from) as number;
    if (n === -U.ENETDOWN) program.die(2, 'recvfrom', n);
    if (n < 0 || !this.isAnswer(arp, n, from)) return false;
    if (!options.quiet) this.show(arp, from);
    this.received++;
    if (from.pkttype !== U.PACKET_HOST) this.broadcastReplies++;
    if (be16(arp, ARP_OP) === U.ARPOP_REQUEST) this.requests++;
    if (options.quitOnReply || (options.timeout > 0 && this.received === options.count)) return true;
    if (!options.broadcastOnly) {
      this.he.addr.set(arp.subarray(ARP_SHA, ARP_SPA));
      this.unicasting = true;
    }
    return false;
  }

  /** `recv_pack`: whether a packet is about our question. */
  private isAnswer(arp: Uint8Array, n: number, from: SockaddrLl): boolean {
    const op = be16(arp, ARP_OP);
    if (![U.PACKET_HOST, U.PACKET_BROADCAST, U.PACKET_MULTICAST].includes(from.pkttype)) return false;
    if ((op !== U.ARPOP_REQUEST && op !== U.ARPOP_REPLY) || n < ARP_ETH_IP_LEN) return false;
    if (be16(arp, 0) !== from.hatype || be16(arp, 2) !== U.ETH_P_IP || arp[4] !== ETH_ALEN || arp[5] !== 4) return false;
    if (be32(arp, ARP_SPA) !== this.args.target) return false;
    const toUs = this.source === be32(arp, ARP_TPA);
    if (!this.args.options.dad) return toUs && equalBytes(arp, ARP_THA, this.me.addr, 0, ETH_ALEN);
    // Somebody else has the address, or asks for it, too.
    return !equalBytes(arp, ARP_SHA, this.me.addr, 0, ETH_ALEN) && (this.source === 0 || toUs);
  }

  private show(arp: Uint8Array, from: SockaddrLl): void {
    const kind = be16(arp, ARP_OP) === U.ARPOP_REPLY ? 'reply' : 'request';
    let line = `${from.pkttype === U.PACKET_HOST ? 'Unicast' : 'Broadcast'} ${kind} from ${inetNtoa(be32(arp, ARP_SPA))} [${lladdr(arp, ARP_SHA)}] `;
    const forUs = be32(arp, ARP_TPA) === this.source;
    if (!forUs) line += `for ${inetNtoa(be32(arp, ARP_TPA))} `;
    if (!equalBytes(arp, ARP_THA, this.me.addr, 0, ETH_ALEN)) line += `${forUs ? 'for ' : ''}[${lladdr(arp, ARP_THA)}]`;
    const us = Math.floor((this.env.now() - this.last) / 1000);
    this.args.program.print(`${line} ${Math.floor(us / 1000)}.${String(us % 1000).padStart(3, '0')}ms\n`);
  }

  private summary(): void {
    let text = `Sent ${this.sent} probes (${this.broadcasts} broadcast(s))\nReceived ${this.received} response(s)`;
    const special = [];
    if (this.requests > 0) special.push(`${this.requests} request(s)`);
    if (this.broadcastReplies > 0) special.push(`${this.broadcastReplies} broadcast(s)`);
    if (special.length > 0) text += ` (${special.join(', ')})`;
    this.args.program.print(`${text}\n`);
  }

  private status(): number {
    const { options } = this.args;
    if (options.dad) return this.received > 0 ? 1 : 0;
    if (options.unsolicited) return 0;
    if (options.count >= 0) return this.sent === this.received ? 0 : 1;
    return this.received > 0 ? 0 : 1;
  }
}

function lladdr(b: Uint8Array, at: number): string {
  return Array.from(b.subarray(at, at + ETH_ALEN), (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(':');
}

async function main(argv: readonly string[], env: CommandEnv): Promise<number> {
  return new Arping(parseArping(argv, env)).run();
}

/** `arping` of iputils 20221126: asks for the hardware address of a neighbour. Status 0; 1: no answer, or a duplicate; 2: an error. */
export const arping: Command = {
  name: 'arping',
  run: (argv, env) => runProgram('arping', env, () => main(argv.slice(1), env)),
};
