/**
 * The commands `ndisc6` and `rdisc6`, to the letter of ndisc6 1.0.5.
 *
 * @packageDocumentation
 */
export { ndisc6 } from './ndisc6.ts';
export { rdisc6 } from './rdisc6.ts';
