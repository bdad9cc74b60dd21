/* Netlink messages from standard input, each on a socket of its own: what the kernel says to them, a line each.
 *
 * In: u32 length, u32 1 for strict checking, the bytes. Out: for each error "errno text@offset", for the end of a dump "done errno text". */
#include <errno.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char buf[1 << 16];

/* Text and offset of the extended acknowledgement that lies behind `at`. */
static void extack(const char *at, const char *end) {
  while (at + sizeof(struct nlattr) <= end) {
    const struct nlattr *nla = (const struct nlattr *)at;
    if (nla->nla_len < sizeof *nla || at + nla->nla_len > end) break;
    if ((nla->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG) printf(" %s", at + sizeof *nla);
    if ((nla->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_OFFS) printf(" @%u", *(const uint32_t *)(at + sizeof *nla));
    at += NLA_ALIGN(nla->nla_len);
  }
}

static void show(const struct nlmsghdr *nlh) {
  const char *end = (const char *)nlh + nlh->nlmsg_len;
  const char *data = NLMSG_DATA(nlh);
  int err = *(const int *)data;
  if (nlh->nlmsg_type == NLMSG_ERROR) {
    const struct nlmsgerr *e = (const struct nlmsgerr *)data;
    int capped = nlh->nlmsg_flags & NLM_F_CAPPED;
    printf("%d", -err);
    if (nlh->nlmsg_flags & NLM_F_ACK_TLVS) extack(data + sizeof *e + (capped ? 0 : NLMSG_ALIGN(e->msg.nlmsg_len) - sizeof e->msg), end);
    printf("; ");
  } else if (nlh->nlmsg_type == NLMSG_DONE) {
    printf("done %d", -err);
    if (nlh->nlmsg_flags & NLM_F_ACK_TLVS) extack(data + sizeof(int), end);
    printf("; ");
  }
}

static void ask(uint32_t len, int strict) {
  int one = 1, fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  ssize_t got;
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one);
  if (strict) setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof one);
  send(fd, buf, len, 0);
  while ((got = recv(fd, buf, sizeof buf, MSG_DONTWAIT)) > 0) {
    int left = got;
    for (const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) show(nlh);
  }
  close(fd);
  putchar('\n');
}

int main(void) {
  uint32_t head[2];
  while (fread(head, sizeof head, 1, stdin) == 1 && head[0] <= sizeof buf && fread(buf, 1, head[0], stdin) == head[0]) ask(head[0], head[1]);
  return 0;
}
