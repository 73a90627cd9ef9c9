// SPDX-License-Identifier: Apache-2.0
//
// What strangers send to a listener, and frames as no friend sends them: cut anywhere, of lengths
// that none may have. A good link goes on all the while.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io.h"
#include "net.h"
#include "net/listener.h"
#include "net/trust.h"

static struct net_end good;
static struct cr_trust *trust;
static struct cr_listener *listener;
static unsigned int port;

static void setup(void)
{
	net_setup();
	memset(&good, 0, sizeof(good));
	trust = net_key("key");
	listener = net_listen(trust);
	port = cr_listener_port(listener);
	net_connect(&good, port, trust);
	ck_assert(net_run_until(&good.ups, 1));
}

static void teardown(void)
{
	cr_link_close(good.link);
	cr_link_close(net_served[0].link);
	net_run_ms(50);
	cr_listener_free(listener);
	cr_trust_free(trust);
	net_teardown();
}

/* The good link is there as before, and new ones come through. */
static void check_service(void)
{
	unsigned int n = good.messages;
	struct net_end more = { 0 };

	ck_assert(net_send(&good, n, "still", 5));
	ck_assert(net_run_until(&good.messages, n + 1));
	net_connect(&more, port, trust);
	ck_assert(net_run_until(&more.ups, 1));
	cr_link_close(net_served[net_nserved - 1].link);
	ck_assert(net_run_until(&more.downs, 1));
}

/* Reads until the other end has closed; how much came. */
static size_t read_to_end(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096];
	size_t got = 0;
	int turns;

	for (turns = 0; turns < 1000; turns++) {
		ssize_t n;

		net_run_ms(5);
		if (!poll(&p, 1, 0))
			continue;
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n <= 0)
			return got;
		got += n;
	}
	ck_abort_msg("never closed");
	return 0;
}

/* Nothing but a TLS alert is answered to what proves nothing. */
START_TEST(test_strangers)
{
	static const char *const says[] = {
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"SSH-2.0-OpenSSH_9.2\r\n",
		"CAIRN\1\r\n\0\0\0\0",
		"\x16\x03\x01\x40\x00garbage in a record of TLS, long enough to be looked at",
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(says); i++) {
		int fd = net_plain_socket(port);

		ck_assert(!cr_write_all(fd, says[i], strlen(says[i])));
		if (i == 3)
			shutdown(fd, SHUT_WR);
		ck_assert_uint_le(read_to_end(fd), 7);
		close(fd);
		check_service();
	}
}
END_TEST

#define CROWD 2000

START_TEST(test_crowd)
{
	static int fds[CROWD];
	uint64_t rng = 3;
	unsigned int i, before = unit_open_fds();
	unsigned char noise[64];

	for (i = 0; i < CROWD; i++) {
		size_t k, n = i % 3 ? sizeof(noise) : 0;

		for (k = 0; k < n; k++)
			noise[k] = sample_random(&rng) >> 24;
		fds[i] = net_plain_socket(port);
		/* A third is silent. */
		if (n)
			send(fds[i], noise, n, MSG_NOSIGNAL);
		if (i % 100 == 0)
			net_run_ms(1);
		if (i % 500 == 499)
			check_service();
		ck_assert_int_lt(unit_open_fds(), before + 2 * i + 700);
	}
	check_service();
	ck_assert_int_le(unit_open_fds(), before + CROWD + 520);
	for (i = 0; i < CROWD; i++)
		close(fds[i]);
	check_service();
	net_run_ms(200);
	ck_assert_int_le(unit_open_fds(), before + 4);
}
END_TEST

/* The silent are cut off. */
START_TEST(test_silent)
{
	int fd = net_plain_socket(port);
	int64_t begin = cr_now_ns(CLOCK_MONOTONIC);

	ck_assert_uint_eq(read_to_end(fd), 0);
	ck_assert_int_gt(cr_now_ns(CLOCK_MONOTONIC) - begin, 3000000000);
	close(fd);
	check_service();
}
END_TEST

static void adopt(struct net_end *end, int pair[2])
{
	memset(end, 0, sizeof(*end));
	ck_assert(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	end->link = cr_link_adopt(net_base, pair[0], &net_handler, end);
	ck_assert_ptr_nonnull(end->link);
}

static size_t encode(unsigned char *room, size_t size, uint64_t number, const char *payload)
{
	cairn_ClusterMsg m = { .which_body = cairn_ClusterMsg_heartbeat_tag,
			       .body.heartbeat.sent_ns = number };
	ssize_t n = cr_frame_encode(room, size, cairn_ClusterMsg_fields, &m, strlen(payload));

	ck_assert_int_gt(n, 0);
	memcpy(room + n, payload, strlen(payload));
	return n + strlen(payload);
}

/* Two messages, cut at each place. */
START_TEST(test_cut)
{
	unsigned char room[256];
	size_t cut, n = encode(room, 128, 1, "payload");

	n += encode(room + n, 128, 2, "");
	for (cut = 0; cut <= n; cut++) {
		struct net_end end;
		int pair[2];

		adopt(&end, pair);
		ck_assert(!cr_write_all(pair[1], room, cut));
		net_run_ms(1);
		ck_assert(!cr_write_all(pair[1], room + cut, n - cut));
		ck_assert(net_run_until(&end.messages, 2));
		ck_assert_uint_eq(end.bytes, 7);
		ck_assert_uint_eq(end.last, 2);
		/* And an end in the middle. */
		ck_assert(!cr_write_all(pair[1], room, cut % 20));
		close(pair[1]);
		ck_assert(net_run_until(&end.downs, 1));
	}
}
END_TEST

static void expect_end(const void *bytes, size_t n, const char *words)
{
	struct net_end end;
	int pair[2];

	adopt(&end, pair);
	ck_assert(!cr_write_all(pair[1], bytes, n));
	ck_assert(net_run_until(&end.downs, 1));
	unit_refused(-1, &end.why, CR_EXIT_CLUSTER, words);
	ck_assert_int_eq(end.why.error, EPROTO);
	ck_assert_uint_eq(end.messages, 0);
	close(pair[1]);
}

START_TEST(test_lengths)
{
	static const struct cr_frame_header heads[] = {
		{ CR_LINK_MESSAGE_MAX + 1, 0 },
		{ 0, CR_LINK_PAYLOAD_MAX + 1 },
		{ UINT32_MAX, UINT32_MAX },
		{ 0x20544547, 0x5448202f }, /* "GET / HT" */
	};
	struct {
		struct cr_frame_header head;
		unsigned char bytes[4];
	} bad = { { 4, 0 }, { 0xff, 0xff, 0xff, 0xff } };
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(heads); i++) {
		cairn_ClusterMsg m;
		size_t len;
		void *payload;
		int pair[2];

		expect_end(&heads[i], sizeof(heads[i]), "longer than any");
		ck_assert(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
		ck_assert(!cr_write_all(pair[1], &heads[i], sizeof(heads[i])));
		ck_assert_int_eq(cr_frame_recv(pair[0], cairn_ClusterMsg_fields, &m, &payload, &len,
					       1000),
				 -EPROTO);
		close(pair[0]);
		close(pair[1]);
	}
	expect_end(&bad, sizeof(bad), "cannot be understood");
}
END_TEST

TCase *unit_net_attack(void)
{
	TCase *t = tcase_create("net-attack");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_strangers);
	tcase_add_test(t, test_crowd);
	tcase_add_test(t, test_silent);
	tcase_add_test(t, test_cut);
	tcase_add_test(t, test_lengths);
	return t;
}
