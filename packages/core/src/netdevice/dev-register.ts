/** Life cycle of a device (`net/core/dev.c`): allocation, registration, unregistration, free. */
import { EBUSY, EEXIST, EINVAL, EIO, ENFILE, IFNAMSIZ, NET_ADDR_PERM, NET_NAME_ENUM, NET_NAME_USER } from '@skbuff/uapi';
import { notifierToErrno } from '../notifier/notifier.ts';
import { NETDEV_POST_INIT, NETDEV_PRE_UNINIT, NETDEV_REGISTER, NETDEV_UNREGISTER } from '../notifier/netdev-events.ts';
import type { Net } from '../pernet/net.ts';
import { devShutdown } from './dev-activate.ts';
import { callNetdeviceNotifiers } from './dev-notify.ts';
import { devClose } from './dev-open.ts';
import { netdevCheckVlanFilter, netdevInitFeatures, updateFeatures } from './features.ts';
import { SKB_DROP_REASON_DEV_READY } from '../skbuff/drop-reason.ts';
import type { SkBuff } from '../skbuff/skbuff.ts';
import { NETDEV_TX_OK, type NetDeviceOps, netdevOpsDefaults } from './netdevice-ops.ts';
import {
  IFF_NO_QUEUE,
  LINK_STATE_PRESENT,
  LINK_STATE_START,
  NETREG_DUMMY,
  NETREG_REGISTERED,
  NETREG_RELEASED,
  NETREG_UNINITIALIZED,
  NETREG_UNREGISTERED,
  NETREG_UNREGISTERING,
  NetDevice,
} from './netdevice.ts';
import { NetdevRxQueue } from './netdev-rx-queue.ts';
import { NetdevQueue } from './qdisc.ts';
import { initOperstate } from './link-watch.ts';
import { RTNL_CHANGE_ALL } from './rtnl-link-ops.ts';

export interface AllocNetdevOptions {
  /** `eth0`, or a pattern such as `eth%d` that is resolved at registration. */
  readonly name: string;
  readonly setup: (dev: NetDevice) => void;
  readonly ops: NetDeviceOps;
  readonly priv?: unknown;
}

/** `alloc_netdev`: a device in state UNINITIALIZED; it is known to nobody until {@link registerNetdevice}. With one queue each way. */
export function allocNetdev(net: Net, options: AllocNetdevOptions): NetDevice {
  return allocNetdevQueues(net, options, 1, 1);
}

/** @internal */
export function allocNetdevQueues(net: Net, options: AllocNetdevOptions, txqs: number, rxqs: number): NetDevice {
  const dev = new NetDevice(net, options.ops);
  dev.name = options.name;
  dev.numTxQueues = dev.realNumTxQueues = txqs;
  dev.numRxQueues = dev.realNumRxQueues = rxqs;
  dev.priv = options.priv ?? null;
  for (let i = 0; i < dev.numTxQueues; i++) dev.tx.push(new NetdevQueue(dev, i));
  for (let i = 0; i < dev.numRxQueues; i++) dev.rx.push(new NetdevRxQueue(i));
  options.setup(dev);
  if (dev.txQueueLen === 0) {
    dev.privFlags |= IFF_NO_QUEUE;
    dev.txQueueLen = 1000;
  }
  net.kernel.liveDevices++;
  return dev;
}

/**
 * `alloc_netdev_dummy`: no interface but a thing to hang NAPI instances on, for hardware that has several interfaces behind one queue. It
 * counts as up and present, nobody can find it, and it is never registered. Free it with {@link freeNetdev}.
 */
export function allocNetdevDummy(net: Net): NetDevice {
  const dev = allocNetdev(net, { name: 'dummy#', setup() {}, ops: { ...netdevOpsDefaults, ndoStartXmit: dummyStartXmit } });
  dev.regState = NETREG_DUMMY;
  dev.state = LINK_STATE_PRESENT | LINK_STATE_START;
  return dev;
}

function dummyStartXmit(skb: SkBuff): number {
  skb.kfree(SKB_DROP_REASON_DEV_READY);
  return NETDEV_TX_OK;
}

/** `dev_valid_name`: 1 to 15 characters without `/`, `:` and white space, and neither `.` nor `..`. */
export function devValidName(name: string): boolean {
  return name !== '' && name.length < IFNAMSIZ && name !== '.' && name !== '..' && !/[/:\s]/.test(name);
}

/** `dev_alloc_name`: resolves one `%d` to the lowest free number. The name, or a negative errno. */
export function devAllocName(net: Net, pattern: string): string | number {
  if (!devValidName(pattern)) return -EINVAL;
  const at = pattern.indexOf('%');
  if (at < 0) return pattern;
  if (pattern[at + 1] !== 'd' || pattern.indexOf('%', at + 2) >= 0) return -EINVAL;
  for (let i = 0; i < 32768; i++) {
    const name = pattern.slice(0, at) + i + pattern.slice(at + 2);
    if (name.length >= IFNAMSIZ) return -ENFILE;
    if (!net.devByName.has(name)) return name;
  }
  return -ENFILE;
}

/** `dev_get_valid_name`: as {@link devAllocName}, and -EEXIST for a plain name that is taken. */
export function devGetValidName(net: Net, name: string): string | number {
  const resolved = devAllocName(net, name);
  if (typeof resolved === 'number') return resolved;
  return net.devByName.has(resolved) ? -EEXIST : resolved;
}

