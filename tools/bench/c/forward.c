// forward IN OUT SOURCE DESTINATION LENGTH MILLISECONDS
//
// Makes UDP frames of LENGTH bytes inside the kernel and lets them enter IN's receive path as if its driver had just
// delivered them (BPF_PROG_TEST_RUN with live frames, batches of 64, the kernel's own list receive). What the router
// does with them is the kernel's business. Prints {"injected","transmitted","ns","wallNs"}: how many went in, by how
// many OUT's tx_packets rose, the kernel's own account of the time, which leaves out making and destroying the packet
// source (about 25 ms), and the time of the whole system call.
//
// One system call does the whole measurement, for the same reason: in pieces of 65,536 frames the source's own costs
// take a third of the time. A short first call finds out how many frames fill MILLISECONDS.
//
// Frames are recycled by the page pool with whatever forwarding made of them (MAC addresses, TTL), so the BPF program
// writes the first 36 bytes anew each time: nine stores of constants.
#include "bpf.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#define MAX_FRAME 1514
#define REWRITTEN 36 // Ethernet, IPv4 and the UDP source port
#define FIRST 50000  // frames of the call that finds the rate
#define BATCH 64     // frames per list; the same as NAPI_POLL_WEIGHT

static long long now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long tx_packets(const char *iface)
{
    char path[128];
    long long value;
    FILE *file;

    snprintf(path, sizeof path, "/sys/class/net/%s/statistics/tx_packets", iface);
    file = fopen(path, "r");
    if (!file || fscanf(file, "%lld", &value) != 1)
        fail(path);
    fclose(file);
    return value;
}

static void hardware_address(const char *iface, unsigned char *mac)
{
    struct ifreq request;
    int sock = socket(AF_INET, SOCK_DGRAM, 0);

    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, iface, IFNAMSIZ - 1);
    if (sock < 0 || ioctl(sock, SIOCGIFHWADDR, &request))
        fail(iface);
    memcpy(mac, request.ifr_hwaddr.sa_data, 6);
    close(sock);
}

static void put16(unsigned char *at, unsigned value)
{
    at[0] = value >> 8;
    at[1] = value;
}

static void build_frame(unsigned char *frame, int length, const char *iface, const char *from, const char *to)
{
    static const unsigned char sender[6] = {2, 0, 0, 0, 0, 9};
    unsigned char *ip = frame + 14, *udp = frame + 34;
    unsigned sum = 0;
    int i;

    hardware_address(iface, frame);
    memcpy(frame + 6, sender, 6);
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, length - 14);
    ip[8] = 64; // TTL
    ip[9] = IPPROTO_UDP;
    if (inet_pton(AF_INET, from, ip + 12) != 1 || inet_pton(AF_INET, to, ip + 16) != 1)
        fail("address");
    for (i = 0; i < 20; i += 2)
        sum += ip[i] << 8 | ip[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    put16(ip + 10, ~(sum + (sum >> 16)));
    put16(udp, 4352);
    put16(udp + 2, 7000);
    put16(udp + 4, length - 34); // the checksum stays 0: none
}

static int load_source(const unsigned char *frame)
{
    struct bpf_insn insns[16 + REWRITTEN / 4];
    unsigned n = 0, offset;
    uint32_t word;

    insns[n++] = LOAD_WORD(BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data));
    insns[n++] = LOAD_WORD(BPF_REG_3, BPF_REG_1, offsetof(struct xdp_md, data_end));
    insns[n++] = MOV_IMM(BPF_REG_0, XDP_DROP);
    insns[n++] = MOV_REG(BPF_REG_4, BPF_REG_2);
    insns[n++] = ADD_IMM(BPF_REG_4, REWRITTEN);
    insns[n++] = JUMP_IF_GREATER(BPF_REG_4, BPF_REG_3, REWRITTEN / 4 + 1);
    for (offset = 0; offset < REWRITTEN; offset += 4) {
        memcpy(&word, frame + offset, 4);
        insns[n++] = STORE_WORD(BPF_REG_2, offset, (int)word);
    }
    insns[n++] = MOV_IMM(BPF_REG_0, XDP_PASS);
    insns[n++] = EXIT();
    return bpf_load(BPF_PROG_TYPE_XDP, insns, n);
}

// Injects COUNT frames; returns the nanoseconds of the system call.
static long long inject(union bpf_attr *attr, unsigned count)
{
    long long start = now_ns();

    attr->test.repeat = count;
    attr->test.duration = 0;
    if (bpf(BPF_PROG_TEST_RUN, attr))
        fail("BPF_PROG_TEST_RUN with live frames (needs Linux 5.18)");
    return now_ns() - start;
}

int main(int argc, char **argv)
{
    static unsigned char frame[MAX_FRAME];
    struct xdp_md context;
    union bpf_attr attr;
    long long before, transmitted, wall;
    double count;
    int length;

    if (argc != 7) {
        fprintf(stderr, "usage: forward IN OUT SOURCE DESTINATION LENGTH MILLISECONDS\n");
        return 2;
    }
    length = atoi(argv[5]);
    if (length < 42 || length > MAX_FRAME) {
        fprintf(stderr, "LENGTH must be 42..%d\n", MAX_FRAME);
        return 2;
    }
    build_frame(frame, length, argv[1], argv[3], argv[4]);

    memset(&context, 0, sizeof context);
    context.data_end = length;
    context.ingress_ifindex = if_nametoindex(argv[1]);
    memset(&attr, 0, sizeof attr);
    attr.test.prog_fd = load_source(frame);
    attr.test.data_in = (uintptr_t)frame;
    attr.test.data_size_in = length;
    attr.test.ctx_in = (uintptr_t)&context;
    attr.test.ctx_size_in = sizeof context;
    attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    attr.test.batch_size = BATCH;

    wall = inject(&attr, FIRST);
    count = atof(argv[6]) * 1e6 / (attr.test.duration ? attr.test.duration : (double)wall / FIRST);

    before = tx_packets(argv[2]);
    wall = inject(&attr, (unsigned)count);
    transmitted = tx_packets(argv[2]) - before;
    printf("{\"injected\":%u,\"transmitted\":%lld,\"ns\":%lld,\"wallNs\":%lld}\n", (unsigned)count, transmitted,
           attr.test.duration ? (long long)attr.test.duration * (unsigned)count : wall, wall);
    return 0;
}
