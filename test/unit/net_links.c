// SPDX-License-Identifier: Apache-2.0
//
// Links and trust: who gets in, what is said of who does not, messages whole and in order, the
// ways in which a link ends.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io.h"
#include "net.h"
#include "net/listener.h"
#include "net/trust.h"

static struct net_end a, b;
static struct cr_trust *trust;
static struct cr_listener *listener;
static unsigned int port;

static void setup(void)
{
	net_setup();
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	trust = net_key("key");
	listener = net_listen(trust);
	port = cr_listener_port(listener);
}

static void close_all(void)
{
	unsigned int i;

	if (a.link)
		cr_link_close(a.link);
	if (b.link)
		cr_link_close(b.link);
	for (i = 0; i < CR_ARRAY_SIZE(net_served); i++) {
		if (net_served[i].link)
			cr_link_close(net_served[i].link);
		net_served[i].link = NULL;
	}
	a.link = b.link = NULL;
	net_run_ms(50);
}

static void teardown(void)
{
	close_all();
	cr_listener_free(listener);
	cr_trust_free(trust);
	net_teardown();
}

static void expect_down(struct net_end *end, int status, const char *words)
{
	ck_assert(net_run_until(&end->downs, 1));
	ck_assert_uint_eq(end->ups, 0);
	unit_refused(-1, &end->why, status, words);
}

START_TEST(test_key)
{
	net_connect(&a, port, trust);
	ck_assert(!net_send(&a, 1, NULL, 0));
	ck_assert(net_run_until(&a.ups, 1));
	ck_assert_uint_eq(net_nserved, 1);
	ck_assert(net_send(&a, 7, "hello", 5));
	ck_assert(net_run_until(&a.messages, 1));
	ck_assert_uint_eq(a.last, 7);
	ck_assert_uint_eq(a.bytes, 5);
	ck_assert_uint_eq(a.sum, net_sum("hello", 5));
	ck_assert_ptr_nonnull(strstr(cr_link_peer(a.link), "127.0.0.1:"));
	cr_link_close(net_served[0].link);
	net_served[0].link = NULL;
	ck_assert(net_run_until(&a.downs, 1));
	unit_refused(-1, &a.why, CR_EXIT_CLUSTER, "closed the connection");
	ck_assert_int_eq(a.why.error, 0);
}
END_TEST

START_TEST(test_wrong_key)
{
	struct cr_trust *other = net_key("other");

	net_connect(&a, port, other);
	expect_down(&a, CR_EXIT_TRUST, "wrong key");
	ck_assert_ptr_nonnull(strstr(a.why.text, "/other"));
	ck_assert_uint_eq(net_nserved, 0);
	cr_trust_free(other);
}
END_TEST

START_TEST(test_certificates)
{
	struct cr_trust *one = net_cert("ca", "one"), *two = net_cert("ca", "two");
	struct cr_trust *foreign = net_cert("ca2", "three");
	struct cr_listener *l = net_listen(one);

	net_connect(&a, cr_listener_port(l), two);
	ck_assert(net_run_until(&a.ups, 1));
	ck_assert(net_send(&a, 9, NULL, 0));
	ck_assert(net_run_until(&a.messages, 1));
	net_connect(&b, cr_listener_port(l), foreign);
	expect_down(&b, CR_EXIT_TRUST, "wrong certificate");
	memset(&b, 0, sizeof(b));
	/* A key where certificates are wanted, and the other way round. */
	net_connect(&b, cr_listener_port(l), trust);
	expect_down(&b, CR_EXIT_TRUST, "wrong");
	memset(&b, 0, sizeof(b));
	net_connect(&b, port, one);
	expect_down(&b, CR_EXIT_TRUST, "wrong");
	ck_assert_uint_eq(net_nserved, 1);
	close_all();
	cr_listener_free(l);
	cr_trust_free(one);
	cr_trust_free(two);
	cr_trust_free(foreign);
}
END_TEST

