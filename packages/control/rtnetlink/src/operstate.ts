/** What user space may say about a device's operational state (`set_operstate`). */
import { type NetDevice, netdevStateChange } from '@skbuff/core';
import { IF_OPER_DORMANT, IF_OPER_TESTING, IF_OPER_UNKNOWN, IF_OPER_UP } from '@skbuff/uapi';

/** UP ends a wait or a test; DORMANT and TESTING hold up what is up. Any other wish changes nothing. */
export function setOperstate(dev: NetDevice, wanted: number): void {
  const state = dev.operstate;
  const waiting = state === IF_OPER_DORMANT || state === IF_OPER_TESTING || state === IF_OPER_UNKNOWN;
  const up = state === IF_OPER_UP || state === IF_OPER_UNKNOWN;
  const allowed = wanted === IF_OPER_UP ? waiting : (wanted === IF_OPER_DORMANT || wanted === IF_OPER_TESTING) && up;
  if (!allowed) return;
  dev.operstate = wanted;
  netdevStateChange(dev);
}
