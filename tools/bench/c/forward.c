// forward IN OUT SOURCE DESTINATION LENGTH MILLISECONDS [DESTINATIONS]
//
// SOURCE and DESTINATION are of IPv4 or of IPv6. DESTINATIONS: a file of 65,536 addresses in network order; every frame
// goes to one of them, by chance.
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
// writes everything up to the UDP source port anew each time: 9 stores of constants for IPv4, 14 for IPv6, and then
// the destination, if there are several.
#include "bpf.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#define MAX_FRAME 1514
#define FIRST 50000  // frames of the call that finds the rate
#define BATCH 64     // frames per list; the same as NAPI_POLL_WEIGHT
#define DESTINATIONS 65536

// Where things are in a frame of the family.
struct family {
    int af, address_length, transport, destination, type;
};

static const struct family ipv4 = {AF_INET, 4, 34, 30, 0x0800}, ipv6 = {AF_INET6, 16, 54, 38, 0x86dd};

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

static void build_ipv4(unsigned char *ip, int length)
{
    unsigned sum = 0;
    int i;

    ip[0] = 0x45;
    put16(ip + 2, length);
    ip[8] = 64; // TTL
    ip[9] = IPPROTO_UDP;
    for (i = 0; i < 20; i += 2)
        sum += ip[i] << 8 | ip[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    put16(ip + 10, ~(sum + (sum >> 16)));
}

static void build_ipv6(unsigned char *ip, int length)
{
    ip[0] = 0x60;
    put16(ip + 4, length - 40);
    ip[6] = IPPROTO_UDP;
    ip[7] = 64; // hop limit
}

static void build_frame(const struct family *family, unsigned char *frame, int length, const char *iface, const char *from, const char *to)
{
    static const unsigned char sender[6] = {2, 0, 0, 0, 0, 9};
    unsigned char *udp = frame + family->transport, *destination = frame + family->destination;

    hardware_address(iface, frame);
    memcpy(frame + 6, sender, 6);
    put16(frame + 12, family->type);
    if (inet_pton(family->af, from, destination - family->address_length) != 1 || inet_pton(family->af, to, destination) != 1)
        fail("address");
    if (family == &ipv4)
        build_ipv4(frame + 14, length - 14);
    else
        build_ipv6(frame + 14, length - 14);
    put16(udp, 4352);
    put16(udp + 2, 7000);
    put16(udp + 4, length - family->transport); // the checksum stays 0: a router does not look at it
}

// An array of the addresses in a file.
static int load_destinations(const struct family *family, const char *path)
{
    union bpf_attr attr;
    unsigned char address[16];
    uint32_t key;
    int map;
    FILE *file = fopen(path, "r");

    memset(&attr, 0, sizeof attr);
    attr.map_type = BPF_MAP_TYPE_ARRAY;
    attr.key_size = sizeof key;
    attr.value_size = family->address_length;
    attr.max_entries = DESTINATIONS;
    map = bpf(BPF_MAP_CREATE, &attr);
    if (!file || map < 0)
        fail(path);
    memset(&attr, 0, sizeof attr);
    attr.map_fd = map;
    attr.key = (uintptr_t)&key;
    attr.value = (uintptr_t)address;
    for (key = 0; key < DESTINATIONS; key++)
        if (fread(address, family->address_length, 1, file) != 1 || bpf(BPF_MAP_UPDATE_ELEM, &attr))
            fail(path);
    fclose(file);
    return map;
}

static int load_source(const struct family *family, const unsigned char *frame, const char *destinations)
{
    struct bpf_insn insns[64];
    int rewritten = family->transport + 2, offset;
    unsigned n = 0;
    uint32_t word;

    insns[n++] = MOV_REG(BPF_REG_6, BPF_REG_1);
    insns[n++] = LOAD_WORD(BPF_REG_2, BPF_REG_6, offsetof(struct xdp_md, data));
    insns[n++] = LOAD_WORD(BPF_REG_3, BPF_REG_6, offsetof(struct xdp_md, data_end));
    insns[n++] = MOV_IMM(BPF_REG_0, XDP_DROP);
    insns[n++] = MOV_REG(BPF_REG_4, BPF_REG_2);
    insns[n++] = ADD_IMM(BPF_REG_4, rewritten);
    insns[n++] = JUMP_IF_GREATER(BPF_REG_4, BPF_REG_3, 0);
    for (offset = 0; offset < rewritten; offset += 4) {
        memcpy(&word, frame + offset, 4);
        insns[n++] = STORE_WORD(BPF_REG_2, offset, (int)word);
    }
    if (destinations) {
        struct bpf_insn map[] = {LOAD_MAP(BPF_REG_1, load_destinations(family, destinations))};

        insns[n++] = MOV_REG(BPF_REG_7, BPF_REG_2);
        insns[n++] = CALL(BPF_FUNC_get_prandom_u32);
        insns[n++] = AND_IMM(BPF_REG_0, DESTINATIONS - 1);
        insns[n++] = STORE_REG(BPF_REG_10, -4, BPF_REG_0);
        insns[n++] = MOV_REG(BPF_REG_2, BPF_REG_10);
        insns[n++] = ADD_IMM(BPF_REG_2, -4);
        insns[n++] = map[0];
        insns[n++] = map[1];
        insns[n++] = CALL(BPF_FUNC_map_lookup_elem);
        insns[n++] = JUMP_IF_NOT(BPF_REG_0, 0, 1);
        insns[n++] = EXIT();
        for (offset = 0; offset < family->address_length; offset += 4) {
            insns[n++] = LOAD_WORD(BPF_REG_1, BPF_REG_0, offset);
            insns[n++] = STORE_REG(BPF_REG_7, family->destination + offset, BPF_REG_1);
        }
    }
    insns[n++] = MOV_IMM(BPF_REG_0, XDP_PASS);
    insns[6].off = n - 7; // a frame that is too short is dropped
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
    const struct family *family;
    static unsigned char frame[MAX_FRAME];
    struct xdp_md context;
    union bpf_attr attr;
    long long before, transmitted, wall;
    double count;
    int length;

    if (argc != 7 && argc != 8) {
        fprintf(stderr, "usage: forward IN OUT SOURCE DESTINATION LENGTH MILLISECONDS [DESTINATIONS]\n");
        return 2;
    }
    family = strchr(argv[3], ':') ? &ipv6 : &ipv4;
    length = atoi(argv[5]);
    if (length < family->transport + 8 || length > MAX_FRAME) {
        fprintf(stderr, "LENGTH must be %d..%d\n", family->transport + 8, MAX_FRAME);
        return 2;
    }
    build_frame(family, frame, length, argv[1], argv[3], argv[4]);

    memset(&context, 0, sizeof context);
    context.data_end = length;
    context.ingress_ifindex = if_nametoindex(argv[1]);
    memset(&attr, 0, sizeof attr);
    attr.test.prog_fd = load_source(family, frame, argv[7]);
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
