/** The one handler that may take a device's frames before the protocols see them: bridge, bonding, macvlan (`net/core/dev.c`). */
import { EBUSY } from '@skbuff/uapi';
import { type NetDevice, RX_DOOR_HANDLER, type RxHandler } from './netdevice.ts';

/** `netdev_rx_handler_register`: `data` is the handler's own (`dev.rxHandlerData`). -EBUSY if the device has a handler. */
export function netdevRxHandlerRegister(dev: NetDevice, handler: RxHandler, data: unknown = null): number {
  if (dev.rxHandler !== null) return -EBUSY;
  dev.rxHandlerData = data;
  dev.rxHandler = handler;
  dev.rxDoors |= RX_DOOR_HANDLER;
  return 0;
}

/** `netdev_rx_handler_unregister`. */
export function netdevRxHandlerUnregister(dev: NetDevice): void {
  dev.rxHandler = null;
  dev.rxDoors &= ~RX_DOOR_HANDLER;
  dev.rxHandlerData = null;
}
