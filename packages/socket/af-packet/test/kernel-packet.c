/* Packet sockets of the running kernel, driven by a script on standard input: one operation a line, one line of answer to each. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int fds[128];
static unsigned char data[80000], in[80000];

/* Hexadecimal digits; "@300:0102" is 300 bytes that begin with them, "-" none. */
static size_t bytes_of(const char *s, unsigned char *out) {
  size_t n = 0, total = 0;
  if (*s == '-') return 0;
  if (*s == '@') {
    total = strtoul(s + 1, (char **)&s, 10);
    s++;
    memset(out, 0, total);
  }
  for (; s[0] != 0 && s[1] != 0; s += 2, n++) {
    unsigned v;
    sscanf(s, "%2x", &v);
    out[n] = v;
  }
  return total > n ? total : n;
}

static const char *dev_of(int index) {
  static char name[IF_NAMESIZE];
  if (index == 0) return "-";
  return if_indextoname(index, name) != NULL ? name : "gone";
}

static int index_of(const char *name) { return strcmp(name, "-") == 0 ? 0 : strcmp(name, "none") == 0 ? 9999 : (int)if_nametoindex(name); }

static void put_hex(const unsigned char *b, size_t n) {
  for (size_t i = 0; i < n; i++) printf("%02x", b[i]);
}

static void put_sll(const struct sockaddr_ll *sll, unsigned len) {
  printf(" %u %u %04x %s %u %u %u ", len, sll->sll_family, ntohs(sll->sll_protocol), dev_of(sll->sll_ifindex), sll->sll_hatype, sll->sll_pkttype, sll->sll_halen);
  put_hex(sll->sll_addr, sll->sll_halen);
}

static int rc_of(long rc) { return rc < 0 ? -errno : (int)rc; }

