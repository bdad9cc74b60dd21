/** A host whose links are in the hands of the test, with the routing that is under test. */
import { createKernel, devClose, devOpen, dropReasonName, type Kernel, type Net, type NetDevice, type Plugin, type SkBuff, VirtualClock } from '@skbuff/core';
import {
  type Flowi4 as Flow,
  Flowi4,
  type IfaddrInit,
  inDevGet,
  inetAllocIfa,
  inetDelIfa,
  type InDevice,
  inetInsertIfa,
  ipcbInit,
  IPV4,
  type Ipv4,
  type Rtable,
} from '@skbuff/ipv4';
import { ethFrame, ipPacket, type IpPacket, receiveFrame, testDevice } from '@skbuff/testkit';
import { ETH_P_IP, IFA_F_PERMANENT, RTN_UNICAST } from '@skbuff/uapi';
import { inetNtoa, inetPton4 } from '@skbuff/wire';

export const ip4 = (text: string): number => inetPton4(text);

export class Host {
  readonly kernel: Kernel;
  readonly clock: VirtualClock = new VirtualClock();
  readonly ip: Ipv4;
  readonly devs: NetDevice[] = [];
  sent = 0;

  constructor(plugins: readonly Plugin[]) {
    this.kernel = createKernel({ clock: this.clock, debug: true, plugins });
    this.ip = this.kernel.services.get(IPV4);
    const { loopbackDev } = this.net;
    if (loopbackDev !== null) {
      devOpen(loopbackDev);
      this.devs.push(loopbackDev);
    }
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  device(name: string, ...addrs: string[]): NetDevice {
    const dev = testDevice(this.net, name, () => void this.sent++);
    devOpen(dev);
    this.clock.advance(0);
    this.devs.push(dev);
    for (const addr of addrs) this.addr(dev, addr);
    return dev;
  }

  addr(dev: NetDevice, text: string, more: Partial<IfaddrInit> = {}): number {
    const [local, plen] = text.split('/');
    return inetInsertIfa(inetAllocIfa(this.inDev(dev), { local: ip4(local), prefixlen: Number(plen), flags: IFA_F_PERMANENT, ...more }));
  }

  unaddr(dev: NetDevice, index: number): void {
    inetDelIfa(this.inDev(dev), this.inDev(dev).ifaList[index]);
  }

  updown(dev: NetDevice, up: boolean): void {
    if (up) devOpen(dev);
    else devClose(dev);
    this.clock.advance(0);
  }

  inDev(dev: NetDevice): InDevice {
    return inDevGet(dev) as InDevice;
  }

  packet(dev: NetDevice, f: IpPacket, protocol: number = ETH_P_IP): SkBuff {
    const skb = this.kernel.skbs.allocRx(dev, 64) as SkBuff;
    const bytes = ipPacket(f);
    skb.putData(bytes, 0, bytes.length);
    skb.dev = dev;
    skb.skbIif = dev.ifindex;
    skb.protocol = protocol;
    skb.resetNetworkHeader();
    skb.transportHeader = skb.networkHeader + 20;
    ipcbInit(skb, dev.ifindex);
    return skb;
  }

  /** The drop reason's name, or the decision. */
  input(dev: NetDevice, saddr: string, daddr: string, protocol: number = ETH_P_IP, proto = 17): string {
    const skb = this.packet(dev, { saddr, daddr, proto }, protocol);
    const reason = this.ip.routing?.routeInput(skb, ip4(daddr), ip4(saddr), 0, dev) ?? -1;
    const rt = skb.dst as Rtable | null;
    const text = reason !== 0 || rt === null ? dropReasonName(reason) : `type ${rt.type} flags ${hex(rt.rtFlags)} dev ${rt.dev.name} error ${rt.error}`;
    skb.consume();
    return text;
  }

  /** Source, device, gateway and all else that is known of what would be sent, or the errno. */
  output(fields: Partial<Flow>): string {
    const fl4 = Object.assign(new Flowi4(), fields);
    const rt = this.ip.routing?.routeOutput(this.net, fl4, null) ?? -1;
    if (typeof rt === 'number') return String(rt);
    const flow = `${inetNtoa(fl4.saddr)} > ${inetNtoa(fl4.daddr)} oif ${fl4.oif}`;
    // A decision that senders share has the interface that the first of them asked for.
    const iif = rt.type === RTN_UNICAST ? '' : ` iif ${rt.iif}`;
    const text = `${flow} type ${rt.type} flags ${hex(rt.rtFlags)} dev ${rt.dev.name} via ${inetNtoa(rt.gateway)}${iif} ${rt.output.name} ${rt.input.name} prefsrc ${inetNtoa(rt.prefsrc)}`;
    rt.release();
    return text;
  }

  route(daddr: string): Rtable {
    const rt = this.ip.routing?.routeOutput(this.net, Object.assign(new Flowi4(), { daddr: ip4(daddr) }), null);
    if (rt === undefined || typeof rt === 'number') throw new Error(`no route to ${daddr}: ${rt}`);
    return rt;
  }

  /** A packet comes in by a device and goes its whole way. */
  receive(dev: NetDevice, f: IpPacket): void {
    receiveFrame(dev, ethFrame(dev, ipPacket(f)));
    this.clock.advance(0);
  }

  drops(): Record<string, number> {
    return Object.fromEntries([...this.kernel.skbs.drops].map((count, reason): [string, number] => [dropReasonName(reason), count]).filter(([, count]) => count !== 0));
  }
}

function hex(flags: number): string {
  return (flags >>> 0).toString(16);
}
