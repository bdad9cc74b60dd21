/*
 * Holds a TAP of this namespace, which it makes: tap NAME
 *
 * Reads frames that the kernel is to receive, in hexadecimal, one a line; writes those that the kernel sends in the same way. The
 * first line is `ready`.
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_FRAME 66000

static unsigned char frame[MAX_FRAME];
static char text[2 * MAX_FRAME + 2];

/* What poll() tells must not wait in a buffer of stdio: lines are put together here. */
static char input[4 * MAX_FRAME];
static size_t filled;

static void to_kernel(int tap, const char *line, size_t length)
{
	size_t n = 0;

	for (; 2 * n + 1 < length; n++) {
		unsigned byte;

		sscanf(line + 2 * n, "%2x", &byte);
		frame[n] = byte;
	}
	/* A device that is down takes nothing. */
	if (write(tap, frame, n) < 0)
		return;
}

static void from_kernel(int tap)
{
	ssize_t n = read(tap, frame, sizeof(frame));
	size_t at = 0;

	if (n < 0)
		return;
	for (ssize_t i = 0; i < n; i++) {
		static const char digits[] = "0123456789abcdef";

		text[at++] = digits[frame[i] >> 4];
		text[at++] = digits[frame[i] & 15];
	}
	text[at++] = '\n';
	fwrite(text, 1, at, stdout);
	fflush(stdout);
}

/* Whether there may be more. */
static int take_lines(int tap)
{
	ssize_t n = read(0, input + filled, sizeof(input) - filled);
	char *end, *line = input;

	if (n <= 0)
		return 0;
	filled += n;
	while ((end = memchr(line, '\n', input + filled - line)) != NULL) {
		to_kernel(tap, line, end - line);
		line = end + 1;
	}
	filled -= line - input;
	memmove(input, line, filled);
	return 1;
}

int main(int argc, char **argv)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	strncpy(ifr.ifr_name, argc > 1 ? argv[1] : "tap0", IFNAMSIZ - 1);
	if (tap < 0 || ioctl(tap, TUNSETIFF, &ifr) < 0) {
		perror("/dev/net/tun");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct pollfd both[2] = { { .fd = 0, .events = POLLIN }, { .fd = tap, .events = POLLIN } };

		if (poll(both, 2, -1) < 0)
			return 1;
		if (both[1].revents)
			from_kernel(tap);
		if (both[0].revents && !take_lines(tap))
			return 0;
	}
}
