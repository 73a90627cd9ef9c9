// SPDX-License-Identifier: Apache-2.0
//
// What the tests of links share; see net.h.
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "net.h"

#include "common/err.h"
#include "common/io.h"
#include "net/address.h"
#include "net/listener.h"
#include "net/trust.h"

struct event_base *net_base;
struct net_end net_served[64];
unsigned int net_nserved;

static void on_up(struct cr_link *l, void *arg)
{
	struct net_end *end = arg;

	end->ups++;
	if (end->on_up)
		end->on_up(end);
}

static void on_message(struct cr_link *l, const void *msg, const void *payload, size_t len,
		       void *arg)
{
	const cairn_ClusterMsg *m = msg;
	struct net_end *end = arg;

	end->messages++;
	end->bytes += len;
	end->sum += net_sum(payload, len);
	end->last = m->body.heartbeat.sent_ns;
	if (end->echo)
		ck_assert(cr_link_send(l, msg, payload, len));
	if (end->on_message)
		end->on_message(end, payload, len);
}

static void on_drained(struct cr_link *l, void *arg)
{
	struct net_end *end = arg;

	end->drained++;
}

static void on_down(struct cr_link *l, const struct cr_err *why, void *arg)
{
	struct net_end *end = arg;

	end->downs++;
	end->why = *why;
	if (end->on_down)
		end->on_down(end);
	end->link = NULL;
}

const struct cr_link_handler net_handler = {
	.type = cairn_ClusterMsg_fields,
	.size = sizeof(cairn_ClusterMsg),
	.up = on_up,
	.message = on_message,
	.drained = on_drained,
	.down = on_down,
};

void net_setup(void)
{
	unit_setup();
	signal(SIGPIPE, SIG_IGN);
	net_base = event_base_new();
	ck_assert_ptr_nonnull(net_base);
	memset(net_served, 0, sizeof(net_served));
	net_nserved = 0;
}

void net_teardown(void)
{
	event_base_free(net_base);
	unit_teardown();
}

static void stop(evutil_socket_t fd, short what, void *arg)
{
	event_base_loopbreak(net_base);
}

void net_run_ms(int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	struct event *timer = evtimer_new(net_base, stop, NULL);

	evtimer_add(timer, &tv);
	event_base_dispatch(net_base);
	event_free(timer);
}

bool net_run_until(const unsigned int *what, unsigned int n)
{
	struct timeval tv = { .tv_sec = 20 };
	struct event *timer = evtimer_new(net_base, stop, NULL);
	bool late = false;

	evtimer_add(timer, &tv);
	while (*what < n && !late) {
		event_base_loop(net_base, EVLOOP_ONCE);
		late = !evtimer_pending(timer, NULL);
	}
	event_free(timer);
	return *what >= n;
}

uint64_t net_sum(const void *data, size_t len)
{
	return XXH3_64bits(data, len);
}

struct cr_trust *net_key(const char *name)
{
	struct cr_err err = { 0 };
	struct cr_trust *t;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", unit_dir, name);
	if (access(path, F_OK))
		ck_assert_msg(!cr_trust_make_key(path, &err), "%s", err.text);
	ck_assert_msg(!cr_trust_load(&(struct cr_trust_files){ .key = path }, &t, &err), "%s",
		      err.text);
	return t;
}

static void run(const char *format, const char *a, const char *b)
{
	char command[1024];

	snprintf(command, sizeof(command), format, unit_dir, a, b);
	ck_assert_msg(!system(command), "%s", command);
}

struct cr_trust *net_cert(const char *ca, const char *name)
{
	char cert[128], key[128], authority[128];
	struct cr_err err = { 0 };
	struct cr_trust_files files = { .cert = cert, .cert_key = key, .ca = authority };
	struct cr_trust *t;

	snprintf(authority, sizeof(authority), "%s/%s.pem", unit_dir, ca);
	snprintf(cert, sizeof(cert), "%s/%s.pem", unit_dir, name);
	snprintf(key, sizeof(key), "%s/%s.key", unit_dir, name);
	if (access(authority, F_OK))
		run("cd %s && umask 077 && openssl req -x509 -newkey ec -pkeyopt "
		    "ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=%s -keyout %2$s.key "
		    "-out %2$s.pem 2>/dev/null",
		    ca, "");
	if (access(cert, F_OK))
		run("cd %s && umask 077 && openssl req -newkey ec -pkeyopt "
		    "ec_paramgen_curve:P-256 -nodes -subj /CN=%3$s -keyout %3$s.key -out "
		    "%3$s.csr 2>/dev/null && openssl x509 -req -in %3$s.csr -CA %2$s.pem -CAkey "
		    "%2$s.key -CAcreateserial -days 2 -out %3$s.pem 2>/dev/null",
		    ca, name);
	ck_assert_msg(!cr_trust_load(&files, &t, &err), "%s", err.text);
	return t;
}

static void accepted(struct cr_link *l, void *arg)
{
	struct net_end *end = &net_served[net_nserved++ % CR_ARRAY_SIZE(net_served)];

	memset(end, 0, sizeof(*end));
	end->link = l;
	end->echo = true;
	cr_link_handle(l, &net_handler, end);
}

struct cr_listener *net_listen(const struct cr_trust *trust)
{
	struct sockaddr_storage at;
	struct cr_err err = { 0 };
	struct cr_listener *l;
	socklen_t len;

	ck_assert(!cr_address_parse("127.0.0.1:0", &at, &len, &err));
	l = cr_link_listen(net_base, (struct sockaddr *)&at, len, trust, accepted, NULL, &err);
	ck_assert_msg(l != NULL, "%s", err.text);
	return l;
}

static struct sockaddr_in loopback(unsigned int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

void net_connect(struct net_end *end, unsigned int port, const struct cr_trust *trust)
{
	struct sockaddr_in to = loopback(port);

	end->link = cr_link_connect(net_base, (struct sockaddr *)&to, sizeof(to), trust,
				    &net_handler, end);
	ck_assert_ptr_nonnull(end->link);
}

int net_plain_socket(unsigned int port)
{
	struct sockaddr_in to = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert(!connect(fd, (struct sockaddr *)&to, sizeof(to)));
	return fd;
}

bool net_send(struct net_end *end, uint64_t number, const void *payload, size_t len)
{
	cairn_ClusterMsg m = { .which_body = cairn_ClusterMsg_heartbeat_tag,
			       .body.heartbeat.sent_ns = number };

	return cr_link_send(end->link, &m, payload, len);
}
