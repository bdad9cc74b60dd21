/** Places of counters in `LINUX_MIB_NAMES`, and how many there are. */
export const LINUX_MIB_ARPFILTER = 9;
export const LINUX_MIB_IPRPFILTER = 76;
export const LINUX_MIB_MAX = 135;
