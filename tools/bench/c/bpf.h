// What both BPF programs of the benchmark share: loading instructions that were put together by hand, so that
// neither clang nor a BPF library is needed.
#ifndef BENCH_BPF_H
#define BENCH_BPF_H

#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOV_IMM(reg, value) \
    ((struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (reg), .imm = (value)})
#define MOV_REG(to, from) \
    ((struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (to), .src_reg = (from)})
#define ADD_IMM(reg, value) \
    ((struct bpf_insn){.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = (reg), .imm = (value)})
#define LOAD_WORD(to, from, offset) \
    ((struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (to), .src_reg = (from), .off = (offset)})
#define AND_IMM(reg, value) \
    ((struct bpf_insn){.code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = (reg), .imm = (value)})
#define STORE_REG(to, offset, from) \
    ((struct bpf_insn){.code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = (to), .src_reg = (from), .off = (offset)})
// Takes the place of two instructions.
#define LOAD_MAP(reg, fd) \
    ((struct bpf_insn){.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = (reg), .src_reg = BPF_PSEUDO_MAP_FD, .imm = (fd)}), \
    ((struct bpf_insn){0})
#define CALL(function) ((struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = (function)})
#define STORE_WORD(to, offset, value) \
    ((struct bpf_insn){.code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = (to), .off = (offset), .imm = (value)})
#define JUMP_IF_GREATER(left, right, skip) \
    ((struct bpf_insn){.code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = (left), .src_reg = (right), .off = (skip)})
#define JUMP_IF_NOT(reg, value, skip) \
    ((struct bpf_insn){.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = (reg), .off = (skip), .imm = (value)})
#define EXIT() ((struct bpf_insn){.code = BPF_JMP | BPF_EXIT})

static int bpf(int command, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

// Returns the program's descriptor; ends the process when the verifier refuses it.
static int bpf_load(enum bpf_prog_type type, const struct bpf_insn *insns, unsigned count)
{
    static char log[65536];
    struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    union bpf_attr attr;
    int fd;

    setrlimit(RLIMIT_MEMLOCK, &unlimited); // kernels before 5.11 charge BPF memory to it
    memset(&attr, 0, sizeof attr);
    attr.prog_type = type;
    attr.insns = (uintptr_t)insns;
    attr.insn_cnt = count;
    attr.license = (uintptr_t) "MIT";
    attr.log_buf = (uintptr_t)log;
    attr.log_size = sizeof log;
    attr.log_level = 1;
    fd = bpf(BPF_PROG_LOAD, &attr);
    if (fd < 0) {
        fprintf(stderr, "%s", log);
        fail("loading the BPF program");
    }
    return fd;
}

#endif
