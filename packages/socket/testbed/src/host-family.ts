/** What two hosts need to speak one IP version with each other. */
import type { Kernel, Net, NetDevice, Plugin } from '@skbuff/core';
import type { SockAddr } from '@skbuff/sock';
import type { PacketFamily, PacketFields } from '@skbuff/testkit';

/** An ICMP error that was sent while ICMP itself is not loaded. */
export interface IcmpSent {
  readonly net: Net;
  readonly type: number;
  readonly code: number;
}

/** An IP version with its hosts. */
export interface HostFamily<P extends PacketFields = PacketFields> extends PacketFamily<P> {
  /** AF_*, of its sockets. */
  readonly af: number;
  /** Of the network that both hosts are in. */
  readonly prefixlen: number;
  /** The network layer with routing and neighbours, and its sockets, without a protocol. */
  readonly plugins: () => readonly Plugin[];
  /** An address for system calls. */
  readonly sockaddr: (addr: string, port: number) => SockAddr;
  /** Gives a device one more address: 0 or a negative errno. */
  readonly addAddress: (dev: NetDevice, addr: string, prefixlen: number) => number;
  /** ICMP errors are told to `heard`, unless the family's ICMP is among the plugins that are `loaded` for the test itself. */
  readonly hearErrors: (kernel: Kernel, heard: (error: IcmpSent) => void, loaded: ReadonlySet<string>) => void;
}
