/** A device's queues when it comes up and goes down, and the transmit watchdog (`net/sched/sch_generic.c`). */
import { HZ } from '../time/jiffies.ts';
import { TimerList } from '../time/timer.ts';
import { IFF_NO_QUEUE, type NetDevice } from './netdevice.ts';
import { NoqueueQdisc, noopQdisc, type NetdevQueue, type Qdisc, qdiscReset } from './qdisc.ts';

/** Jiffies without transmission after which a stopped queue counts as hung. */
const DEFAULT_WATCHDOG = 5 * HZ;

/** `dev_activate`: gives each queue its discipline, if it has none, and starts it. Nothing while there is no carrier. */
export function devActivate(dev: NetDevice): void {
  for (const queue of dev.tx) if (queue.qdiscSleeping === noopQdisc) queue.qdiscSleeping = defaultQdisc(dev, queue);
  dev.qdisc = (dev.tx[0] as NetdevQueue).qdiscSleeping;
  if (!dev.carrierOk()) return;
  dev.transStart = dev.net.timers.jiffies;
  for (const queue of dev.tx) {
    queue.qdisc = queue.qdiscSleeping;
    queue.transStart = dev.transStart;
  }
  netdevWatchdogUp(dev);
}

/** `dev_deactivate`: frees what waits; the disciplines stay for the next time. */
export function devDeactivate(dev: NetDevice): void {
  for (const queue of dev.tx) {
    qdiscReset(queue.qdisc);
    queue.qdisc = noopQdisc;
  }
  const timer = dev.watchdogTimer;
  if (timer !== null) dev.net.timers.delTimer(timer);
}

/** `dev_shutdown`: the device leaves its namespace: it forgets the disciplines too. */
export function devShutdown(dev: NetDevice): void {
  for (const queue of dev.tx) {
    qdiscReset(queue.qdiscSleeping);
    queue.qdisc = queue.qdiscSleeping = noopQdisc;
  }
  dev.qdisc = noopQdisc;
}

function defaultQdisc(dev: NetDevice, queue: NetdevQueue): Qdisc {
  return (dev.privFlags & IFF_NO_QUEUE) !== 0 ? new NoqueueQdisc() : dev.net.kernel.createDefaultQdisc(queue);
}

/** `__netdev_watchdog_up`: nothing for a driver without `ndoTxTimeout`. */
export function netdevWatchdogUp(dev: NetDevice): void {
  if (dev.ops.ndoTxTimeout === null) return;
  if (dev.watchdogTimeo <= 0) dev.watchdogTimeo = DEFAULT_WATCHDOG;
  dev.watchdogTimer ??= new TimerList(() => devWatchdog(dev), true);
  const timer = dev.watchdogTimer;
  if (!timer.pending()) dev.net.timers.modTimer(timer, dev.net.timers.jiffies + dev.watchdogTimeo);
}

/** `dev_watchdog`: a stopped queue without transmission for the timeout is reported to the driver. */
function devWatchdog(dev: NetDevice): void {
  if (!dev.running() || !dev.present() || !dev.carrierOk()) return;
  const now = dev.net.timers.jiffies;
  for (const queue of dev.tx) {
    if (!queue.stopped || now - queue.transStart < dev.watchdogTimeo) continue;
    queue.txTimeouts++;
    dev.net.kernel.log(`NETDEV WATCHDOG: ${dev.name}: transmit queue ${queue.index} timed out ${now - queue.transStart} ms`);
    dev.ops.ndoTxTimeout?.(dev, queue.index);
    break;
  }
  dev.net.timers.modTimer(dev.watchdogTimer as TimerList, now + dev.watchdogTimeo);
}
