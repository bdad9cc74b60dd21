/** The compliance suite for whole routing providers; see `testing.ts`. */
import {
  allocNetdev,
  createKernel,
  devClose,
  devOpen,
  dropReasonName,
  type Kernel,
  type Net,
  type NetDevice,
  netdevOpsDefaults,
  type Plugin,
  registerNetdevice,
  type SkBuff,
  unregisterNetdevice,
  VirtualClock,
  dstCheck,
} from '@skbuff/core';
import {
  Flowi4,
  inDevGet,
  inetAllocIfa,
  inetDelIfa,
  inetInsertIfa,
  IPCB_FLAGS,
  ipcbInit,
  ipForward,
  ipLocalDeliver,
  IPSKB_DOREDIRECT,
  IPV4,
  type Ipv4,
  ipv4Mtu,
  type RoutingProvider,
  type Rtable,
} from '@skbuff/ipv4';
import { netlinkPort, NlMsgBuilder, nlTalk, RtMsg } from '@skbuff/netlink';
import {
  AF_INET,
  EACCES,
  EHOSTUNREACH,
  EINVAL,
  ENETUNREACH,
  errnoName,
  ETH_P_IP,
  IFA_F_PERMANENT,
  IFF_BROADCAST,
  IFF_MULTICAST,
  NETLINK_ROUTE,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  RTA_DST,
  RTA_GATEWAY,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  RTN_BLACKHOLE,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_MULTICAST,
  RTN_PROHIBIT,
  RTN_THROW,
  RTN_UNICAST,
  RTN_UNREACHABLE,
  RTPROT_BOOT,
  RT_SCOPE_NOWHERE,
} from '@skbuff/uapi';
import { inetNtoa, inetPton4, IPHDR_DADDR, IPHDR_PROTOCOL, IPHDR_SADDR, setBe32 } from '@skbuff/wire';

/** The functions of vitest, or of a runner with the same words. */
export interface ProviderTestTools {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => void): unknown;
  expect(actual: unknown): { toBe(expected: unknown): void; toEqual(expected: unknown): void };
}

/** Everything that a kernel with IPv4, the loopback device and the provider under test loads. */
export type ProviderPlugins = () => readonly Plugin[];

/** What a provider may leave out: it takes routes by rtnetlink; it forwards; it learns path MTU and redirects, and sends redirects. */
export type ProviderAbility = 'netlink' | 'forwarding' | 'learning';

/** Abilities that a provider has not, each with the reason, which stands in the name of the suite. */
export type ProviderLimits = Readonly<Partial<Record<ProviderAbility, string>>>;

/**
 * Declares the tests that a full routing provider passes, as a `describe` block of the name: one that stands in for `@skbuff/fib` in a router. It
 *
 * - sets `ipv4.routing`, sends and receives for the host's addresses, and follows addresses and devices as they come, go and change;
 * - takes routes by rtnetlink (RTM_NEWROUTE, RTM_DELROUTE): one gateway or none, unicast and the four error types;
 * - forwards where `forwarding` is set on the interface;
 * - learns path MTU, and sends redirects.
 *
 * A provider for hosts that has no such routes (`@skbuff/host-routes`) is no full one; `without` leaves out the tests that need what it has not.
 */
export function describeRoutingProvider(name: string, plugins: ProviderPlugins, tools: ProviderTestTools, without: ProviderLimits = {}): void {
  const limits = Object.entries(without).map(([ability, reason]) => `no ${ability}: ${reason}`);
  tools.describe([`${name} as a routing provider`, ...limits].join('; '), () => {
    const test: Declare = (title, body, ...needs) => {
      if (needs.some((ability) => without[ability] !== undefined)) return;
      tools.it(title, () => {
        const lab = new Lab(plugins());
        body(lab);
        tools.expect(lab.kernel.shutdown()).toEqual({});
      });
    };
    sending(test, tools);
    receiving(test, tools);
    keeping(test, tools);
    changing(test, tools);
    learning(test, tools);
  });
}

type Declare = (title: string, body: (lab: Lab) => void, ...needs: ProviderAbility[]) => void;

/** A router with `a` (10.0.0.1/24), `b` (10.1.0.1/24), and routes that go in by netlink. */
class Lab {
  readonly kernel: Kernel;
  readonly ip: Ipv4;
  readonly a: NetDevice;
  readonly b: NetDevice;
  readonly icmp: string[] = [];

