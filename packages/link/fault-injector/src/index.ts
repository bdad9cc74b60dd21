/**
 * fault-injector
 *
 * @packageDocumentation
 */
export {} from "@skbuff/core";
