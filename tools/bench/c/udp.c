// udp send ADDRESS PORT LENGTH MILLISECONDS: sends datagrams of LENGTH payload bytes with sendmmsg, 64 per system call.
// udp sink PORT MILLISECONDS:                counts datagrams with recvmmsg until nothing came for 200 ms.
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

static int send_datagrams(const char *address, int port, int length, long long duration_ns)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int sock = socket(AF_INET, SOCK_DGRAM, 0), size = SEND_BUFFER, sent;
    long long start, packets = 0, errors = 0;

    if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
        fail(address);
    setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    if (connect(sock, (struct sockaddr *)&to, sizeof to))
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

static int sink_datagrams(int port, long long duration_ns)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval idle = {.tv_usec = IDLE_US};
    int sock = socket(AF_INET, SOCK_DGRAM, 0), size = RECEIVE_BUFFER, got, i;
    long long start, first = 0, last = 0, packets = 0, bytes = 0;

    setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle);
    if (bind(sock, (struct sockaddr *)&here, sizeof here))
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
    if (argc == 4 && !strcmp(argv[1], "sink"))
        return sink_datagrams(atoi(argv[2]), atoll(argv[3]) * 1000000LL);
    fprintf(stderr, "usage: udp send ADDRESS PORT LENGTH MS | udp sink PORT MS\n");
    return 2;
}
