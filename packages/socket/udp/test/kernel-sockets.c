/* Sockets of the running kernel in two namespaces (named by the arguments), driven by a script on standard input: one operation a line, one line of answer to each. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int fds[128], namespaces[2];
static unsigned char data[70000], in[70000];

/* Hexadecimal digits; "@300:0102" is 300 bytes that begin with them, "-" none. */
static size_t bytes_of(const char *s, unsigned char *out) {
  size_t n = 0, total = 0;
  if (s == NULL || *s == '-') return 0;
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

static void put_hex(const unsigned char *b, size_t n) {
  if (n == 0) putchar('-');
  for (size_t i = 0; i < n; i++) printf("%02x", b[i]);
}

static int rc_of(long rc) { return rc < 0 ? -errno : (int)rc; }

static struct sockaddr_in address(const char *addr, const char *port) {
  struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  inet_pton(AF_INET, addr, &sin.sin_addr);
  return sin;
}

/* A time is only told to be there, in which unit is seen by its size. */
static void put_time(const unsigned char *b) {
  long sec;
  memcpy(&sec, b, 8);
  fputs(sec != 0 ? "T" : "0", stdout);
}

static void put_cmsg(const struct cmsghdr *c) {
  const unsigned char *b = CMSG_DATA(c);
  size_t n = c->cmsg_len - CMSG_LEN(0);
  int stamp = c->cmsg_level == SOL_SOCKET && (c->cmsg_type == SO_TIMESTAMP || c->cmsg_type == SO_TIMESTAMPNS || c->cmsg_type == SO_TIMESTAMPING ||
                                              (c->cmsg_type >= 63 && c->cmsg_type <= 65));
  printf(" [%d %d %zu ", c->cmsg_level, c->cmsg_type, n);
  if (!stamp) put_hex(b, n);
  else
    for (size_t i = 0; i + 16 <= n; i += 16) put_time(b + i);
  putchar(']');
}

static void receive(int fd, size_t room, int flags) {
  struct sockaddr_in sin = {0};
  char control[1024] __attribute__((aligned(8)));
  struct iovec iov = {in, room};
  struct msghdr msg = {.msg_name = &sin, .msg_namelen = sizeof sin, .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  int rc = rc_of(recvmsg(fd, &msg, flags | MSG_DONTWAIT));
  printf("%d", rc);
  if (rc < 0) return;
  putchar(' ');
  put_hex(in, rc < (int)room ? rc : (int)room);
  printf(" %u %s:%u %x", msg.msg_namelen, inet_ntoa(sin.sin_addr), ntohs(sin.sin_port), msg.msg_flags & ~0x40000000);
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) put_cmsg(c);
}

static void file(const char *path) {
  FILE *f = fopen(path, "r");
  int c;
  if (f == NULL) printf("%d", -errno);
  else {
    while ((c = getc(f)) != EOF) putchar(c == '\n' ? '|' : c == '\t' ? '>' : c);
    fclose(f);
  }
}

static void one(char *line) {
  char *w[8] = {0};
  int n = 0;
  for (char *t = strtok(line, " "); t != NULL && n < 8; t = strtok(NULL, " ")) w[n++] = t;
  int fd = fds[(unsigned char)w[1][0] & 127];
  if (strcmp(w[0], "socket") == 0) {
    setns(namespaces[w[2][0] == 'b'], CLONE_NEWNET);
    printf("%d", (fds[(unsigned char)w[1][0] & 127] = socket(AF_INET, atoi(w[3]), atoi(w[4]))) < 0 ? -errno : 0);
  } else if (strcmp(w[0], "set") == 0) {
    size_t len = bytes_of(w[4], data);
    printf("%d", rc_of(setsockopt(fd, atoi(w[2]), atoi(w[3]), data, len)));
  } else if (strcmp(w[0], "get") == 0) {
    socklen_t len = atoi(w[4]);
    memset(data, 0, sizeof data);
    bytes_of(w[5], data);
    int rc = rc_of(getsockopt(fd, atoi(w[2]), atoi(w[3]), data, &len));
    printf("%d", rc);
    if (rc == 0) printf(" %u ", len), put_hex(data, len);
  } else if (strcmp(w[0], "bind") == 0 || strcmp(w[0], "connect") == 0) {
    struct sockaddr_in sin = address(w[2], w[3]);
    printf("%d", rc_of((w[0][0] == 'b' ? bind : connect)(fd, (struct sockaddr *)&sin, sizeof sin)));
  } else if (strcmp(w[0], "send") == 0) { /* send S ADDR PORT HEX FLAGS LEVEL:TYPE:HEX */
    struct sockaddr_in sin = address(w[2], w[3]);
    char control[256] __attribute__((aligned(8))) = {0};
    struct iovec iov = {data, bytes_of(w[4], data)};
    struct msghdr msg = {.msg_name = &sin, .msg_namelen = sizeof sin, .msg_iov = &iov, .msg_iovlen = 1};
    if (w[2][0] == '-') msg.msg_name = NULL, msg.msg_namelen = 0;
    if (w[6] != NULL) {
      struct cmsghdr *c = (struct cmsghdr *)control;
      char *level = strtok(w[6], ":"), *type = strtok(NULL, ":"), *value = strtok(NULL, ":");
      size_t len = bytes_of(value, CMSG_DATA(c));
      c->cmsg_level = atoi(level);
      c->cmsg_type = atoi(type);
      c->cmsg_len = CMSG_LEN(len);
      msg.msg_control = control;
      msg.msg_controllen = CMSG_SPACE(len);
    }
    printf("%d", rc_of(sendmsg(fd, &msg, (w[5] != NULL ? atoi(w[5]) : 0) | MSG_DONTWAIT)));
    usleep(1500);
  } else if (strcmp(w[0], "recv") == 0) {
    receive(fd, atoi(w[2]), atoi(w[3]));
  } else if (strcmp(w[0], "poll") == 0) {
    struct pollfd p = {fd, -1, 0};
    poll(&p, 1, 0);
    printf("%x", p.revents);
  } else if (strcmp(w[0], "ioctl") == 0) {
    memset(data, 0, 16);
    int rc = rc_of(ioctl(fd, strtoul(w[2], NULL, 16), data));
    printf("%d", rc);
    if (rc == 0 && w[3] == NULL) putchar(' '), put_hex(data, 4);
  } else if (strcmp(w[0], "file") == 0) {
    setns(namespaces[w[1][0] == 'b'], CLONE_NEWNET);
    file(w[2]);
  } else if (strcmp(w[0], "write") == 0) {
    setns(namespaces[w[1][0] == 'b'], CLONE_NEWNET);
    int f = open(w[2], O_WRONLY);
    printf("%d", f < 0 ? -errno : rc_of(write(f, w[3], strlen(w[3]))) < 0 ? -errno : 0);
    if (f >= 0) close(f);
  } else if (strcmp(w[0], "unlink") == 0) {
    char command[64];
    setns(namespaces[w[1][0] == 'b'], CLONE_NEWNET);
    snprintf(command, sizeof command, "ip link del %s", w[2]);
    printf("%d", system(command));
  } else if (strcmp(w[0], "close") == 0) {
    printf("%d", rc_of(close(fd)));
  }
}

int main(int argc, char **argv) {
  static char line[70000 * 2];
  for (int i = 0; i < 2; i++) {
    char path[200];
    snprintf(path, sizeof path, "/var/run/netns/%s", argv[1 + i]);
    if ((namespaces[i] = open(path, O_RDONLY)) < 0) return 1;
  }
  (void)argc;
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = 0;
    if (line[0] == 0) continue;
    one(line);
    putchar('\n');
  }
  return 0;
}
