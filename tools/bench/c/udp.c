// udp send ADDRESS PORT LENGTH MILLISECONDS: sends datagrams of LENGTH payload bytes with sendmmsg, 64 per system call.
// udp sink ADDRESS PORT MILLISECONDS:        counts datagrams with recvmmsg until nothing came for 200 ms.
//
// ADDRESS is of IPv4 or of IPv6; the sink listens at 0.0.0.0 or ::.
//
// The sink prints "ready" when it is bound, and at the end {"packets","bytes","ns"}, ns from the first system call that
// returned packets to the last one. The sender prints {"packets","ns","errors"}.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#define BATCH 64
#define MAX_PAYLOAD 65536
#define SEND_BUFFER (4 << 20)
#define RECEIVE_BUFFER (64 << 20)
#define IDLE_US 200000

static char payload[BATCH][MAX_PAYLOAD];
static struct mmsghdr messages[BATCH];
static struct iovec parts[BATCH];

static long long now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static void prepare_messages(size_t length)
{
    int i;

    for (i = 0; i < BATCH; i++) {
        parts[i].iov_base = payload[i];
        parts[i].iov_len = length;
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
}

// Fills in the address of the family that the text is of; returns its length.
static socklen_t socket_address(struct sockaddr_storage *into, const char *address, int port)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)into;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)into;

    memset(into, 0, sizeof *into);
    into->ss_family = strchr(address, ':') ? AF_INET6 : AF_INET;
    if (into->ss_family == AF_INET6) {
        v6->sin6_port = htons(port);
        if (inet_pton(AF_INET6, address, &v6->sin6_addr) != 1)
            fail(address);
        return sizeof *v6;
    }
    v4->sin_port = htons(port);
    if (inet_pton(AF_INET, address, &v4->sin_addr) != 1)
        fail(address);
    return sizeof *v4;
}

static int send_datagrams(const char *address, int port, int length, long long duration_ns)
{
    struct sockaddr_storage to;
    socklen_t to_length = socket_address(&to, address, port);
    int sock = socket(to.ss_family, SOCK_DGRAM, 0), size = SEND_BUFFER, sent;
    long long start, packets = 0, errors = 0;

    setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    if (connect(sock, (struct sockaddr *)&to, to_length))
        fail("connect");
    prepare_messages(length);
    start = now_ns();
    while (now_ns() - start < duration_ns) {
        sent = sendmmsg(sock, messages, BATCH, 0);
        if (sent > 0)
            packets += sent;
        else
            errors++;
    }
    printf("{\"packets\":%lld,\"ns\":%lld,\"errors\":%lld}\n", packets, now_ns() - start, errors);
    return 0;
}

static int sink_datagrams(const char *address, int port, long long duration_ns)
{
    struct sockaddr_storage here;
    socklen_t here_length = socket_address(&here, address, port);
    struct timeval idle = {.tv_usec = IDLE_US};
    int sock = socket(here.ss_family, SOCK_DGRAM, 0), size = RECEIVE_BUFFER, got, i;
    long long start, first = 0, last = 0, packets = 0, bytes = 0;

    setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle);
    if (bind(sock, (struct sockaddr *)&here, here_length))
        fail("bind");
    prepare_messages(MAX_PAYLOAD);
    puts("ready");
    fflush(stdout);
    start = now_ns();
    while (now_ns() - start < duration_ns) {
        got = recvmmsg(sock, messages, BATCH, MSG_WAITFORONE, NULL);
        if (got <= 0) {
            if (packets)
                break;
            continue;
        }
        last = now_ns();
        if (!packets)
            first = last;
        packets += got;
        for (i = 0; i < got; i++)
            bytes += messages[i].msg_len;
    }
    printf("{\"packets\":%lld,\"bytes\":%lld,\"ns\":%lld}\n", packets, bytes, last - first);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && !strcmp(argv[1], "send"))
        return send_datagrams(argv[2], atoi(argv[3]), atoi(argv[4]), atoll(argv[5]) * 1000000LL);
    if (argc == 5 && !strcmp(argv[1], "sink"))
        return sink_datagrams(argv[2], atoi(argv[3]), atoll(argv[4]) * 1000000LL);
    fprintf(stderr, "usage: udp send ADDRESS PORT LENGTH MS | udp sink ADDRESS PORT MS\n");
    return 2;
}
