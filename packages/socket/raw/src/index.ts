/**
 * Raw IPv4 sockets.
 *
 * @packageDocumentation
 */
