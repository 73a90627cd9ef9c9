// SPDX-License-Identifier: Apache-2.0
/*
 * Clients that have sent something, or have even gone again, before anyone accepts: the listener
 * stays readable, order, names, data, descriptors and the end of the connection are as they were.
 */
#include "unix.h"

#include <sys/select.h>

static void check(int l, int c, int kept, const struct uname *name)
{
	struct sockaddr_un a;
	socklen_t len = sizeof(a);
	fd_set set;
	int s, fd;

	FD_ZERO(&set);
	FD_SET(l, &set);
	CHECK_EQ(select(l + 1, &set, NULL, NULL, &(struct timeval){ 0, 0 }), 1);
	/* The first has sent nothing. */
	s = accept4(l, (struct sockaddr *)&a, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	CHECK(s >= 0);
	u_check_name(&a, len, name);
	CHECK(fcntl(s, F_GETFL) & O_NONBLOCK);
	CHECK(fcntl(s, F_GETFD) & FD_CLOEXEC);
	u_expect_nothing(s);
	u_send(c, "late");
	u_expect(s, "late");
	/* The second is still there. */
	s = accept(l, NULL, NULL);
	CHECK(s >= 0 && !(fcntl(s, F_GETFL) & O_NONBLOCK) && !fcntl(s, F_GETFD));
	u_expect(s, "early");
	u_check_peercred(s, getpid());
	u_send(s, "answer");
	u_expect(kept, "answer");
	u_send(kept, "again");
	u_expect(s, "again");
	/* The third is gone, but not what it sent. */
	CHECK_EQ(u_ready(l, POLLIN), POLLIN);
	len = sizeof(a);
	s = accept(l, (struct sockaddr *)&a, &len);
	CHECK(s >= 0);
	u_check_name(&a, len, NULL);
	fd = u_expect_fd(s, "last words");
	CHECK_EQ(write(fd, "x", 1), 1);
	u_expect_end(s);
	CHECK_EQ(u_ready(l, POLLIN), 0);
	CHECK(!fcntl(l, F_SETFL, O_NONBLOCK));
	CHECK(accept(l, NULL, NULL) == -1 && errno == EAGAIN);
}

static void make(int type, struct uname n, struct uname client, int *l, int *c, int *kept)
{
	int gone, null = open("/dev/null", O_WRONLY);

	*l = u_listener(type, n, 3);
	*c = u_bound(type, client);
	CHECK(!u_connect(*c, n));
	*kept = u_connected(type, n);
	u_send(*kept, "early");
	gone = u_connected(type, n);
	u_send_fds(gone, "last words", &null, 1);
	close(gone);
	close(null);
}

int main(int argc, char **argv)
{
	struct uname path, client, aclient;
	int l, c, kept, q, d, dkept;

	prog_init(argc, argv);
	path = u_file("l");
	client = u_file("c");
	aclient = u_abstract("c");
	make(SOCK_STREAM, path, client, &l, &c, &kept);
	make(SOCK_SEQPACKET, u_abstract("l"), aclient, &q, &d, &dkept);
	prog_ready();
	prog_wait();
	check(l, c, kept, &client);
	check(q, d, dkept, &aclient);
	prog_pass();
}
