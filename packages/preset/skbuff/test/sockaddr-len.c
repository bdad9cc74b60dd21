/* What bind, connect, sendto and sendmsg say to socket addresses of every length. One line per kind of socket, call, family and content:
 * runs of lengths with the errno (0: none) and, behind a slash, whether the socket has a port afterwards. Each call is on a fresh socket,
 * but for packet sockets, whose closing takes the kernel long: they have one for each line. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct kind { const char *name; int family, type, protocol; } kinds[] = {
	{ "udp", AF_INET, SOCK_DGRAM, 0 }, { "raw", AF_INET, SOCK_RAW, 253 }, { "ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP },
	{ "packet", AF_PACKET, SOCK_RAW, 0 }, { "cooked", AF_PACKET, SOCK_DGRAM, 0 },
};
static const char *calls[] = { "bind", "connect", "sendto", "sendmsg" };
static const unsigned char echo[60] = { 8 };

static int call(int fd, int which, const void *addr, int len)
{
	struct iovec iov = { (void *)echo, sizeof echo };
	struct msghdr msg = { .msg_name = (void *)addr, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1 };
	int rc;

	errno = 0;
	rc = which == 0 ? bind(fd, addr, len) : which == 1 ? connect(fd, addr, len) :
	     which == 2 ? (int)sendto(fd, echo, sizeof echo, 0, addr, len) : (int)sendmsg(fd, &msg, 0);
	return rc < 0 ? errno : 0;
}

static void runs(const struct kind *k, int which, int family, unsigned content)
{
	unsigned char addr[256] = { 0 };
	int first = 0, last = -2, one = k->family == AF_PACKET ? socket(k->family, k->type, k->protocol) : -1;

	addr[0] = family, addr[1] = family >> 8;
	if (k->family == AF_INET) {
		unsigned a = htonl(content);
		if (which != 0) addr[3] = 9;
		memcpy(addr + 4, &a, 4);
	} else {
		unsigned ifindex = if_nametoindex("lo");
		memcpy(addr + 4, &ifindex, 4);
		addr[11] = content;
	}
	printf("%s %s family %d %x:", k->name, calls[which], family, content);
	for (int len = 0; len <= 131; len++) {
		int rc = -1;
		if (len <= 130) {
			int fd = one >= 0 ? one : socket(k->family, k->type, k->protocol);
			struct sockaddr_in sin = { 0 };
			socklen_t n = sizeof sin;
			if (fd < 0) { perror("socket"); exit(1); }
			rc = call(fd, which, addr, len);
			if (k->family == AF_INET && k->type == SOCK_DGRAM) {
				getsockname(fd, (struct sockaddr *)&sin, &n);
				if (sin.sin_port != 0) rc |= 1 << 16;
			}
			if (one < 0) close(fd);
		}
		if (rc == last) continue;
		if (last != -2) printf(" %d-%d=%d%s", first, len - 1, last & 0xffff, last >> 16 ? "/port" : "");
		first = len, last = rc;
	}
	printf("\n");
	if (one >= 0) close(one);
}

int main(void)
{
	static const int families[] = { AF_INET, AF_UNSPEC, AF_INET6, AF_PACKET, 99 };
	static const unsigned inet[] = { 0x7f000001, 0 }, packet[] = { 6, 0, 8, 9, 116, 117 };

	for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (int which = 0; which < 4; which++)
			for (unsigned f = 0; f < 5; f++)
				if (kinds[k].family == AF_INET) for (int c = 0; c < 2; c++) runs(&kinds[k], which, families[f], inet[c]);
				else for (int c = 0; c < 6; c++) runs(&kinds[k], which, families[f], packet[c]);
	return 0;
}
