/*
 * Holds the far ends of links: wire QUIET_MS DEV...
 *
 * Reads lines `INDEX HEX...` (frames to send by the device of that place in the arguments) and `wait MS`; after each writes the frames
 * that came in until nothing has come for QUIET_MS (or for MS), one `INDEX HEX` a line, and a line `.`.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_PORTS 16
#define MAX_FRAME 66000

static struct pollfd ports[MAX_PORTS];
static int count;
static unsigned char frame[MAX_FRAME];
static char line[1 << 20];

static int open_port(const char *name)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int on = 1, size = 16 << 20, fd = socket(AF_PACKET, SOCK_RAW, 0);

	addr.sll_ifindex = if_nametoindex(name);
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (fd < 0 || addr.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

static void drain(int quiet_ms)
{
	while (poll(ports, count, quiet_ms) > 0) {
		for (int i = 0; i < count; i++) {
			ssize_t n;

			if (!(ports[i].revents & POLLIN))
				continue;
			n = recv(ports[i].fd, frame, sizeof(frame), MSG_DONTWAIT);
			if (n < 0)
				continue;
			printf("%d ", i);
			for (ssize_t k = 0; k < n; k++)
				printf("%02x", frame[k]);
			putchar('\n');
		}
	}
	puts(".");
	fflush(stdout);
}

static void pass_time(int ms)
{
	struct timespec t = { ms / 1000, (ms % 1000) * 1000000L };

	nanosleep(&t, NULL);
	drain(0);
}

static void send_frames(const char *text, int quiet_ms)
{
	int port = atoi(text);

	if (port < 0 || port >= count)
		exit(1);
	text = strchr(text, ' ');
	while (text && *text == ' ') {
		int n = 0;

		for (text++; text[0] > ' ' && text[1] > ' '; text += 2, n++) {
			unsigned byte;

			sscanf(text, "%2x", &byte);
			frame[n] = byte;
		}
		if (send(ports[port].fd, frame, n, 0) != n)
			perror("send");
	}
	drain(quiet_ms);
}

int main(int argc, char **argv)
{
	int quiet_ms = argc > 1 ? atoi(argv[1]) : 1;

	for (int i = 2; i < argc && count < MAX_PORTS; i++)
		ports[count++] = (struct pollfd){ .fd = open_port(argv[i]), .events = POLLIN };
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (strncmp(line, "wait ", 5) == 0)
			pass_time(atoi(line + 5));
		else
			send_frames(line, quiet_ms);
	}
	return 0;
}
