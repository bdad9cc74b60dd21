import { IF_LINK_MODE_DORMANT, IF_OPER_DORMANT, IF_OPER_DOWN, IF_OPER_LOWERLAYERDOWN, IF_OPER_TESTING, IF_OPER_UNKNOWN, IF_OPER_UP } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  devClose,
  devOpen,
  LINK_STATE_LINKWATCH_PENDING,
  NETDEV_CHANGE,
  netifCarrierOff,
  netifCarrierOn,
  netifDormantOff,
  netifDormantOn,
  setOperstate,
  unregisterNetdevice,
  VirtualClock,
  silentRtnl,
} from '../src/index.ts';
import { addDevice, boot, recordEvents } from './helpers.ts';

const EVENTS = { [NETDEV_CHANGE]: 'CHANGE' };
const changes = (events: string[]): number => events.splice(0).filter((e) => e.endsWith('CHANGE')).length;

describe('the carrier', () => {
  it('comes and goes; the worker tells once, however often it changed before [STA-03] [STA-04]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { dev } = addDevice(kernel, { txQueueLen: 5 });
    devOpen(dev);
    const events = recordEvents(kernel, EVENTS);
    const heard: number[] = [];
    kernel.rtnl = { ...silentRtnl, linkChanged: (_d, change) => heard.push(change) };
    const pending = (): boolean => (dev.state & LINK_STATE_LINKWATCH_PENDING) !== 0;
    netifCarrierOff(dev);
    netifCarrierOff(dev);
    netifCarrierOn(dev);
    netifCarrierOff(dev);
    expect([dev.carrierOk(), pending(), changes(events), dev.carrierDownCount, dev.carrierUpCount]).toEqual([false, true, 0, 2, 1]);
    clock.runUntilIdle();
    expect([pending(), changes(events), heard, dev.operstate, dev.tx[0]?.qdisc.kind]).toEqual([false, 1, [0], IF_OPER_DOWN, 'noop']);
    netifCarrierOn(dev);
    clock.runUntilIdle();
    expect([dev.carrierOk(), changes(events), dev.operstate, dev.tx[0]?.qdisc.kind]).toEqual([true, 1, IF_OPER_UP, 'pfifo_fast']);
  });

  it('of a device that is down changes its state and tells nobody [STA-04]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { dev } = addDevice(kernel);
    const events = recordEvents(kernel, EVENTS);
    netifCarrierOff(dev);
    clock.runUntilIdle();
    expect([dev.operstate, changes(events)]).toEqual([IF_OPER_DOWN, 0]);
  });

  it('holds the device until the worker looked at it', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { dev } = addDevice(kernel);
    devOpen(dev);
    netifCarrierOff(dev);
    unregisterNetdevice(dev);
    expect(kernel.liveDevices).toBe(1);
    clock.runUntilIdle();
    expect(kernel.liveDevices).toBe(0);
  });
});

describe('the operational state', () => {
  it('is unknown for a device that never reports, and down for one that starts without carrier [STA-08] [DEV-33]', () => {
    const kernel = boot();
    expect(addDevice(kernel).dev.operstate).toBe(IF_OPER_UNKNOWN);
    expect(addDevice(kernel, { setup: netifCarrierOff }).dev.operstate).toBe(IF_OPER_DOWN);
    expect([IF_OPER_UNKNOWN, IF_OPER_DOWN, IF_OPER_LOWERLAYERDOWN, IF_OPER_DORMANT, IF_OPER_UP]).toEqual([0, 2, 3, 5, 6]);
  });

  it('of a stacked device without carrier blames the lower layer, if that has none [STA-08] [DEV-07]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const lower = addDevice(kernel).dev;
    const upper = addDevice(kernel, { ops: { ndoGetIflink: () => lower.ifindex } }).dev;
    netifCarrierOff(upper);
    clock.runUntilIdle();
    expect(upper.operstate).toBe(IF_OPER_DOWN);
    netifCarrierOff(lower);
    netifCarrierOn(upper);
    netifCarrierOff(upper);
    clock.runUntilIdle();
    expect([upper.operstate, lower.operstate]).toEqual([IF_OPER_LOWERLAYERDOWN, IF_OPER_DOWN]);
  });

  it('is dormant while the device waits for an event, and then up [STA-05] [STA-08]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { dev } = addDevice(kernel);
    devOpen(dev);
    netifDormantOn(dev);
    clock.runUntilIdle();
    expect([dev.dormant(), dev.operstate]).toEqual([true, IF_OPER_DORMANT]);
    setOperstate(dev, IF_OPER_UP);
    expect(dev.operstate).toBe(IF_OPER_DORMANT);
    netifDormantOff(dev);
    clock.runUntilIdle();
    expect([dev.dormant(), dev.operstate]).toEqual([false, IF_OPER_UP]);
  });

  it('of a link in dormant mode is not up before user space says so [STA-08] [DEV-33]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { dev } = addDevice(kernel, { setup: netifCarrierOff });
    dev.linkMode = IF_LINK_MODE_DORMANT;
    devOpen(dev);
    netifCarrierOn(dev);
    clock.runUntilIdle();
    expect(dev.operstate).toBe(IF_OPER_DORMANT);
    const events = recordEvents(kernel, EVENTS);
    setOperstate(dev, IF_OPER_DOWN);
    expect([dev.operstate, changes(events)]).toEqual([IF_OPER_DORMANT, 0]);
    setOperstate(dev, IF_OPER_UP);
    expect([dev.operstate, changes(events)]).toEqual([IF_OPER_UP, 1]);
    setOperstate(dev, IF_OPER_DORMANT);
    expect(dev.operstate).toBe(IF_OPER_DORMANT);
    // What waits already is not tested; what is up is, and a test ends in being up.
    setOperstate(dev, IF_OPER_TESTING);
    expect(dev.operstate).toBe(IF_OPER_DORMANT);
    setOperstate(dev, IF_OPER_UP);
    setOperstate(dev, IF_OPER_TESTING);
    expect(dev.operstate).toBe(IF_OPER_TESTING);
    setOperstate(dev, IF_OPER_UP);
    expect(dev.operstate).toBe(IF_OPER_UP);
    devClose(dev);
  });
});
