/**
 * Frames in and out of a kernel: a TAP, a socket, a WebSocket or a capture file as a network device.
 *
 * @packageDocumentation
 */
export * from './frame-port.ts';
