import { describe, expect, it } from 'vitest';
import {
  devSetWantedFeatures,
  type Kernel,
  NETDEV_FEAT_CHANGE,
  NETDEV_POST_INIT,
  NETDEV_REGISTER,
  type NetDevice,
  netdevUpdateFeatures,
  NETIF_F_ALL_TSO,
  NETIF_F_GRO,
  NETIF_F_GSO,
  NETIF_F_GSO_UDP_L4,
  NETIF_F_HIGHDMA,
  NETIF_F_HW_CSUM,
  NETIF_F_IP_CSUM,
  NETIF_F_IPV6_CSUM,
  NETIF_F_SG,
  NETIF_F_TSO,
  NETIF_F_TSO6,
  NETIF_F_TSO_ECN,
  NETIF_F_TSO_MANGLEID,
} from '../src/index.ts';
import { addDevice, boot, recordEvents } from './helpers.ts';

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
    kernel.insmod({ name: 'ear', init: (ctx) => ctx.netdeviceNotifier({ notifierCall: (_nb, e, { dev: d }) => (steps.push(`event ${e} ${d.features}`), 0) }) });
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
    kernel.insmod({ name: 'ear', init: (ctx) => ctx.netdeviceNotifier({ notifierCall: (_nb, e, { dev: d }) => (seen.push(`${e} ${d.features & NETIF_F_ALL_TSO}`), 0) }) });
    addDevice(kernel, { ops: { ndoInit: (d) => ((d.features = d.hwFeatures = NETIF_F_TSO | NETIF_F_HW_CSUM), 0) } });
    expect(seen).toEqual([`${NETDEV_POST_INIT} ${NETIF_F_TSO}`, `${NETDEV_REGISTER} 0`]);
  });
});
