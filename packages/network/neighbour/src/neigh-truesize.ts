/** A default-sized packet's charge: the unit of the old setting `unres_qlen`. */
export const SKB_TRUESIZE_ETH_FRAME = 2090;
