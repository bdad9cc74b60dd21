/** Descriptors (uapi `asm-generic/fcntl.h`, `linux/eventpoll.h`). */
export const F_DUPFD = 0;
export const F_GETFD = 1;
export const F_SETFD = 2;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const F_DUPFD_CLOEXEC = 1030;
export const FD_CLOEXEC = 1;
export const O_RDWR = 2;
export const O_CLOEXEC = 0o2000000;
export const EPOLL_CLOEXEC: number = O_CLOEXEC;
