/**
 * What `ours/forward.mjs` and `ours/udp.mjs` export; the harness knows nothing else of the stack.
 *
 * @typedef {object} Bench
 * @property {(ms: number) => { packets: number, ns: number }} run Works for about `ms` milliseconds without yielding.
 *   `packets`: those that came all the way out (forwarding: the rise of r1's tx_packets; UDP: datagrams that the receiving
 *   socket handed over). `ns`: the time of the whole call; the harness checks it against its own clock. Reading the clock
 *   allocates a number: once per thousand packets is often enough.
 * @property {() => void | Promise<void>} close
 *
 * @typedef {object} Options
 * @property {boolean} [capture] whether a capture runs on the devices
 * @property {boolean} [cut] the packet's way is cut off at some stage: `packets` are those that went in
 * @property {4 | 6} [version] of IP; default 4
 * @property {boolean} [both] the other IP version is loaded too
 * @property {number} [routes] how many routes more, to which the frames go in turn; default none
 * @property {number} [list] frames that are handed over at once; default 64
 *
 * @typedef {(options: Options) => Bench | Promise<Bench>} Setup exported as `setup`
 *
 * Beside `forward.mjs` lies `forward.variants.mjs`, which imports nothing and exports
 *
 * - `hookless`, for P17: the expressions that check hook points, and what stands there when there are none;
 * - `stages`, in the packet's order: the functions at which its way can be cut off, for the time by stage.
 *
 * @typedef {object} Variants
 * @property {import('../lib/bundle.mjs').Replacement[]} hookless
 * @property {Readonly<Record<4 | 6, readonly Stage[]>>} stages for each IP version
 *
 * @typedef {object} Stage What the packet passes until `cut.function` is called.
 * @property {string} name
 * @property {import('../lib/bundle.mjs').Cut} cut `body` must free the packet, or the list of them
 */
export {};
