// SPDX-License-Identifier: Apache-2.0
/* One receiver, many senders: each message tells where it came from, also if that is gone. */
#include "unix.h"

static void expect_from(int fd, const char *text, const struct uname *name)
{
	struct sockaddr_un a;
	socklen_t len = sizeof(a);
	char buf[64];

	CHECK_EQ(recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&a, &len), strlen(text));
	CHECK(!memcmp(buf, text, strlen(text)));
	if (name)
		u_check_name(&a, len, name);
	else
		CHECK_EQ(len, 0);
}

static void send_to(int fd, const char *text, const struct uname *to)
{
	CHECK_EQ(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to->a, to->len),
		 strlen(text));
}

int main(int argc, char **argv)
{
	struct uname to, path, abstract, dead, deadabs;
	int r, p, a, u, gone, gone2;

	prog_init(argc, argv);
	to = u_file("receiver");
	path = u_file("sender");
	abstract = u_abstract("sender");
	dead = u_file("dead");
	deadabs = u_abstract("dead");
	r = u_bound(SOCK_DGRAM, to);
	p = u_bound(SOCK_DGRAM, path);
	a = u_bound(SOCK_DGRAM, abstract);
	u = u_socket(SOCK_DGRAM);
	gone = u_bound(SOCK_DGRAM, dead);
	gone2 = u_bound(SOCK_DGRAM, deadabs);
	send_to(p, "path", &to);
	send_to(u, "nobody", &to);
	send_to(gone, "dead", &to);
	send_to(a, "abstract", &to);
	send_to(gone2, "dead too", &to);
	send_to(p, "path again", &to);
	close(gone);
	close(gone2);
	prog_ready();
	prog_wait();
	expect_from(r, "path", &path);
	expect_from(r, "nobody", NULL);
	expect_from(r, "dead", &dead);
	expect_from(r, "abstract", &abstract);
	expect_from(r, "dead too", &deadabs);
	expect_from(r, "path again", &path);
	u_expect_nothing(r);
	send_to(r, "answer", &abstract);
	expect_from(a, "answer", &to);
	send_to(r, "answer", &path);
	expect_from(p, "answer", &to);
	CHECK(!bind(u_socket(SOCK_DGRAM), (struct sockaddr *)&deadabs.a, deadabs.len));
	prog_pass();
}
