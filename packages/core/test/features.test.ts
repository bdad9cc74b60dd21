import { EINVAL } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  devOpen,
  devSetWantedFeatures,
  freeNetdev,
  insmod,
  type Kernel,
  NETDEV_FEAT_CHANGE,
  NETDEV_POST_INIT,
  NETDEV_REGISTER,
  NETDEV_TX_OK,
  type NetDevice,
  type NetDeviceOps,
  netdevUpdateFeatures,
  NETIF_F_ALL_TSO,
  NETIF_F_GRO,
  NETIF_F_GSO,
  NETIF_F_GSO_UDP_L4,
  NETIF_F_HIGHDMA,
  NETIF_F_HW_CSUM,
  NETIF_F_HW_VLAN_CTAG_FILTER,
  NETIF_F_HW_VLAN_CTAG_TX,
  NETIF_F_IP_CSUM,
  NETIF_F_IPV6_CSUM,
  NETIF_F_SG,
  NETIF_F_TSO,
  NETIF_F_TSO6,
  NETIF_F_TSO_ECN,
  NETIF_F_TSO_MANGLEID,
  registerNetdevice,
  SKB_ENCAPSULATION,
  type SkBuff,
} from '../src/index.ts';
import { addDevice, boot, makeDevice, packet, recordEvents, textOf } from './helpers.ts';

const SG = NETIF_F_SG;
const SOFT = NETIF_F_GSO | NETIF_F_GRO;

/** A device registered with these features, all of them the user's to change, and what the log says of it. */
function negotiate(features: number, debug = true): { dev: NetDevice; log: string[]; kernel: Kernel } {
  const kernel = boot({ debug });
  const { dev } = addDevice(kernel, { name: 'eth0', setup: (d) => (d.features = d.hwFeatures = features) });
  return { dev, kernel, log: kernel.dmesg().map((line) => line.slice(15)) };
}

describe('combinations that cannot work', () => {
  it.each([
    ['HW and IP checksums', SG | NETIF_F_HW_CSUM | NETIF_F_IP_CSUM, SG | NETIF_F_HW_CSUM | SOFT, ['eth0: mixed HW and IP checksum settings.']],
    ['HW and IPv6 checksums', SG | NETIF_F_HW_CSUM | NETIF_F_IPV6_CSUM, SG | NETIF_F_HW_CSUM | SOFT, ['eth0: mixed HW and IP checksum settings.']],
    ['IP and IPv6 checksums, which go together', SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM, SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | SOFT, []],
    ['TSO without SG', NETIF_F_HW_CSUM | NETIF_F_ALL_TSO, NETIF_F_HW_CSUM | NETIF_F_GRO, ['eth0: Dropping TSO features since no SG feature.', 'eth0: Dropping NETIF_F_GSO since no SG feature.']],
    ['TSO without checksums', SG | NETIF_F_TSO | NETIF_F_TSO_ECN | NETIF_F_TSO_MANGLEID, SG | SOFT, ['eth0: Dropping TSO features since no CSUM feature.']],
    ['TSO6 with IPv4 checksums only', SG | NETIF_F_IP_CSUM | NETIF_F_TSO | NETIF_F_TSO6, SG | NETIF_F_IP_CSUM | NETIF_F_TSO | SOFT, ['eth0: Dropping TSO6 features since no CSUM feature.']],
    ['TSO with IPv6 checksums only', SG | NETIF_F_IPV6_CSUM | NETIF_F_TSO | NETIF_F_TSO6, SG | NETIF_F_IPV6_CSUM | NETIF_F_TSO6 | SOFT, ['eth0: Dropping TSO features since no CSUM feature.']],
    ['USO with IPv4 checksums only', SG | NETIF_F_IP_CSUM | NETIF_F_GSO_UDP_L4, SG | NETIF_F_IP_CSUM | SOFT, ['eth0: Dropping USO feature since no CSUM feature.']],
    ['USO with both', SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | NETIF_F_GSO_UDP_L4, SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | NETIF_F_GSO_UDP_L4 | SOFT, []],
    ['all of it', SG | NETIF_F_HW_CSUM | NETIF_F_ALL_TSO, SG | NETIF_F_HW_CSUM | NETIF_F_ALL_TSO | SOFT, []],
    ['GSO without SG', 0, NETIF_F_GRO, ['eth0: Dropping NETIF_F_GSO since no SG feature.']],
  ])('%s: the device registers, with what is left, and the log says why [FEA-01] [FEA-02] [FEA-03] [FEA-05]', (_what, asked, active, log) => {
    const n = negotiate(asked);
    expect([n.dev.features, n.log]).toEqual([active, log]);
  });

  it('are mostly said only when debugging, as in Linux [FEA-01]', () => {
    expect(negotiate(NETIF_F_ALL_TSO | NETIF_F_HW_CSUM | NETIF_F_IP_CSUM, false).log).toEqual(['eth0: mixed HW and IP checksum settings.']);
  });
});

