/**
 * frame-port
 *
 * @packageDocumentation
 */
export {} from "@skbuff/core";
