// drop IFACE 4|6: discards every packet of that IP version that arrives on IFACE, at tcx ingress (Linux 6.6 and later),
// until stdin is closed. It is the cheapest ingress drop there is, so the kernel's figure carries as little of it as
// possible. Prints "ready" once it is attached. ARP still passes; neighbour discovery, which is IPv6, does not.
#include "bpf.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stddef.h>

// Newer than the headers of some distributions that run a new enough kernel.
#define ATTACH_TCX_INGRESS 46
#define TCX_NEXT_PROGRAM (-1)
#define TCX_DISCARD 2

int main(int argc, char **argv)
{
    int type = argc == 3 && argv[2][0] == '6' ? ETH_P_IPV6 : ETH_P_IP;
    const struct bpf_insn insns[] = {
        LOAD_WORD(BPF_REG_2, BPF_REG_1, offsetof(struct __sk_buff, protocol)),
        MOV_IMM(BPF_REG_0, TCX_NEXT_PROGRAM),
        JUMP_IF_NOT(BPF_REG_2, htons(type), 1),
        MOV_IMM(BPF_REG_0, TCX_DISCARD),
        EXIT(),
    };
    union bpf_attr attr;
    char byte;

    if (argc != 3) {
        fprintf(stderr, "usage: drop IFACE 4|6\n");
        return 2;
    }
    memset(&attr, 0, sizeof attr);
    attr.link_create.prog_fd = bpf_load(BPF_PROG_TYPE_SCHED_CLS, insns, sizeof insns / sizeof insns[0]);
    attr.link_create.target_ifindex = if_nametoindex(argv[1]);
    attr.link_create.attach_type = ATTACH_TCX_INGRESS;
    if (bpf(BPF_LINK_CREATE, &attr) < 0)
        fail("attaching to tcx ingress");

    puts("ready");
    fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ; // the link lives as long as this process
    return 0;
}
