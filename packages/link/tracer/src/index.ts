/**
 * tracer
 *
 * @packageDocumentation
 */
export {} from "@skbuff/core";