describe('the user’s wish', () => {
  it('is kept, and comes true when it can: SG off takes TSO and GSO along, and on brings them back [FEA-12] [FEA-04] [FEA-05]', () => {
    const all = SG | NETIF_F_HW_CSUM | NETIF_F_ALL_TSO;
    const { dev, kernel } = negotiate(all);
    const events = recordEvents(kernel, { [NETDEV_FEAT_CHANGE]: 'FEAT_CHANGE', [NETDEV_REGISTER]: 'REGISTER' });
    expect(devSetWantedFeatures(dev, 0, SG)).toBe(0);
    expect([dev.features, dev.wantedFeatures & NETIF_F_ALL_TSO]).toEqual([NETIF_F_HW_CSUM | NETIF_F_GRO, NETIF_F_ALL_TSO]);
    expect(devSetWantedFeatures(dev, SG, SG)).toBe(0);
    expect(dev.features).toBe(all | SOFT);
    // Nothing changes: nobody is told.
    devSetWantedFeatures(dev, SG, SG);
    expect(events).toEqual(['eth0:REGISTER', 'eth0:FEAT_CHANGE', 'eth0:FEAT_CHANGE']);
  });

  it('for what is fixed is answered with what is fixed [FEA-12]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel, { setup: (d) => ((d.features = SG | NETIF_F_HIGHDMA), (d.hwFeatures = SG)) });
    expect(devSetWantedFeatures(dev, 0, SG | NETIF_F_HIGHDMA)).toBe(NETIF_F_HIGHDMA);
    expect(dev.features & (SG | NETIF_F_HIGHDMA)).toBe(NETIF_F_HIGHDMA);
  });

  it('can be switched for software features on every device', () => {
    const { dev } = negotiate(SG);
    expect(dev.features & SOFT).toBe(SOFT);
    expect([devSetWantedFeatures(dev, 0, SOFT), dev.features]).toEqual([0, SG]);
  });
});

describe('the driver', () => {
  it('strikes out first, then the core, then it is told if that differs, then everybody hears [FEA-15] [NDO-11] [FEA-12]', () => {
    const kernel = boot();
    const steps: string[] = [];
    let blocked = 0;
    const { dev } = addDevice(kernel, {
      setup: (d) => (d.features = d.hwFeatures = SG | NETIF_F_HW_CSUM | NETIF_F_TSO),
      ops: {
        ndoFixFeatures: (_d, features) => (steps.push(`fix ${features}`), features & ~blocked),
        ndoSetFeatures: (_d, features) => (steps.push(`set ${features}`), 0),
      },
    });
    expect(steps).toEqual([`fix ${dev.features}`]);
    steps.length = 0;
    insmod(kernel, { name: 'ear', init: (ctx) => ctx.netdeviceNotifier({ notifierCall: (_nb, e, { dev: d }) => (steps.push(`event ${e} ${d.features}`), 0) }) });
    steps.length = 0;
    blocked = SG;
    netdevUpdateFeatures(dev);
    const left = NETIF_F_HW_CSUM | NETIF_F_GRO;
    expect(steps).toEqual([`fix ${SG | NETIF_F_HW_CSUM | NETIF_F_TSO | SOFT}`, `set ${left}`, `event ${NETDEV_FEAT_CHANGE} ${left}`]);
    steps.length = 0;
    netdevUpdateFeatures(dev);
    expect(steps).toEqual([`fix ${SG | NETIF_F_HW_CSUM | NETIF_F_TSO | SOFT}`]);
  });

  it('that fails keeps what it has, says so, and everybody looks again', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel, { name: 'eth0', setup: (d) => (d.features = d.hwFeatures = SG), ops: { ndoSetFeatures: () => -5 } });
    const before = dev.features;
    const events = recordEvents(kernel, { [NETDEV_FEAT_CHANGE]: 'FEAT_CHANGE' });
    devSetWantedFeatures(dev, 0, SG);
    expect([dev.features, dev.wantedFeatures & SG]).toEqual([before, 0]);
    expect(events.at(-1)).toBe('eth0:FEAT_CHANGE');
    expect(kernel.dmesg().at(-1)).toMatch(/eth0: set_features\(\) failed \(-5\); wanted 0x0000000000004000, left 0x0000000000004801$/);
  });

  it('may set them itself and return 1', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel, { setup: (d) => (d.features = d.hwFeatures = SG), ops: { ndoSetFeatures: (d, f) => ((d.features = f | NETIF_F_HIGHDMA), 1) } });
    devSetWantedFeatures(dev, 0, SG);
    expect(dev.features).toBe(NETIF_F_GRO | NETIF_F_HIGHDMA);
  });
});

