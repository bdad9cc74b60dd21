/**
 * ICMP echo without privilege: ICMP datagram sockets.
 *
 * @packageDocumentation
 */
