/* Attaches each program of standard input to a socket of the running kernel and says what became of a packet: "hexprogram hexpacket" a
 * line; answers "errno N", or "len N" with the bytes that were kept, -1: none were, since it was dropped. */
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned char prog[8 * 5000], packet[70000], got[70000];
static char a[2 * sizeof prog + 1], b[2 * sizeof packet + 1];

static size_t unhex(const char *s, unsigned char *out) {
  size_t n = 0;
  for (; s[0] != 0 && s[1] != 0; s += 2, n++) {
    unsigned v;
    sscanf(s, "%2x", &v);
    out[n] = v;
  }
  return n;
}

int main(void) {
  while (scanf("%80000s %140000s", a, b) == 2) {
    size_t plen = strcmp(a, "-") == 0 ? 0 : unhex(a, prog), n = strcmp(b, "-") == 0 ? 0 : unhex(b, packet);
    struct sock_fprog fp = {.len = plen / 8, .filter = (struct sock_filter *)prog};
    int sv[2];
    socketpair(AF_UNIX, SOCK_DGRAM, 0, sv);
    if (setsockopt(sv[1], SOL_SOCKET, SO_ATTACH_FILTER, &fp, sizeof fp) != 0) printf("errno %d\n", errno);
    else {
      send(sv[0], packet, n, 0);
      printf("len %zd\n", recv(sv[1], got, sizeof got, MSG_DONTWAIT));
    }
    close(sv[0]);
    close(sv[1]);
  }
  return 0;
}
