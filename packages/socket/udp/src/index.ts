/**
 * UDP over IPv4.
 *
 * @packageDocumentation
 */
