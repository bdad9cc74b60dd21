/** Sizes of socket buffers, in bytes of `truesize`. */

/** net.core.rmem_default, wmem_default. */
export const SK_MEM_DEFAULT = 212992;
/** net.core.rmem_max, wmem_max. */
export const SK_MEM_MAX = 4194304;
/** net.core.optmem_max */
export const OPTMEM_MAX = 131072;
/** net.core.somaxconn */
export const SOMAXCONN = 4096;
/** `TCP_SKB_MIN_TRUESIZE`: 2048 bytes and an sk_buff. */
const SKB_MIN_TRUESIZE = 2304;
export const SOCK_MIN_RCVBUF: number = SKB_MIN_TRUESIZE;
export const SOCK_MIN_SNDBUF: number = SKB_MIN_TRUESIZE * 2;
/** Writers are woken when what is in flight, times this, fits the buffer. */
export const SK_SEND_SPACE = 2;
