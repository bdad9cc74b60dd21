/**
 * pcapng
 *
 * @packageDocumentation
 */
export {} from "@skbuff/core";