/* The client's certificate is signed by another authority, while it believes in the server's. */
START_TEST(test_certificate_refused)
{
	struct cr_trust *one = net_cert("ca", "one"), *odd;
	char cert[128], key[128], ca[128];
	struct cr_err err = { 0 };
	struct cr_listener *l = net_listen(one);

	cr_trust_free(net_cert("ca2", "three"));
	snprintf(cert, sizeof(cert), "%s/three.pem", unit_dir);
	snprintf(key, sizeof(key), "%s/three.key", unit_dir);
	snprintf(ca, sizeof(ca), "%s/ca.pem", unit_dir);
	ck_assert(!cr_trust_load(
		&(struct cr_trust_files){ .cert = cert, .cert_key = key, .ca = ca }, &odd, &err));
	net_connect(&a, cr_listener_port(l), odd);
	expect_down(&a, CR_EXIT_TRUST, "wrong certificate");
	ck_assert_uint_eq(net_nserved, 0);
	cr_listener_free(l);
	cr_trust_free(one);
	cr_trust_free(odd);
}
END_TEST

START_TEST(test_refused)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert(!bind(fd, (struct sockaddr *)&at, len));
	ck_assert(!getsockname(fd, (struct sockaddr *)&at, &len));
	net_connect(&a, ntohs(at.sin_port), trust);
	expect_down(&a, CR_EXIT_CLUSTER, "cannot be reached");
	ck_assert_int_eq(a.why.error, ECONNREFUSED);
	close(fd);
}
END_TEST

/* What listens is something else: it says something, it closes, it is silent. */
START_TEST(test_foreign_server)
{
	static const char *const says[] = { "SSH-2.0-OpenSSH_9.2\r\n",
					    "HTTP/1.1 400 Bad Request\r\n\r\n", NULL };
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(at);
	size_t i;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert(!bind(fd, (struct sockaddr *)&at, len) && !listen(fd, 4));
	ck_assert(!getsockname(fd, (struct sockaddr *)&at, &len));
	for (i = 0; i < CR_ARRAY_SIZE(says); i++) {
		int peer;

		memset(&a, 0, sizeof(a));
		net_connect(&a, ntohs(at.sin_port), trust);
		peer = accept(fd, NULL, NULL);
		if (says[i])
			ck_assert(!cr_write_all(peer, says[i], strlen(says[i])));
		else
			shutdown(peer, SHUT_WR);
		expect_down(&a, CR_EXIT_CLUSTER,
			    says[i] ? "not Cairn" : "closed the connection before");
		close(peer);
	}
	memset(&a, 0, sizeof(a));
	net_connect(&a, ntohs(at.sin_port), trust);
	expect_down(&a, CR_EXIT_CLUSTER, "not proved");
	ck_assert_int_eq(a.why.error, ETIMEDOUT);
	close(fd);
}
END_TEST

