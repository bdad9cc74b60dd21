/*
 * System calls on sockets of datagrams (UDP's unless said otherwise), one a line of standard input, each answered with one line: what it returned (or minus errno) and what it
 * filled in, as hexadecimal bytes. Sockets are numbered from 0.
 *
 *   socket FAMILY [TYPE PROTOCOL] | bind S ADDR | connect S ADDR | name S | peer S | shutdown S HOW | poll S | close S
 *   set S LEVEL NAME BYTES | get S LEVEL NAME LENGTH | send S FLAGS LENGTH [ADDR] | recv S FLAGS
 *   sendmsg S FLAGS LENGTH ADDR|- [LEVEL:TYPE:BYTES]...
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
#define MAX_ARGS 16

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

/* Ancillary data as the caller has it: lengths that are wrong are his. */
static int control_of(char **pieces, unsigned char *control)
{
	int at = 0;

	for (; *pieces; pieces++) {
		struct cmsghdr *c = (struct cmsghdr *)(control + at);
		int level, type, skip = 0, n;

		sscanf(*pieces, "%d:%d:%n", &level, &type, &skip);
		n = from_hex(*pieces + skip, CMSG_DATA(c));
		*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n), .cmsg_level = level, .cmsg_type = type };
		at += CMSG_SPACE(n);
	}
	return at;
}

static void send_with(int fd, int flags, int length, char **arg)
{
	unsigned char name[ROOM];
	static unsigned char control[1024];
	struct iovec iov = { bytes, length };
	int n = strcmp(arg[0], "-") == 0 ? 0 : from_hex(arg[0], name);
	struct msghdr msg = { .msg_name = n ? name : NULL, .msg_namelen = n, .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };

	for (int i = 0; i < length; i++)
		bytes[i] = i;
	memset(control, 0, sizeof(control));
	msg.msg_controllen = control_of(arg + 1, control);
	result(sendmsg(fd, &msg, flags | MSG_DONTWAIT));
}

static void call(char *what, char **arg)
{
	unsigned char buf[256];
	int first = arg[0] ? atoi(arg[0]) : -1, fd = first < 0 ? -1 : fds[first % MAX_SOCKETS];
	socklen_t len = sizeof(buf);
	long a = arg[0] && arg[1] ? strtol(arg[1], NULL, 0) : 0, b = arg[0] && arg[1] && arg[2] ? strtol(arg[2], NULL, 0) : 0;

	if (strcmp(what, "socket") == 0) {
		fds[count] = socket(first, arg[1] ? (int)a : SOCK_DGRAM, (int)b);
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
	} else if (strcmp(what, "sendmsg") == 0) {
		send_with(fd, a, b, arg + 3);
	} else if (strcmp(what, "recv") == 0) {
		receive(fd, a);
	} else {
		exit(1);
	}
}

int main(void)
{
	while (fgets(line, sizeof(line), stdin)) {
		char *arg[MAX_ARGS + 1] = { 0 }, *what = strtok(line, " \n");

		for (int i = 0; i < MAX_ARGS && (arg[i] = strtok(NULL, " \n")); i++)
			;
		call(what, arg);
		putchar('\n');
		fflush(stdout);
	}
	return 0;
}
