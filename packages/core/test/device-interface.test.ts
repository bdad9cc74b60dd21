import { EINVAL, IFF_PROMISC, IFF_UP } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  devChangeFlags,
  devChangeName,
  devChangeTxQueueLen,
  devClose,
  devMcAdd,
  devOpen,
  devSetMacAddress,
  devSetMtu,
  devSetPromiscuity,
  devSetWantedFeatures,
  ethMacAddr,
  NETDEV_TX_OK,
  NETIF_F_GRO,
  netifSetRealNumTxQueues,
  VirtualClock,
} from '../src/index.ts';
import { addDevice, boot, MS, packet } from './helpers.ts';

describe('the interface between the core and a driver', () => {
  it('asks it to open, to send, to take another MTU and to stop, in that order, and takes its word [DVI-02]', () => {
    const kernel = boot();
    const log: string[] = [];
    const { dev } = addDevice(kernel, {
      ops: {
        ndoOpen: () => (log.push('open'), 0),
        ndoStop: () => (log.push('stop'), 0),
        ndoStartXmit: (skb) => (log.push('xmit'), skb.consume(), NETDEV_TX_OK),
        ndoChangeMtu: (_dev, mtu) => (log.push(`mtu ${mtu}`), mtu > 2000 ? -EINVAL : 0),
      },
    });
    devOpen(dev);
    kernel.xmit.devQueueXmit(packet(kernel.skbs, 'x', dev));
    expect([devSetMtu(dev, 1400), dev.mtu, devSetMtu(dev, 2001), dev.mtu]).toEqual([0, 1400, -EINVAL, 1400]);
    devClose(dev);
    expect(log).toEqual(['open', 'xmit', 'mtu 1400', 'mtu 2001', 'stop']);
  });

  it('shows what the device is, and all of it can be changed [DVI-01]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { dev } = addDevice(kernel, { name: 'eth0', txqs: 4, rxqs: 2, ops: { ndoSetMacAddress: ethMacAddr } });
    const seen = (): unknown[] => [dev.name, dev.mtu, dev.devAddr[5], dev.flags & (IFF_UP | IFF_PROMISC), dev.promiscuity, dev.features & NETIF_F_GRO, dev.txQueueLen, dev.realNumTxQueues, dev.realNumRxQueues, dev.mc.isEmpty()];
    expect(seen()).toEqual(['eth0', 1500, 1, 0, 0, NETIF_F_GRO, 1000, 4, 2, true]);
    const changes = [
      devChangeName(dev, 'wan'),
      devSetMtu(dev, 1400),
      devSetMacAddress(dev, Uint8Array.from([2, 0, 0, 0, 0, 9])),
      devChangeFlags(dev, IFF_UP),
      devSetPromiscuity(dev, 2),
      devSetWantedFeatures(dev, 0, NETIF_F_GRO),
      devChangeTxQueueLen(dev, 50),
      netifSetRealNumTxQueues(dev, 3),
      devMcAdd(dev, Uint8Array.from([1, 0, 0x5e, 0, 0, 7])),
    ];
    expect([changes.every((rc) => rc === 0), seen()]).toEqual([true, ['wan', 1400, 9, IFF_UP | IFF_PROMISC, 2, 0, 50, 3, 2, false]]);
    // When it was last sent by.
    clock.advance(7 * MS);
    const before = dev.tx[0]?.transStart ?? 0;
    kernel.xmit.devQueueXmit(packet(kernel.skbs, 'x', dev));
    expect(Math.max(...dev.tx.map(({ transStart }) => transStart)) - before).toBe(7);
  });
});
