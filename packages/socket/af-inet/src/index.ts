/**
 * The AF_INET family: socket creation, addresses, options of SOL_IP and SOL_SOCKET, ancillary data, error queue, groups.
 *
 * @packageDocumentation
 */