/* It breaks without a word: told apart from a close. */
START_TEST(test_broken)
{
	struct linger now = { .l_onoff = 1 };

	net_connect(&a, port, trust);
	ck_assert(net_run_until(&a.ups, 1));
	shutdown(cr_link_fd(a.link), SHUT_WR);
	ck_assert(net_run_until(&net_served[0].downs, 1));
	unit_refused(-1, &net_served[0].why, CR_EXIT_CLUSTER, "broke");
	ck_assert_int_eq(net_served[0].why.error, ECONNRESET);
	memset(&b, 0, sizeof(b));
	net_connect(&b, port, trust);
	ck_assert(net_run_until(&b.ups, 1));
	setsockopt(cr_link_fd(b.link), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	ck_assert(!dup2(open("/dev/null", O_RDWR), cr_link_fd(b.link)) || true);
	ck_assert(net_run_until(&net_served[1].downs, 1));
	unit_refused(-1, &net_served[1].why, CR_EXIT_CLUSTER, "broke");
}
END_TEST

#define BIG (CR_LINK_PAYLOAD_MAX)

/* Payloads of the largest size both ways at once, in order. */
START_TEST(test_big)
{
	unsigned char *data = malloc(BIG);
	uint64_t rng = 1, sum = 0;
	size_t i, n = 0;

	for (i = 0; i < BIG; i++)
		data[i] = sample_random(&rng) >> 32;
	net_connect(&a, port, trust);
	ck_assert(net_run_until(&a.ups, 1));
	ck_assert(!net_send(&a, 0, data, BIG + 1));
	for (i = 0; i < 6; i++) {
		size_t len = i ? BIG >> i : BIG;

		ck_assert(net_send(&a, i, data, len));
		sum += net_sum(data, len);
		n += len;
	}
	ck_assert_uint_gt(cr_link_backlog(a.link), BIG);
	ck_assert(net_run_until(&a.messages, 6));
	ck_assert_uint_eq(a.bytes, n);
	ck_assert_uint_eq(a.sum, sum);
	ck_assert_uint_eq(a.last, 5);
	ck_assert_uint_ge(a.drained, 1);
	ck_assert_uint_eq(cr_link_backlog(a.link), 0);
	free(data);
}
END_TEST

START_TEST(test_many_small)
{
	unsigned int i;

	net_connect(&a, port, trust);
	ck_assert(net_run_until(&a.ups, 1));
	for (i = 0; i < 10000; i++)
		ck_assert(net_send(&a, i, &i, i % 5));
	ck_assert(net_run_until(&a.messages, 10000));
	ck_assert_uint_eq(a.last, 9999);
}
END_TEST

static void pause_it(struct net_end *end, const void *payload, size_t len)
{
	cr_link_pause(end->link, true);
}

/* Stopped after each message; nothing is lost that OpenSSL had read already. */
START_TEST(test_pause)
{
	unsigned int i;

	net_connect(&a, port, trust);
	ck_assert(net_run_until(&a.ups, 1));
	a.on_message = pause_it;
	for (i = 0; i < 20; i++)
		ck_assert(net_send(&a, i, "x", 1));
	for (i = 1; i <= 20; i++) {
		ck_assert(net_run_until(&a.messages, i));
		if (i == 10)
			net_run_ms(20);
		ck_assert_uint_eq(a.messages, i);
		cr_link_pause(a.link, false);
	}
}
END_TEST

static void close_it(struct net_end *end, const void *payload, size_t len)
{
	cr_link_close(end->link);
	end->link = NULL;
}

static void close_up(struct net_end *end)
{
	ck_assert(net_send(end, 1, "bye", 3));
	close_it(end, NULL, 0);
}

static void close_down(struct net_end *end)
{
	cr_link_close(end->link);
}

START_TEST(test_close_in_callbacks)
{
	/* In message(), with more messages waiting. */
	net_connect(&a, port, trust);
	ck_assert(net_run_until(&a.ups, 1));
	a.on_message = close_it;
	ck_assert(net_send(&a, 1, NULL, 0) && net_send(&a, 2, NULL, 0));
	ck_assert(net_run_until(&net_served[0].downs, 1));
	ck_assert_uint_eq(a.messages, 1);
	ck_assert_uint_eq(a.downs, 0);
	ck_assert_int_eq(net_served[0].why.error, 0);
	/* In up(): what was sent before arrives all the same. */
	b.on_up = close_up;
	net_connect(&b, port, trust);
	ck_assert(net_run_until(&net_nserved, 2));
	ck_assert(net_run_until(&net_served[1].downs, 1));
	ck_assert_uint_eq(net_served[1].messages, 1);
	/* In down(). */
	memset(&b, 0, sizeof(b));
	b.on_down = close_down;
	net_connect(&b, port, trust);
	ck_assert(net_run_until(&b.ups, 1));
	cr_link_close(net_served[2].link);
	net_served[2].link = NULL;
	ck_assert(net_run_until(&b.downs, 1));
	/* Before it is connected. */
	memset(&b, 0, sizeof(b));
	net_connect(&b, port, trust);
	cr_link_close(b.link);
	b.link = NULL;
	net_run_ms(20);
	ck_assert_uint_eq(b.downs, 0);
}
END_TEST

/* Close sends all that is queued, though the other side sends as well. */
START_TEST(test_close_flushes)
{
	static char data[4 << 20];
	unsigned int i;

	net_connect(&a, port, trust);
	ck_assert(net_run_until(&a.ups, 1));
	net_served[0].echo = false;
	for (i = 0; i < 4; i++) {
		ck_assert(net_send(&a, i, data, sizeof(data)));
		ck_assert(net_send(&net_served[0], i, data, 100000));
	}
	cr_link_close(a.link);
	a.link = NULL;
	ck_assert(net_run_until(&net_served[0].downs, 1));
	ck_assert_uint_eq(net_served[0].messages, 4);
	ck_assert_int_eq(net_served[0].why.error, 0);
	ck_assert_uint_eq(a.downs, 0);
}
END_TEST

START_TEST(test_limit)
{
	static char data[1 << 20];
	int64_t begin;

	net_connect(&a, port, trust);
	ck_assert(net_run_until(&a.ups, 1));
	net_served[0].echo = false;
	cr_link_limit(a.link, 1 << 20, 0);
	begin = cr_now_ns(CLOCK_MONOTONIC);
	ck_assert(net_send(&a, 1, data, sizeof(data)) && net_send(&a, 1, data, sizeof(data)) &&
		  net_send(&a, 1, data, sizeof(data)));
	ck_assert(net_run_until(&net_served[0].messages, 3));
	ck_assert_int_gt(cr_now_ns(CLOCK_MONOTONIC) - begin, 1000000000);
	cr_link_limit(a.link, 0, 0);
	ck_assert(net_send(&a, 1, data, sizeof(data)));
	ck_assert(net_run_until(&net_served[0].messages, 4));
}
END_TEST

START_TEST(test_unix)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct cr_listener *l;
	struct cr_err err = { 0 };
	cairn_ClusterMsg m = { .which_body = cairn_ClusterMsg_heartbeat_tag };
	size_t len;
	void *payload;
	int pair[2];

	ck_assert(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	a.link = cr_link_adopt(net_base, pair[0], &net_handler, &a);
	a.echo = true;
	m.body.heartbeat.sent_ns = 5;
	ck_assert(!cr_frame_send(pair[1], cairn_ClusterMsg_fields, &m, "abc", 3, 1000));
	ck_assert_int_eq(cr_frame_recv(pair[1], cairn_ClusterMsg_fields, &m, &payload, &len, 0),
			 -ETIMEDOUT);
	ck_assert(net_run_until(&a.messages, 1));
	ck_assert_uint_eq(a.ups, 1);
	net_run_ms(10);
	ck_assert_int_eq(cr_frame_recv(pair[1], cairn_ClusterMsg_fields, &m, &payload, &len, 1000),
			 1);
	ck_assert_uint_eq(m.body.heartbeat.sent_ns, 5);
	ck_assert_uint_eq(len, 3);
	ck_assert_mem_eq(payload, "abc", 3);
	free(payload);
	close(pair[1]);
	ck_assert(net_run_until(&a.downs, 1));
	ck_assert_int_eq(a.why.error, 0);
	/* A socket with a name; one that a killed daemon left is taken over, one in use is not. */
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/sock", unit_dir);
	pair[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert(!bind(pair[0], (struct sockaddr *)&at, sizeof(at)));
	close(pair[0]);
	l = cr_link_listen(net_base, (struct sockaddr *)&at, sizeof(at), NULL, NULL, NULL, &err);
	ck_assert_msg(l != NULL, "%s", err.text);
	ck_assert_ptr_null(cr_link_listen(net_base, (struct sockaddr *)&at, sizeof(at), NULL, NULL,
					  NULL, &err));
	unit_refused(-1, &err, CR_EXIT_EXISTS, "cannot listen");
	cr_listener_free(l);
	/* Nothing but a unix socket may do without trust. */
	cr_err_clear(&err);
	at.sun_family = AF_INET;
	ck_assert_ptr_null(cr_link_listen(net_base, (struct sockaddr *)&at,
					  sizeof(struct sockaddr_in), NULL, NULL, NULL, &err));
	unit_refused(-1, &err, CR_EXIT_TRUST, "no key");
}
END_TEST

TCase *unit_net(void)
{
	TCase *t = tcase_create("net");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_key);
	tcase_add_test(t, test_wrong_key);
	tcase_add_test(t, test_certificates);
	tcase_add_test(t, test_certificate_refused);
	tcase_add_test(t, test_refused);
	tcase_add_test(t, test_foreign_server);
	tcase_add_test(t, test_broken);
	tcase_add_test(t, test_big);
	tcase_add_test(t, test_many_small);
	tcase_add_test(t, test_pause);
	tcase_add_test(t, test_close_in_callbacks);
	tcase_add_test(t, test_close_flushes);
	tcase_add_test(t, test_limit);
	tcase_add_test(t, test_unix);
	return t;
}
