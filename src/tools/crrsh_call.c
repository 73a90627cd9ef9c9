// SPDX-License-Identifier: Apache-2.0
//
// The part of crrsh that is called. It listens, has a new member of its job started on the node
// that is wanted, and from then on is the command's descriptors, signals and exit status. The first
// that connects and has this call's key is the other part; nobody else is listened to then.
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/err.h"
#include "net/address.h"
#include "net/link.h"
#include "net/listener.h"
#include "net/trust.h"
#include "rsh.pb.h"
#include "tools/crrsh.h"
#include "tools/crrsh_call.h"
#include "tools/crrsh_relay.h"
#include "tools/crrsh_start.h"

static const int passed_on[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

struct call {
	struct cr_rsh_relay relay;
	const struct cr_rsh_options *o;
	struct event_base *base;
	struct cr_trust *trust;
	struct cr_listener *listener;
	struct event *signals[CR_ARRAY_SIZE(passed_on)], *timer;
	struct cr_err *err;
	char addresses[1024]; /* where we listen */
	char key[2 * CR_TRUST_KEY_BYTES + 1];
	bool up, ended;
	int status;
};

/* ---- the link ---- */

static void end_if_all_is_out(struct cr_rsh_relay *r)
{
	struct call *c = r->arg;

	if (c->ended && cr_rsh_relay_empty(r))
		event_base_loopbreak(c->base);
}

static void crrsh_call_on_message(struct cr_link *l, const void *msg, const void *payload,
				  size_t len, void *arg)
{
	struct call *c = arg;
	const cairn_Shell *m = msg;

	switch (m->kind) {
	case cairn_ShellKind_SHELL_DATA:
		if (m->stream == 1 || m->stream == 2)
			cr_rsh_relay_put(&c->relay, m->stream, payload, len);
		break;
	case cairn_ShellKind_SHELL_UNREAD:
		cr_rsh_relay_unread(&c->relay, m->stream);
		break;
	case cairn_ShellKind_SHELL_FAILED:
		cr_fail(c->err, m->status ? m->status : CR_EXIT_CLUSTER, 0, "%s: %s", c->o->node,
			m->error);
		event_base_loopbreak(c->base);
		break;
	case cairn_ShellKind_SHELL_ENDED:
		c->ended = true;
		c->status = m->status;
		end_if_all_is_out(&c->relay);
		break;
	default:
		break;
	}
}

static void crrsh_call_on_drained(struct cr_link *l, void *arg)
{
	struct call *c = arg;

	cr_rsh_relay_drained(&c->relay);
}

static void crrsh_call_on_down(struct cr_link *l, const struct cr_err *why, void *arg)
{
	struct call *c = arg;

	/* What has come is still written out. */
	if (c->ended)
		return;
	cr_fail(c->err, CR_EXIT_CLUSTER, 0, "node %s is lost, and with it the command there (%s)",
		c->o->node, why->text);
	event_base_loopbreak(c->base);
}

static const struct cr_link_handler handler = {
	.type = cairn_Shell_fields,
	.size = sizeof(cairn_Shell),
	.message = crrsh_call_on_message,
	.drained = crrsh_call_on_drained,
	.down = crrsh_call_on_down,
};

static void crrsh_call_accepted(struct cr_link *l, void *arg)
{
	struct call *c = arg;
	int none = 0;

	if (c->up)
		return;
	c->up = true;
	evtimer_del(c->timer);
	cr_listener_free(c->listener);
	c->listener = NULL;
	/* Whoever reads our output may be blocked for as long as it likes. */
	setsockopt(cr_link_fd(l), IPPROTO_TCP, TCP_USER_TIMEOUT, &none, sizeof(none));
	cr_link_handle(l, &handler, c);
	cr_rsh_relay_start(&c->relay, c->base, l);
	c->relay.over = end_if_all_is_out;
	c->relay.arg = c;
	if (c->o->no_input)
		cr_link_send(l, &(cairn_Shell){ .stream = 0 }, NULL, 0);
	else
		cr_rsh_relay_from(&c->relay, 0, fcntl(0, F_DUPFD_CLOEXEC, 3));
	cr_rsh_relay_to(&c->relay, 1, fcntl(1, F_DUPFD_CLOEXEC, 3));
	cr_rsh_relay_to(&c->relay, 2, fcntl(2, F_DUPFD_CLOEXEC, 3));
}

static void crrsh_call_on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct call *c = arg;
	cairn_Shell m = { .kind = cairn_ShellKind_SHELL_SIGNAL, .signal = sig };

	if (c->up) {
		cr_link_send(c->relay.link, &m, NULL, 0);
		return;
	}
	c->status = 128 + sig;
	event_base_loopbreak(c->base);
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct call *c = arg;

	cr_fail(c->err, CR_EXIT_CLUSTER, ETIMEDOUT,
		"a member was started on node %s, but it has not come to %s in %g seconds (what it "
		"says is in its output; --timeout)",
		c->o->node, c->addresses, c->o->timeout);
	event_base_loopbreak(c->base);
}

/* ---- before ---- */