static void receive(int fd, size_t size, int flags) {
  struct sockaddr_ll sll = {0};
  char control[256];
  struct iovec iov = {in, size};
  struct msghdr msg = {.msg_name = &sll, .msg_namelen = sizeof sll, .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  int rc = rc_of(recvmsg(fd, &msg, flags | MSG_DONTWAIT));
  printf("%d", rc);
  if (rc < 0) return;
  printf(" %x", msg.msg_flags);
  put_sll(&sll, msg.msg_namelen);
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
    printf(" %d/%d ", c->cmsg_level, c->cmsg_type);
    put_hex(CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
  }
  printf(" ");
  put_hex(in, (size_t)rc < size ? (rc < 48 ? rc : 48) : (size < 48 ? size : 48));
}

static void proc(void) {
  char line[256], sk[64];
  FILE *f = fopen("/proc/net/packet", "r");
  fgets(line, sizeof line, f);
  while (fgets(line, sizeof line, f) != NULL) {
    int ref, type, dev, run, user;
    unsigned proto, rmem;
    unsigned long inode;
    sscanf(line, "%s %d %d %x %d %d %u %d %lu", sk, &ref, &type, &proto, &dev, &run, &rmem, &user, &inode);
    printf("[%d %d %04x %s %d %d %d]", ref, type, proto, dev == -1 ? "-1" : dev_of(dev), run, rmem > 0, user);
  }
  fclose(f);
}

static void sysfs(const char *dev) {
  char path[100], text[100];
  snprintf(path, sizeof path, "/sys/class/net/%s/flags", dev);
  FILE *f = fopen(path, "r");
  if (f == NULL || fgets(text, sizeof text, f) == NULL) return;
  printf("%lx", strtoul(text, NULL, 16) & (IFF_PROMISC | IFF_ALLMULTI));
  fclose(f);
}

int main(void) {
  static char line[200000], w[8][100000];
  while (fgets(line, sizeof line, stdin) != NULL) {
    for (int i = 0; i < 8; i++) strcpy(w[i], "-");
    int n = sscanf(line, "%s %s %s %s %s %s %s %s", w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]);
    int *fd = &fds[(unsigned char)w[1][0] & 127];
    const char *op = w[0];
    if (strcmp(op, "socket") == 0) {
      *fd = socket(AF_PACKET, atoi(w[2]), htons(strtoul(w[3], NULL, 16)));
      printf("%d", *fd < 0 ? -errno : 0);
    } else if (strcmp(op, "bind") == 0) {
      struct sockaddr_ll sll = {.sll_family = n > 4 ? atoi(w[4]) : AF_PACKET, .sll_ifindex = index_of(w[2]), .sll_protocol = htons(strtoul(w[3], NULL, 16))};
      printf("%d", rc_of(bind(*fd, (struct sockaddr *)&sll, n > 5 ? atoi(w[5]) : sizeof sll)));
    } else if (strcmp(op, "name") == 0) {
      struct sockaddr_ll sll = {0};
      socklen_t len = sizeof sll;
      printf("%d", rc_of(getsockname(*fd, (struct sockaddr *)&sll, &len)));
      put_sll(&sll, len);
    } else if (strcmp(op, "peer") == 0) {
      struct sockaddr_ll sll = {0};
      socklen_t len = sizeof sll;
      printf("%d", rc_of(getpeername(*fd, (struct sockaddr *)&sll, &len)));
    } else if (strcmp(op, "send") == 0) {
      size_t len = bytes_of(w[2], data);
      printf("%d", rc_of(send(*fd, data, len, MSG_DONTWAIT)));
    } else if (strcmp(op, "sendto") == 0) {
      struct sockaddr_ll sll = {.sll_family = AF_PACKET, .sll_ifindex = index_of(w[2]), .sll_protocol = htons(strtoul(w[3], NULL, 16)), .sll_halen = atoi(w[4])};
      bytes_of(w[5], sll.sll_addr);
      size_t len = bytes_of(w[6], data);
      printf("%d", rc_of(sendto(*fd, data, len, MSG_DONTWAIT, (struct sockaddr *)&sll, n > 7 ? atoi(w[7]) : sizeof sll)));
    } else if (strcmp(op, "recv") == 0) receive(*fd, atoi(w[2]), strtoul(w[3], NULL, 16));
    else if (strcmp(op, "set") == 0) {
      size_t len = bytes_of(w[4], data);
      printf("%d", rc_of(setsockopt(*fd, atoi(w[2]), atoi(w[3]), data, len)));
    } else if (strcmp(op, "get") == 0) {
      socklen_t len = atoi(w[4]);
      memset(in, 0, sizeof in);
      bytes_of(w[5], in);
      int rc = rc_of(getsockopt(*fd, atoi(w[2]), atoi(w[3]), in, &len));
      printf("%d ", rc);
      if (rc == 0) put_hex(in, len);
    } else if (strcmp(op, "filter") == 0) {
      int level = n > 3 ? atoi(w[3]) : SOL_SOCKET, name = n > 4 ? atoi(w[4]) : SO_ATTACH_FILTER;
      struct sock_fprog fp = {.len = bytes_of(w[2], data) / 8, .filter = (struct sock_filter *)data};
      printf("%d", rc_of(setsockopt(*fd, level, name, &fp, sizeof fp)));
    } else if (strcmp(op, "poll") == 0) {
      struct pollfd p = {*fd, POLLIN | POLLOUT, 0};
      poll(&p, 1, 0);
      printf("%x", p.revents);
    } else if (strcmp(op, "ioctl") == 0) {
      int value = 0;
      int rc = rc_of(ioctl(*fd, strtoul(w[2], NULL, 16), &value));
      printf("%d %d", rc, value > 0);
    } else if (strcmp(op, "ip") == 0) {
      char command[400];
      snprintf(command, sizeof command, "ip link %s %s %s", w[1], w[2], n > 3 ? w[3] : "");
      fflush(stdout);
      printf("%d", system(command));
    } else if (strcmp(op, "shutdown") == 0) printf("%d", rc_of(shutdown(*fd, SHUT_RD)));
    else if (strcmp(op, "listen") == 0) printf("%d", rc_of(listen(*fd, 1)));
    else if (strcmp(op, "flags") == 0) sysfs(w[1]);
    else if (strcmp(op, "proc") == 0) proc();
    else if (strcmp(op, "close") == 0) printf("%d", rc_of(close(*fd)));
    printf("\n");
    fflush(stdout);
  }
  return 0;
}