/** `dev_new_index`: one more than the last, skipping numbers in use. */
export function devNewIndex(net: Net): number {
  do {
    net.ifindex = net.ifindex >= 0x7fffffff ? 1 : net.ifindex + 1;
  } while (net.devByIndex.has(net.ifindex));
  return net.ifindex;
}

/**
 * `register_netdevice`: the device becomes visible. Order: name, `ndoInit`, index, POST_INIT, features, PRESENT, list, REGISTER. A
 * negative errno leaves it unregistered and the caller's to free: -EINVAL (name), -EEXIST (name taken), -EBUSY (index taken), the
 * driver's, or a notifier's veto. After a veto of REGISTER it was visible for a moment, and was freed.
 */
export function registerNetdevice(dev: NetDevice): number {
  const { net } = dev;
  const name = devGetValidName(net, dev.name);
  if (typeof name === 'number') return name;
  if (dev.nameAssignType === 0) dev.nameAssignType = dev.name.includes('%') ? NET_NAME_ENUM : NET_NAME_USER;
  dev.name = name;
  const err = dev.ops.ndoInit?.(dev) ?? 0;
  if (err !== 0) return err > 0 ? -EIO : err;
  const refused = reserve(dev);
  if (refused !== 0) {
    dev.ops.ndoUninit?.(dev);
    return refused;
  }
  return show(dev);
}

/** What can still fail before anybody sees the device. */
function reserve(dev: NetDevice): number {
  const { net } = dev;
  const buggy = netdevCheckVlanFilter(dev);
  if (buggy !== 0) return buggy;
  if (dev.ifindex !== 0 && net.devByIndex.has(dev.ifindex)) return -EBUSY;
  if (dev.ifindex === 0) dev.ifindex = devNewIndex(net);
  netdevInitFeatures(dev);
  return notifierToErrno(callNetdeviceNotifiers(NETDEV_POST_INIT, dev));
}

function show(dev: NetDevice): number {
  const { net } = dev;
  updateFeatures(dev);
  net.softnet.rps?.start(dev);
  dev.state |= LINK_STATE_PRESENT;
  initOperstate(dev);
  if (dev.addrAssignType === NET_ADDR_PERM) dev.permAddr.set(dev.devAddr);
  listNetdevice(dev);
  dev.regState = NETREG_REGISTERED;
  const err = notifierToErrno(callNetdeviceNotifiers(NETDEV_REGISTER, dev));
  if (err !== 0) unregisterNetdevice(dev);
  else dev.net.kernel.rtnl.linkChanged(dev, RTNL_CHANGE_ALL);
  return err;
}

/** Makes a device findable by name and index. */
export function listNetdevice(dev: NetDevice): void {
  const { net } = dev;
  net.devList.push(dev);
  net.devByName.set(dev.name, dev);
  for (const alt of dev.altnames) net.devByName.set(alt, dev);
  net.devByIndex.set(dev.ifindex, dev);
  net.devBaseSeq++;
}

export function unlistNetdevice(dev: NetDevice): void {
  const { net } = dev;
  net.devList.splice(net.devList.indexOf(dev), 1);
  net.devByName.delete(dev.name);
  for (const alt of dev.altnames) net.devByName.delete(alt);
  net.devByIndex.delete(dev.ifindex);
  net.devBaseSeq++;
}

/** `unregister_netdevice`: see {@link unregisterNetdeviceMany}. */
export function unregisterNetdevice(dev: NetDevice): void {
  unregisterNetdeviceMany([dev]);
}

/**
 * `unregister_netdevice_many`: closes the devices, hides them, tells everybody (UNREGISTER), and frees each as soon as nothing
 * refers to it any more. A device that is not registered is only freed.
 */
export function unregisterNetdeviceMany(devs: readonly NetDevice[]): void {
  const all = [...new Set(devs)];
  const list = all.filter((dev) => dev.regState === NETREG_REGISTERED);
  for (const dev of all) if (dev.regState === NETREG_UNINITIALIZED) freeNetdev(dev);
  for (const dev of list) dev.dismantle = true;
  for (const dev of list) devClose(dev);
  for (const dev of list) {
    unlistNetdevice(dev);
    dev.regState = NETREG_UNREGISTERING;
    dev.net.softnet.flushBacklog(dev);
  }
  for (const dev of list) {
    devShutdown(dev);
    dev.net.softnet.rps?.reset(dev);
    callNetdeviceNotifiers(NETDEV_UNREGISTER, dev);
    dev.net.kernel.rtnl.linkRemoved(dev);
    dev.uc.flush();
    dev.mc.flush();
    callNetdeviceNotifiers(NETDEV_PRE_UNINIT, dev);
    dev.ops.ndoUninit?.(dev);
    netdevWaitAllrefs(dev);
  }
}

/** `netdev_run_todo`: a device with references waits for the last one to go; the log says so every 10 seconds. */
function netdevWaitAllrefs(dev: NetDevice): void {
  if (dev.refcount() === 0) {
    netdevFinish(dev);
    return;
  }
  dev.net.kernel.waitForDevice(dev, () => netdevFinish(dev));
}

function netdevFinish(dev: NetDevice): void {
  dev.regState = NETREG_UNREGISTERED;
  dev.privDestructor?.(dev);
  freeNetdev(dev);
}

/** `free_netdev`: with the NAPI instances that its driver left. */
export function freeNetdev(dev: NetDevice): void {
  if (dev.regState === NETREG_RELEASED) return;
  dev.net.softnet.napiFree?.(dev);
  dev.regState = NETREG_RELEASED;
  dev.net.kernel.liveDevices--;
}