  constructor(plugins: readonly Plugin[]) {
    this.kernel = createKernel({ clock: new VirtualClock(), debug: true, plugins });
    this.ip = this.kernel.services.get(IPV4);
    this.ip.icmp = { icmpSend: (_skb, type, code, info) => void this.icmp.push(`${type}/${code} ${inetNtoa(info >>> 0)}`), outCount() {} };
    devOpen(this.net.loopbackDev as NetDevice);
    this.a = this.device('a', '10.0.0.1');
    this.b = this.device('b', '10.1.0.1');
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  get routing(): RoutingProvider {
    const { routing } = this.ip;
    if (routing === null) throw new Error('ipv4.routing is null: none of the plugins is a routing provider');
    return routing;
  }

  private device(name: string, addr: string): NetDevice {
    const setup = (dev: NetDevice): void => {
      dev.mtu = 1500;
      dev.maxMtu = 65535;
      dev.addrLen = 6;
      dev.flags = IFF_BROADCAST | IFF_MULTICAST;
      dev.txQueueLen = 1000;
    };
    const ops = { ...netdevOpsDefaults, ndoStartXmit: (skb: SkBuff): number => (skb.consume(), 0) };
    const dev = allocNetdev(this.net, { name, setup, ops });
    registerNetdevice(dev);
    devOpen(dev);
    this.addr(dev, addr);
    const inDev = inDevGet(dev);
    if (inDev !== null) inDev.cnf.forwarding = 1;
    return dev;
  }

  addr(dev: NetDevice, local: string): void {
    const inDev = inDevGet(dev);
    if (inDev !== null) inetInsertIfa(inetAllocIfa(inDev, { local: inetPton4(local), prefixlen: 24, flags: IFA_F_PERMANENT }));
  }

  unaddr(dev: NetDevice): void {
    const inDev = inDevGet(dev);
    if (inDev !== null) inetDelIfa(inDev, inDev.ifaList[0]);
  }

  /** `ip route add` or `del`. */
  private route(cmd: number, prefix: string, gw: string, type: number): void {
    const error = this.talk(cmd, prefix, gw, type);
    if (error === 0) return;
    const words = `${cmd === RTM_NEWROUTE ? 'RTM_NEWROUTE' : 'RTM_DELROUTE'} ${prefix}${gw === '' ? '' : ` via ${gw}`}`;
    throw new Error(`${words}: ${errnoName(error)}. A full routing provider takes routes by rtnetlink; one that does not says so: without { netlink: 'why' }`);
  }

  private talk(cmd: number, prefix: string, gw: string, type: number): number {
    const [dst, plen] = prefix.split('/');
    const port = netlinkPort(this.net, NETLINK_ROUTE);
    if (typeof port === 'number') return port;
    const b = new NlMsgBuilder();
    const del = cmd === RTM_DELROUTE;
    const rtm = RtMsg.of({ family: AF_INET, dstLen: Number(plen), protocol: del ? 0 : RTPROT_BOOT, type: del ? 0 : type, scope: del ? RT_SCOPE_NOWHERE : 0 });
    const nlh = b.nlmsgPut(cmd, NLM_F_REQUEST | NLM_F_ACK | (del ? 0 : NLM_F_CREATE | NLM_F_EXCL), 1, 0, rtm);
    b.nlaPutInAddr(RTA_DST, inetPton4(dst));
    if (gw !== '') b.nlaPutInAddr(RTA_GATEWAY, inetPton4(gw));
    b.nlmsgEnd(nlh);
    const { error } = nlTalk(port, b.bytes().slice());
    port.close();
    return error;
  }

  add(prefix: string, gw: string, type: number = RTN_UNICAST): void {
    this.route(RTM_NEWROUTE, prefix, gw, type);
  }

  del(prefix: string): void {
    this.route(RTM_DELROUTE, prefix, '', RTN_UNICAST);
  }

  flow(daddr: string, saddr = ''): Flowi4 {
    const fl4 = new Flowi4();
    fl4.daddr = inetPton4(daddr);
    fl4.saddr = saddr === '' ? 0 : inetPton4(saddr);
    return fl4;
  }

  /** Source, device and gateway for what this host sends, or the errno. */
  out(daddr: string, saddr = ''): string | number {
    const fl4 = this.flow(daddr, saddr);
    const rt = this.routing.routeOutput(this.net, fl4, null);
    if (typeof rt === 'number') return rt;
    const text = `${inetNtoa(fl4.saddr)} ${rt.dev.name}${rt.gateway === 0 ? '' : ` via ${inetNtoa(rt.gateway)}`}`;
    rt.release();
    return text;
  }

  outRt(daddr: string): Rtable {
    const rt = this.routing.routeOutput(this.net, this.flow(daddr), null);
    if (typeof rt === 'number') throw new Error(`no route to ${daddr}: ${rt}`);
    return rt;
  }

  packet(dev: NetDevice, saddr: string, daddr: string): SkBuff {
    const skb = this.kernel.skbs.allocRx(dev, 64) as SkBuff;
    const iph = skb.putZero(28);
    skb.bytes[iph] = 0x45;
    skb.bytes[iph + IPHDR_PROTOCOL] = 17;
    setBe32(skb.bytes, iph + IPHDR_SADDR, inetPton4(saddr));
    setBe32(skb.bytes, iph + IPHDR_DADDR, inetPton4(daddr));
    skb.dev = dev;
    skb.skbIif = dev.ifindex;
    skb.protocol = ETH_P_IP;
    skb.networkHeader = iph;
    skb.transportHeader = iph + 20;
    ipcbInit(skb, dev.ifindex);
    return skb;
  }

  /** The packet with its decision; its owner frees it. */
  routed(dev: NetDevice, saddr: string, daddr: string): { skb: SkBuff; reason: number } {
    const skb = this.packet(dev, saddr, daddr);
    return { skb, reason: this.routing.routeInput(skb, inetPton4(daddr), inetPton4(saddr), 0, dev) };
  }

  /** `local`, `forward b via …`, `error -113`, or the drop reason. */
  in(dev: NetDevice, saddr: string, daddr: string): string {
    const { skb, reason } = this.routed(dev, saddr, daddr);
    const rt = skb.dst as Rtable | null;
    const text = reason !== 0 || rt === null ? dropReasonName(reason) : where(rt);
    skb.consume();
    return text;
  }
}

function where(rt: Rtable): string {
  if (rt.error !== 0) return `error ${rt.error}`;
  if (rt.input === ipLocalDeliver) return 'local';
  return rt.input === ipForward ? `forward ${rt.dev.name}${rt.gateway === 0 ? '' : ` via ${inetNtoa(rt.gateway)}`}` : 'elsewhere';
}

function sending(test: Declare, { expect }: ProviderTestTools): void {
  test('sends to a neighbour from the address of its network', (lab) => {
    expect([lab.out('10.0.0.5'), lab.out('10.1.0.5')]).toEqual(['10.0.0.1 a', '10.1.0.1 b']);
  });

  test('sends to itself over the loopback device', (lab) => {
    expect([lab.out('10.0.0.1'), lab.out('127.0.0.1'), lab.out('0.0.0.0')]).toEqual(['10.0.0.1 lo', '127.0.0.1 lo', '127.0.0.1 lo']);
  });

  test('sends by the longest prefix', (lab) => {
    lab.add('0.0.0.0/0', '10.0.0.9');
    lab.add('99.0.0.0/8', '10.1.0.9');
    lab.add('99.1.0.0/16', '10.0.0.8');
    lab.add('99.1.1.1/32', '10.1.0.8');
    const gateways = ['98.0.0.1', '99.0.0.1', '99.1.0.1', '99.1.1.1'].map((addr) => lab.out(addr));
    expect(gateways).toEqual(['10.0.0.1 a via 10.0.0.9', '10.1.0.1 b via 10.1.0.9', '10.0.0.1 a via 10.0.0.8', '10.1.0.1 b via 10.1.0.8']);
  }, 'netlink');

  test('says what is wrong where it cannot send', (lab) => {
    lab.add('96.0.0.0/8', '', RTN_UNREACHABLE);
    lab.add('97.0.0.0/8', '', RTN_PROHIBIT);
    lab.add('98.0.0.0/8', '', RTN_BLACKHOLE);
    lab.add('99.0.0.0/8', '', RTN_THROW);
    const errors = ['96.0.0.1', '97.0.0.1', '98.0.0.1', '99.0.0.1', '100.0.0.1'].map((addr) => lab.out(addr));
    expect(errors).toEqual([-EHOSTUNREACH, -EACCES, -EINVAL, -ENETUNREACH, -ENETUNREACH]);
  }, 'netlink');

  test('takes only its own addresses as source', (lab) => {
    expect([lab.out('10.0.0.5', '10.1.0.1'), lab.out('10.0.0.5', '10.0.0.2'), lab.out('10.0.0.5', '224.0.0.1')]).toEqual(['10.1.0.1 a', -ENETUNREACH, -EINVAL]);
  });

  test('tells types of addresses', (lab) => {
    const types = ['10.0.0.1', '10.0.0.5', '10.0.0.255', '224.0.0.1', '255.255.255.255', '0.0.0.0', '127.0.0.2', '99.0.0.1'].map((addr) => lab.routing.addrType(lab.net, inetPton4(addr), null));
    expect(types).toEqual([RTN_LOCAL, RTN_UNICAST, RTN_BROADCAST, RTN_MULTICAST, RTN_BROADCAST, RTN_BROADCAST, RTN_LOCAL, RTN_UNICAST]);
    expect([lab.a, lab.b].map((dev) => lab.routing.addrType(lab.net, inetPton4('10.0.0.1'), dev))).toEqual([RTN_LOCAL, RTN_UNICAST]);
  });
}

function receiving(test: Declare, { expect }: ProviderTestTools): void {
  test('delivers what is for this host, and for everybody on the link', (lab) => {
    const ways = ['10.0.0.1', '10.1.0.1', '10.0.0.255', '255.255.255.255', '224.0.0.1'].map((addr) => lab.in(lab.a, '10.0.0.2', addr));
    expect(ways).toEqual(['local', 'local', 'local', 'local', 'local']);
  });

  test('forwards the rest, if the interface forwards', (lab) => {
    lab.add('99.0.0.0/8', '10.1.0.9');
    expect([lab.in(lab.a, '10.0.0.2', '10.1.0.5'), lab.in(lab.a, '10.0.0.2', '99.0.0.1')]).toEqual(['forward b', 'forward b via 10.1.0.9']);
    const inDev = inDevGet(lab.a);
    if (inDev !== null) inDev.cnf.forwarding = 0;
    expect(lab.in(lab.a, '10.0.0.2', '99.0.0.1')).toBe(`error ${-EHOSTUNREACH}`);
  }, 'netlink', 'forwarding');

  test('makes an error of an error route', (lab) => {
    lab.add('96.0.0.0/8', '', RTN_UNREACHABLE);
    lab.add('97.0.0.0/8', '', RTN_PROHIBIT);
    const ways = ['96.0.0.1', '97.0.0.1', '100.0.0.1'].map((addr) => lab.in(lab.a, '10.0.0.2', addr));
    expect(ways).toEqual([`error ${-EHOSTUNREACH}`, `error ${-EACCES}`, `error ${-ENETUNREACH}`]);
  }, 'netlink', 'forwarding');

  test('drops impossible sources and destinations, and says why', (lab) => {
    const drops: [string, string][] = [['224.0.0.1', '10.0.0.1'], ['0.0.0.0', '10.0.0.1'], ['127.0.0.1', '10.0.0.1'], ['10.0.0.1', '10.0.0.1'], ['10.0.0.2', '127.0.0.1'], ['10.0.0.2', '0.0.0.0'], ['10.0.0.2', '239.1.1.1']];
    expect(drops.map(([saddr, daddr]) => lab.in(lab.a, saddr, daddr))).toEqual([
      'IP_INVALID_SOURCE', 'IP_INVALID_SOURCE', 'IP_LOCALNET', 'IP_LOCAL_SOURCE', 'IP_LOCALNET', 'IP_INVALID_DEST', 'NOT_SPECIFIED',
    ]);
  });

  test('filters by the reverse path: strictly, or loosely', (lab) => {
    const inDev = inDevGet(lab.a);
    if (inDev === null) return;
    const answers = [1, 2].map((mode) => {
      inDev.cnf.rpFilter = mode;
      return ['10.0.0.2', '10.1.0.2', '99.0.0.1'].map((saddr) => lab.in(lab.a, saddr, '10.0.0.1'));
    });
    expect(answers).toEqual([['local', 'IP_RPFILTER', 'IP_RPFILTER'], ['local', 'local', 'IP_RPFILTER']]);
  });
}

function keeping(test: Declare, { expect }: ProviderTestTools): void {
  test('lends decisions to packets: freeing a packet releases nothing', (lab) => {
    lab.add('99.0.0.0/8', '10.1.0.9');
    const first = lab.routed(lab.a, '10.0.0.2', '99.0.0.1');
    const rt = first.skb.dst as Rtable;
    first.skb.consume();
    const second = lab.routed(lab.a, '10.0.0.2', '99.0.0.2');
    expect([second.skb.dst === rt, second.skb.dstNoref, dstCheck(rt)]).toEqual([true, true, true]);
    second.skb.consume();
  }, 'netlink', 'forwarding');

  test('gives a reference with every decision to send', (lab) => {
    const rt = lab.outRt('10.0.0.5');
    const before = rt.refcnt;
    lab.outRt('10.0.0.5').release();
    expect(rt.refcnt).toBe(before);
    rt.release();
  });

  test('tells holders of a decision when it may be outdated', (lab) => {
    const rt = lab.outRt('10.0.0.5');
    expect(dstCheck(rt)).toBe(true);
    lab.add('10.0.0.5/32', '10.1.0.9');
    expect([dstCheck(rt), lab.out('10.0.0.5')]).toEqual([false, '10.1.0.1 b via 10.1.0.9']);
    rt.release();
  }, 'netlink');
}

function changing(test: Declare, { expect }: ProviderTestTools): void {
  test('forgets a route that is deleted', (lab) => {
    lab.add('99.0.0.0/8', '10.1.0.9');
    expect(lab.in(lab.a, '10.0.0.2', '99.0.0.1')).toBe('forward b via 10.1.0.9');
    lab.del('99.0.0.0/8');
    expect([lab.in(lab.a, '10.0.0.2', '99.0.0.1'), lab.out('99.0.0.1')]).toEqual([`error ${-ENETUNREACH}`, -ENETUNREACH]);
  }, 'netlink', 'forwarding');

  test('forgets the routes over a device that goes down, but not its addresses', (lab) => {
    lab.add('99.0.0.0/8', '10.1.0.9');
    devClose(lab.b);
    expect([lab.out('99.0.0.1'), lab.out('10.1.0.5'), lab.in(lab.a, '10.0.0.2', '10.1.0.1')]).toEqual([-ENETUNREACH, -ENETUNREACH, 'local']);
    devOpen(lab.b);
    expect([lab.out('99.0.0.1'), lab.out('10.1.0.5')]).toEqual([-ENETUNREACH, '10.1.0.1 b']);
  }, 'netlink');

  test('forgets what an address brought when it is removed', (lab) => {
    lab.unaddr(lab.b);
    expect([lab.out('10.1.0.5'), lab.out('10.1.0.1'), lab.in(lab.a, '10.0.0.2', '10.1.0.1')]).toEqual([-ENETUNREACH, -ENETUNREACH, `error ${-ENETUNREACH}`]);
  }, 'forwarding');

  test('holds nothing of a device that goes away, not even for those who hold a decision', (lab) => {
    const rt = lab.outRt('10.1.0.5');
    unregisterNetdevice(lab.b);
    expect([lab.b.refcount(), dstCheck(rt)]).toEqual([0, false]);
    rt.release();
  });
}

function learning(test: Declare, { expect }: ProviderTestTools): void {
  test('marks packets that go back where they came from, and redirects their senders', (lab) => {
    lab.add('99.0.0.0/8', '10.0.0.9');
    const { skb } = lab.routed(lab.a, '10.0.0.2', '99.0.0.1');
    expect((skb.cb[IPCB_FLAGS] & IPSKB_DOREDIRECT) !== 0).toBe(true);
    lab.routing.sendRedirect?.(skb);
    lab.routing.sendRedirect?.(skb);
    skb.consume();
    expect(lab.icmp).toEqual(['5/1 10.0.0.9']);
  }, 'netlink', 'forwarding', 'learning');

  test('learns the MTU of the path to one destination', (lab) => {
    lab.add('0.0.0.0/0', '10.0.0.9');
    const quoted = lab.packet(lab.a, '10.0.0.1', '99.0.0.1');
    lab.routing.updatePmtu?.(lab.net, quoted, 1000);
    quoted.consume();
    const mtus = ['99.0.0.1', '99.0.0.2'].map((addr) => {
      const rt = lab.outRt(addr);
      rt.release();
      return ipv4Mtu(rt);
    });
    expect(mtus).toEqual([1000, 1500]);
  }, 'netlink', 'learning');

  test('ignores a redirect that does not come from the gateway in use', (lab) => {
    lab.add('0.0.0.0/0', '10.0.0.9');
    const quoted = lab.packet(lab.a, '10.0.0.1', '99.0.0.1');
    lab.routing.redirect?.(lab.net, quoted, inetPton4('10.0.0.8'), inetPton4('10.0.0.7'));
    quoted.consume();
    expect(lab.out('99.0.0.1')).toBe('10.0.0.1 a via 10.0.0.9');
  }, 'netlink');
}
