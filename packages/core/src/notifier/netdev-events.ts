/** Events of `netdev_chain` (`include/linux/netdevice.h`). */
export const NETDEV_UP = 1;
export const NETDEV_DOWN = 2;
export const NETDEV_REBOOT = 3;
export const NETDEV_CHANGE = 4;
export const NETDEV_REGISTER = 5;
export const NETDEV_UNREGISTER = 6;
export const NETDEV_CHANGEMTU = 7;
export const NETDEV_CHANGEADDR = 8;
export const NETDEV_PRE_CHANGEADDR = 9;
export const NETDEV_GOING_DOWN = 10;
export const NETDEV_CHANGENAME = 11;
export const NETDEV_FEAT_CHANGE = 12;
export const NETDEV_BONDING_FAILOVER = 13;
export const NETDEV_PRE_UP = 14;
export const NETDEV_PRE_TYPE_CHANGE = 15;
export const NETDEV_POST_TYPE_CHANGE = 16;
export const NETDEV_POST_INIT = 17;
export const NETDEV_PRE_UNINIT = 18;
export const NETDEV_RELEASE = 19;
export const NETDEV_NOTIFY_PEERS = 20;
export const NETDEV_JOIN = 21;
export const NETDEV_CHANGEUPPER = 22;
export const NETDEV_RESEND_IGMP = 23;
export const NETDEV_PRECHANGEMTU = 24;
export const NETDEV_CHANGEINFODATA = 25;
export const NETDEV_BONDING_INFO = 26;
export const NETDEV_PRECHANGEUPPER = 27;
export const NETDEV_CHANGELOWERSTATE = 28;
export const NETDEV_CHANGE_TX_QUEUE_LEN = 31;

/** Events of `netevent_notif_chain` (`include/net/netevent.h`). */
export const NETEVENT_NEIGH_UPDATE = 1;
export const NETEVENT_REDIRECT = 2;
export const NETEVENT_DELAY_PROBE_TIME_UPDATE = 3;

/** Events of `reboot_notifier_list` (`include/linux/reboot.h`). */
export const SYS_RESTART = 0x0001;
export const SYS_HALT = 0x0002;
export const SYS_POWER_OFF = 0x0003;