describe('registration', () => {
  it('negotiates after the driver’s init and before anybody sees the device [REG-05] [FEA-01] [FEA-15] [NDO-01]', () => {
    const kernel = boot();
    const seen: string[] = [];
    insmod(kernel, { name: 'ear', init: (ctx) => ctx.netdeviceNotifier({ notifierCall: (_nb, e, { dev: d }) => (seen.push(`${e} ${d.features & NETIF_F_ALL_TSO}`), 0) }) });
    addDevice(kernel, { ops: { ndoInit: (d) => ((d.features = d.hwFeatures = NETIF_F_TSO | NETIF_F_HW_CSUM), 0) } });
    expect(seen).toEqual([`${NETDEV_POST_INIT} ${NETIF_F_TSO}`, `${NETDEV_REGISTER} 0`]);
  });
});

describe('VLAN acceleration', () => {
  const TAG = NETIF_F_HW_VLAN_CTAG_TX;

  it('with a filter, but without a way to tell it, is the driver’s mistake: not registered [FEA-09]', () => {
    const kernel = boot({ debug: true });
    const uninit: string[] = [];
    const ndoVlanRxAddVid = (): number => 0;
    const bad = (setup: (d: NetDevice) => void, ops: Partial<NetDeviceOps> = {}): number => {
      const { dev } = makeDevice(kernel, { name: 'eth0', setup, ops: { ...ops, ndoUninit: () => void uninit.push('uninit') } });
      const err = registerNetdevice(dev);
      freeNetdev(dev);
      return err;
    };
    expect(bad((d) => (d.features = NETIF_F_HW_VLAN_CTAG_FILTER))).toBe(-EINVAL);
    expect(bad((d) => (d.hwFeatures = NETIF_F_HW_VLAN_CTAG_FILTER), { ndoVlanRxAddVid })).toBe(-EINVAL);
    expect([kernel.dmesg().filter((line) => line.endsWith('eth0: Buggy VLAN acceleration in driver!')).length, uninit.length]).toEqual([2, 2]);
    const both = { ndoVlanRxAddVid, ndoVlanRxKillVid: ndoVlanRxAddVid };
    const { dev } = addDevice(kernel, { name: 'eth0', setup: (d) => (d.features = NETIF_F_HW_VLAN_CTAG_FILTER), ops: both });
    expect(dev.features & NETIF_F_HW_VLAN_CTAG_FILTER).toBe(NETIF_F_HW_VLAN_CTAG_FILTER);
  });

  it('puts the tag in, where the device does, and else the stack; other offloads hold for tagged frames as far as they do for VLANs [FEA-09]', () => {
    const send = (features: number, vlanFeatures: number): [string, number] => {
      const kernel = boot();
      const seen: [string, number][] = [];
      const ndoStartXmit = (skb: SkBuff): number => (seen.push([textOf(skb).slice(12, 14), skb.ipSummed]), skb.consume(), NETDEV_TX_OK);
      const { dev } = addDevice(kernel, { setup: (d) => ((d.features = features), (d.vlanFeatures = vlanFeatures)), ops: { ndoStartXmit } });
      devOpen(dev);
      kernel.xmit.devQueueXmit(partial(kernel, dev, (skb) => ((skb.vlanPresent = true), (skb.vlanProto = 0x8100), (skb.vlanTci = 5))));
      return seen[0] as [string, number];
    };
    const HW = NETIF_F_HW_CSUM;
    expect(send(TAG | HW, HW)).toEqual(['\x08\x00', CHECKSUM_PARTIAL]);
    expect(send(TAG | HW, 0)).toEqual(['\x08\x00', CHECKSUM_NONE]);
    expect(send(HW, HW)).toEqual(['\x81\x00', CHECKSUM_PARTIAL]);
    // Who sums anything sums IP too.
    expect(send(TAG | HW, NETIF_F_IP_CSUM)).toEqual(['\x08\x00', CHECKSUM_PARTIAL]);
    expect(send(TAG | NETIF_F_IP_CSUM, HW)).toEqual(['\x08\x00', CHECKSUM_PARTIAL]);
  });
});

