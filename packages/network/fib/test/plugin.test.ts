import { dstCheck, insmod, rmmod, setupNet } from '@skbuff/core';
import type { NetDevice } from '@skbuff/core';
import { Flowi4, type Rtable } from '@skbuff/ipv4';
import { NlMsgBuilder, RtMsg } from '@skbuff/netlink';
import { procNetOf } from '@skbuff/procfs';
import * as U from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { fib, fibDevNexthops } from '../src/index.ts';
import { PlainTable } from './plain-table.ts';
import { ip4, useHost } from './support.ts';

const t = useHost();

describe('the plugin', () => {
  it('leaves nothing when it is unloaded, and works when it is loaded again', () => {
    t.h.loUp();
    const v0: NetDevice = t.h.eth('v0', '10.0.0.1/24');
    t.h.route('default', { gw: ip4('10.0.0.9') });
    t.h.inputRt(v0, '10.0.0.2', '10.0.0.1');
    const held = [t.h.output(Object.assign(new Flowi4(), { daddr: ip4('10.0.0.5') })), t.h.output(Object.assign(new Flowi4(), { daddr: 0xffffffff, oif: v0.ifindex }))] as Rtable[];
    expect(held.map(dstCheck)).toEqual([true, true]);
    expect(rmmod(t.h.kernel, '@skbuff/fib')).toBe(0);
    expect(held.map(dstCheck)).toEqual([false, false]);
    for (const rt of held) rt.release();
    expect([t.h.ip.routing, fibDevNexthops(v0).size]).toEqual([null, 0]);
    expect([procNetOf(t.h.net).read('route'), t.h.ip.inetaddrChain.blocks().length, t.h.kernel.leaks()['fib_info'] ?? 0]).toEqual([-U.ENOENT, 0, 0]);
    insmod(t.h.kernel, fib({ table: () => new PlainTable() }));
    expect(t.h.get('10.0.0.5')).toBe('10.0.0.1 > 10.0.0.5 dev v0');
    expect(t.h.input(v0, '10.0.0.1', '10.0.0.1')).toBe('IP_LOCAL_SOURCE');
  });

  it('goes with a namespace that has routes', () => {
    const net = setupNet(t.h.kernel);
    if (typeof net === 'number') throw new Error(String(net));
    expect(procNetOf(net).read('route')).toContain('Iface');
    net.put();
  });

  it('survives mutated route messages: no exception, every refusal an errno, nothing left', () => {
    t.h.loUp();
    t.h.eth('v0', '10.0.0.1/24');
    const port = t.h.port();
    const { random } = t.h.kernel;
    const b = new NlMsgBuilder();
    const nlh = b.nlmsgPut(U.RTM_NEWROUTE, 0, 1, 0, RtMsg.of({ family: U.AF_INET, dstLen: 16, protocol: 3, type: 1 }));
    b.nlaPutInAddr(U.RTA_DST, ip4('10.9.0.0'));
    const metrics = b.nlaNestStartNoflag(U.RTA_METRICS);
    b.nlaPutU32(U.RTAX_MTU, 1400);
    b.nlaNestEnd(metrics);
    const hops = b.nlaNestStartNoflag(U.RTA_MULTIPATH);
    for (const last of [8, 9]) {
      const at = b.put(8);
      b.nlaPutInAddr(U.RTA_GATEWAY, ip4(`10.0.0.${last}`));
      b.buf.set([16, 0, 0, 0, 2, 0, 0, 0], at);
    }
    b.nlaNestEnd(hops);
    b.nlmsgEnd(nlh);
    const good = b.bytes().slice();
    const errors = new Set<number>();
    for (let i = 0; i < 5000; i++) {
      const bytes = good.slice();
      bytes[4] = U.RTM_NEWROUTE + random.below(3);
      bytes[6] = U.NLM_F_REQUEST | U.NLM_F_ACK;
      bytes[7] = random.below(16);
      for (let n = random.below(4); n >= 0; n--) bytes[16 + random.below(bytes.length - 16)] = random.u32();
      port.sendmsg(bytes, 0, 0);
      for (let dgram = port.recvmsg(); typeof dgram !== 'number'; dgram = port.recvmsg()) {
        if (dgram.data[4] === U.NLMSG_ERROR) errors.add(new DataView(dgram.data.buffer, dgram.data.byteOffset).getInt32(16, true));
      }
    }
    expect([...errors].every((err) => err <= 0 && err > -200)).toBe(true);
    expect(errors.size).toBeGreaterThan(5);
  });
});
