/** Words for bits and numbers. */

/** Letters of Wake-on-LAN, by bit of WAKE_*. */
export const WAKE: readonly (readonly [string, number])[] = [...'pumbagsf'].map((letter, bit) => [letter, 1 << bit] as const);

/** Kinds of driver messages (NETIF_MSG_*), by bit. */
export const MESSAGES: readonly string[] = [
  'drv', 'probe', 'link', 'timer', 'ifdown', 'ifup', 'rx_err', 'tx_err', 'tx_queued', 'intr', 'tx_done', 'rx_status', 'pktdata', 'hw', 'wol',
];
