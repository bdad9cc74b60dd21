/*
 * System calls on UDP sockets, one a line of standard input, each answered with one line: what it returned (or minus errno) and what it
 * filled in, as hexadecimal bytes. Sockets are numbered from 0.
 *
 *   socket FAMILY | bind S ADDR | connect S ADDR | name S | peer S | shutdown S HOW | poll S | close S
 *   set S LEVEL NAME BYTES | get S LEVEL NAME LENGTH | send S FLAGS LENGTH [ADDR] | recv S FLAGS
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_SOCKETS 1024
#define ROOM 64

static int fds[MAX_SOCKETS];
static int count;
static unsigned char bytes[70000];
static char line[4096];

static int from_hex(const char *text, unsigned char *to)
{
	int n = 0;

	for (; text[0] && text[1]; text += 2, n++) {
		unsigned byte;

		sscanf(text, "%2x", &byte);
		to[n] = byte;
	}
	return n;
}

static void hex(const char *label, const void *from, int n)
{
	const unsigned char *p = from;

	printf(" %s=", label);
	for (int i = 0; i < n; i++)
		printf("%02x", p[i]);
}

static long result(long ret)
{
	ret = ret < 0 ? -errno : ret;
	printf("%ld", ret);
	return ret;
}

static void receive(int fd, int flags)
{
	unsigned char name[ROOM], control[512];
	struct iovec iov = { bytes, ROOM };
	struct msghdr msg = { .msg_name = name, .msg_namelen = sizeof(name), .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	long n = result(recvmsg(fd, &msg, flags | MSG_DONTWAIT));

	if (n < 0)
		return;
	printf(" flags=%x", msg.msg_flags & ~MSG_CMSG_CLOEXEC);
	hex("from", name, msg.msg_namelen);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		char label[32];

		snprintf(label, sizeof(label), "%d:%d", c->cmsg_level, c->cmsg_type);
		hex(label, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	}
	hex("data", bytes, n < ROOM ? n : ROOM);
}

static void call(char *what, char **arg)
{
	unsigned char buf[256];
	int first = arg[0] ? atoi(arg[0]) : -1, fd = first < 0 ? -1 : fds[first % MAX_SOCKETS];
	socklen_t len = sizeof(buf);
	long a = arg[0] && arg[1] ? strtol(arg[1], NULL, 0) : 0, b = arg[0] && arg[1] && arg[2] ? strtol(arg[2], NULL, 0) : 0;

	if (strcmp(what, "socket") == 0) {
		fds[count] = socket(first, SOCK_DGRAM, 0);
		printf("%d", count++);
	} else if (strcmp(what, "bind") == 0) {
		int n = from_hex(arg[1], buf);

		result(bind(fd, (struct sockaddr *)buf, n));
	} else if (strcmp(what, "connect") == 0) {
		int n = from_hex(arg[1], buf);

		result(connect(fd, (struct sockaddr *)buf, n));
	} else if (strcmp(what, "name") == 0) {
		if (result(getsockname(fd, (struct sockaddr *)buf, &len)) == 0)
			hex("addr", buf, len);
	} else if (strcmp(what, "peer") == 0) {
		if (result(getpeername(fd, (struct sockaddr *)buf, &len)) == 0)
			hex("addr", buf, len);
	} else if (strcmp(what, "shutdown") == 0) {
		result(shutdown(fd, a));
	} else if (strcmp(what, "poll") == 0) {
		struct pollfd p = { .fd = fd, .events = POLLIN | POLLPRI | POLLOUT };

		poll(&p, 1, 0);
		printf("%x", p.revents);
	} else if (strcmp(what, "close") == 0) {
		result(close(fd));
	} else if (strcmp(what, "set") == 0) {
		int n = arg[3] ? from_hex(arg[3], buf) : 0;

		result(setsockopt(fd, a, b, buf, n));
	} else if (strcmp(what, "get") == 0) {
		len = strtol(arg[3], NULL, 0);
		if (result(getsockopt(fd, a, b, buf, &len)) == 0)
			hex("value", buf, len);
	} else if (strcmp(what, "send") == 0) {
		int n = arg[3] ? from_hex(arg[3], buf) : 0;

		for (int i = 0; i < b; i++)
			bytes[i] = i;
		result(sendto(fd, bytes, b, a | MSG_DONTWAIT, n ? (struct sockaddr *)buf : NULL, n));
	} else if (strcmp(what, "recv") == 0) {
		receive(fd, a);
	} else {
		exit(1);
	}
}

int main(void)
{
	while (fgets(line, sizeof(line), stdin)) {
		char *arg[6] = { 0 }, *what = strtok(line, " \n");

		for (int i = 0; i < 5 && (arg[i] = strtok(NULL, " \n")); i++)
			;
		call(what, arg);
		putchar('\n');
		fflush(stdout);
	}
	return 0;
}