describe('memory beyond the low addresses', () => {
  it('is for the driver to allow, for VLANs on it too, and not for the user to change [FEA-11]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel, { setup: (d) => ((d.features = SG | NETIF_F_HIGHDMA), (d.hwFeatures = SG)) });
    expect([devSetWantedFeatures(dev, 0, NETIF_F_HIGHDMA), dev.features & NETIF_F_HIGHDMA, dev.vlanFeatures]).toEqual([NETIF_F_HIGHDMA, NETIF_F_HIGHDMA, NETIF_F_HIGHDMA]);
  });
});

describe('a packet in a tunnel', () => {
  it('gets the offloads that the device has for such; a plain one gets them all [SKB-30] [FEA-14]', () => {
    const send = (hwEncFeatures: number, encapsulation: boolean): number => {
      const kernel = boot();
      const seen: number[] = [];
      const ndoStartXmit = (skb: SkBuff): number => (seen.push(skb.ipSummed), skb.consume(), NETDEV_TX_OK);
      const { dev } = addDevice(kernel, { setup: (d) => ((d.features = NETIF_F_HW_CSUM), (d.hwEncFeatures = hwEncFeatures)), ops: { ndoStartXmit } });
      devOpen(dev);
      kernel.xmit.devQueueXmit(partial(kernel, dev, (skb) => (skb.bits |= encapsulation ? SKB_ENCAPSULATION : 0)));
      return seen[0] as number;
    };
    expect([send(0, false), send(0, true), send(NETIF_F_HW_CSUM, true)]).toEqual([CHECKSUM_PARTIAL, CHECKSUM_NONE, CHECKSUM_PARTIAL]);
  });

  it('may have fragments on any device, and TSO comes with its variant everywhere', () => {
    const { dev } = addDevice(boot(), { setup: (d) => (d.hwFeatures = d.vlanFeatures = d.hwEncFeatures = NETIF_F_TSO) });
    expect([dev.hwEncFeatures, dev.vlanFeatures, dev.hwFeatures & NETIF_F_TSO_MANGLEID]).toEqual([
      NETIF_F_TSO | NETIF_F_TSO_MANGLEID | SG,
      NETIF_F_TSO | NETIF_F_TSO_MANGLEID | NETIF_F_HIGHDMA,
      NETIF_F_TSO_MANGLEID,
    ]);
  });
});

/** An Ethernet frame with an unfinished UDP checksum. */
function partial(kernel: Kernel, dev: NetDevice, change: (skb: SkBuff) => void): SkBuff {
  const skb = packet(kernel.skbs, `ddddddssssss\x08\x00${'x'.repeat(40)}`, dev);
  skb.networkHeader = skb.data + 14;
  skb.protocol = 0x0800;
  skb.ipSummed = CHECKSUM_PARTIAL;
  skb.csumStart = skb.data + 34;
  skb.csumOffset = 6;
  change(skb);
  return skb;
}