static void add_address(struct call *c, const struct sockaddr *a, unsigned int port)
{
	char text[CR_ADDRESS_TEXT];
	size_t used = strlen(c->addresses);
	struct sockaddr_storage copy = { 0 };

	if (a->sa_family == AF_INET) {
		memcpy(&copy, a, sizeof(struct sockaddr_in));
		((struct sockaddr_in *)&copy)->sin_port = htons(port);
	} else {
		memcpy(&copy, a, sizeof(struct sockaddr_in6));
		((struct sockaddr_in6 *)&copy)->sin6_port = htons(port);
	}
	cr_address_text((struct sockaddr *)&copy, text);
	if (used + strlen(text) + 2 < sizeof(c->addresses))
		snprintf(c->addresses + used, sizeof(c->addresses) - used, "%s%s", used ? "," : "",
			 text);
}

/* As which others may reach us: loopback is last, for nodes that share a host. */
static bool crrsh_call_usable(const struct ifaddrs *i, int family, bool loopback)
{
	if (!i->ifa_addr || i->ifa_addr->sa_family != family || !(i->ifa_flags & IFF_UP) ||
	    !(i->ifa_flags & IFF_LOOPBACK) == loopback)
		return false;
	return family == AF_INET ||
	       !IN6_IS_ADDR_LINKLOCAL(&((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr);
}

static int listen_everywhere(struct call *c)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct ifaddrs *all = NULL, *i;
	int family = AF_INET6, loopback;

	if (getifaddrs(&all))
		return cr_fail(c->err, CR_EXIT_INTERNAL, errno, "this host's addresses");
	/* The older family if there is one. */
	for (i = all; i; i = i->ifa_next)
		if (crrsh_call_usable(i, AF_INET, false) || crrsh_call_usable(i, AF_INET, true))
			family = AF_INET;
	c->listener = cr_link_listen(c->base, family == AF_INET ? (void *)&v4 : (void *)&v6,
				     family == AF_INET ? sizeof(v4) : sizeof(v6), c->trust,
				     crrsh_call_accepted, c, c->err);
	for (loopback = 0; loopback < 2 && c->listener; loopback++)
		for (i = all; i; i = i->ifa_next)
			if (crrsh_call_usable(i, family, loopback))
				add_address(c, i->ifa_addr, cr_listener_port(c->listener));
	freeifaddrs(all);
	return c->listener ? 0 : -EIO;
}

static int make_key(struct call *c)
{
	unsigned char key[CR_TRUST_KEY_BYTES];
	int i;

	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return cr_fail(c->err, CR_EXIT_INTERNAL, errno, "no random numbers");
	for (i = 0; i < CR_TRUST_KEY_BYTES; i++)
		snprintf(c->key + 2 * i, 3, "%02x", key[i]);
	return cr_trust_secret(key, "this call of crrsh", &c->trust, c->err);
}

static int handle_events(struct call *c)
{
	struct timeval patience = { .tv_sec = (time_t)c->o->timeout };
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	c->base = cr_rsh_base();
	c->timer = c->base ? evtimer_new(c->base, on_timeout, c) : NULL;
	for (i = 0; i < CR_ARRAY_SIZE(passed_on) && c->timer; i++) {
		c->signals[i] = evsignal_new(c->base, passed_on[i], crrsh_call_on_signal, c);
		if (!c->signals[i] || evsignal_add(c->signals[i], NULL))
			break;
	}
	if (i < CR_ARRAY_SIZE(passed_on) || evtimer_add(c->timer, &patience))
		return cr_fail(c->err, CR_EXIT_INTERNAL, ENOMEM, "crrsh");
	return 0;
}

/* What a login has, and no more: the rest is of this node and this process. */
static size_t environment(struct call *c, char **env, size_t room)
{
	static const char *const names[] = { "HOME=", "USER=", "LOGNAME=", "SHELL=",
					     "PATH=", "LANG=", "LC_",	   "TZ=" };
	char **e, *text;
	size_t n = 0, i;

	for (e = environ; *e && n + 2 < room; e++)
		for (i = 0; i < CR_ARRAY_SIZE(names); i++)
			if (!strncmp(*e, names[i], strlen(names[i])))
				env[n++] = *e;
	if (asprintf(&text, CR_RSH_KEY_ENV "=%s", c->key) > 0)
		env[n++] = text;
	env[n] = NULL;
	return n;
}

static int crrsh_call_start(struct call *c)
{
	char self[CR_PATH_MAX], *env[64], **argv;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t n = 0, i, nenv;
	int ret;

	self[len > 0 ? len : 0] = 0;
	while (c->o->command[n])
		n++;
	argv = calloc(n + 5, sizeof(*argv));
	if (!argv)
		return cr_fail(c->err, CR_EXIT_INTERNAL, ENOMEM, "crrsh");
	argv[0] = self;
	argv[1] = "--serve";
	argv[2] = c->addresses;
	argv[3] = "--";
	for (i = 0; i < n; i++)
		argv[4 + i] = c->o->command[i];
	nenv = environment(c, env, CR_ARRAY_SIZE(env));
	ret = cr_rsh_start(c->o->node, argv, env, c->err);
	free(env[nenv - 1]);
	free(argv);
	return ret;
}

int cr_rsh_call(const struct cr_rsh_options *o, struct cr_err *err)
{
	struct call c = { .o = o, .err = err };

	if (make_key(&c) || handle_events(&c) || listen_everywhere(&c) || crrsh_call_start(&c))
		return err->status;
	event_base_dispatch(c.base);
	return err->status ? err->status : c.status;
}
