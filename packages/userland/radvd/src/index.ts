/**
 * The router advertisement daemon `radvd`, to the letter of version 2.19.
 *
 * @packageDocumentation
 */
export * from './config.ts';
export { parseConfig } from './parser.ts';
export * from './radvd.ts';
export * from './router-advert.ts';
