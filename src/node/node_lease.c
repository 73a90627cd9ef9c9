// SPDX-License-Identifier: Apache-2.0
//
// The node's lease: until when the members here may live. CLOCK_BOOTTIME, which goes on while the
// host sleeps and never jumps. What renews it counts from when the node asked, not from when the
// answer was read: so an answer that lay in a socket while the node stood still renews nothing.
//
// Shepherds end their members by themselves; what does not end then is ended from outside. A new
// crnode on the same boot finds the lease in the lock file of the store.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "common/err.h"
#include "net/address.h"
#include "node/beat.h"
#include "node/message.h"
#include "node/node_lease.h"
#include "node/node_run.h"

#define DEFAULT_LEASE_MS 2000
#define DEFAULT_HEARTBEAT_MS 250
#define LATE_NS 100000000ll

static void node_lease_keep(struct cr_node *n)
{
	char line[256];
	int len = snprintf(line, sizeof(line), "%-40s %20lld %10u %-80s\n", n->boot_id,
			   (long long)n->lease.until_ns, n->lease.ms, n->up.at[0].text);

	if (pwrite(n->lock, line, len, 0) < 0)
		cr_say("cannot note the lease in the store: %s", strerror(errno));
}

static void node_lease_set_timer(struct cr_node *n)
{
	int64_t left = n->lease.until_ns - cr_node_now();
	struct timeval t = { 0 };

	if (left > 0)
		t = (struct timeval){ left / 1000000000, left % 1000000000 / 1000 + 1 };
	event_add(n->lease.timer, &t);
}

/* libevent's clock may be a little early. */
static void on_over(int fd, short what, void *arg)
{
	if (cr_lease_look(arg))
		node_lease_set_timer(arg);
}

int cr_lease_init(struct cr_node *n, struct cr_err *err)
{
	char path[PATH_MAX + 80], line[256] = "", boot[41];
	char coordinator[CR_ADDRESS_TEXT + 1] = "";
	long long until;
	unsigned int ms;

	n->lease.ms = DEFAULT_LEASE_MS;
	n->lease.heartbeat_ms = DEFAULT_HEARTBEAT_MS;
	n->lease.over = true;
	/* Before the store is opened, which clears up what a crash has left. */
	cr_mkdir_p(n->options.store, n->privileged ? 0711 : 0700);
	if (!realpath(n->options.store, n->store))
		return cr_fail(err, CR_EXIT_IO, errno, "cannot use the store %s", n->options.store);
	snprintf(path, sizeof(path), "%s/node.%s.lease", n->store, n->name);
	n->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (n->lock < 0)
		return cr_fail(err, CR_EXIT_IO, errno, "cannot use the store: %s", path);
	if (flock(n->lock, LOCK_EX | LOCK_NB))
		return cr_fail(err, CR_EXIT_EXISTS, 0,
			       "a crnode of the name %s is running with the store %s", n->name,
			       n->store);
	n->lease.timer = evtimer_new(n->base, on_over, n);
	if (pread(n->lock, line, sizeof(line) - 1, 0) > 0 &&
	    sscanf(line, "%40s %lld %u %80s", boot, &until, &ms, coordinator) >= 3 &&
	    !strcmp(boot, n->boot_id)) {
		/* A refusal means something only of where the coordinator was. */
		n->up.once = !strcmp(coordinator, n->up.at[0].text);
		n->lease.until_ns = until;
		n->lease.ms = ms;
		n->lease.over = false;
		node_lease_set_timer(n);
	}
	return cr_beats_init(n, err);
}

unsigned int cr_lease_left(const struct cr_node *n)
{
	int64_t left = n->lease.until_ns - cr_node_now();

	return left > 0 && !n->lease.over ? left / 1000000 : 0;
}

bool cr_lease_look(struct cr_node *n)
{
	int64_t now = cr_node_now(), late;
	struct cr_node_member *m;
	unsigned int count = 0;

	if (n->lease.over)
		return false;
	/* Heartbeats may have made it longer meanwhile. */
	n->lease.until_ns = cr_beats_until(n, now);
	late = now - n->lease.until_ns;
	if (late < 0)
		return true;
	n->lease.over = true;
	for (m = n->members; m; m = m->next) {
		if (m->ended)
			continue;
		m->fenced = true;
		m->late = late >= LATE_NS;
		count++;
	}
	cr_node_dirty(n);
	if (count)
		cr_say("the lease is over: %u members of jobs are ended", count);
	return false;
}

void cr_lease_tell(struct cr_node *n, struct cr_node_member *m)
{
	cairn_ClusterMsg *out;

	if (!m->client || m->ended || m->fenced || n->lease.over)
		return;
	out = cr_node_message(n, cairn_ClusterMsg_lease_tag);
	out->body.lease.ms = cr_lease_left(n);
	out->body.lease.until_ns = n->lease.until_ns;
	cr_local_send(m->client, out, NULL, 0);
}

void cr_lease_renew(struct cr_node *n, int64_t from_ns, unsigned int ms)
{
	int64_t until = from_ns + ms * 1000000ll;
	struct cr_node_member *m;

	cr_lease_look(n);
	if (until <= n->lease.until_ns || until <= cr_node_now())
		return;
	/* Should it have ended just now, the members end all the same. */
	if (!cr_beats_renew(n, until, n->lease.over) &&
	    (cr_lease_look(n) || !cr_beats_renew(n, until, true)))
		return;
	n->lease.until_ns = until;
	n->lease.over = false;
	node_lease_keep(n);
	node_lease_set_timer(n);
	for (m = n->members; m; m = m->next)
		cr_lease_tell(n, m);
}

/*
 * A refusal proves that nobody listens there, so nobody starts our members elsewhere; and who
 * begins to later waits for a whole lease first.
 */
void cr_lease_refused(struct cr_node *n)
{
	int64_t from = INT64_MAX;
	size_t i;

	for (i = 0; i < n->up.n; i++)
		if (n->up.at[i].refused_ns < from)
			from = n->up.at[i].refused_ns;
	/* One that is over the coordinator may have given to others before it went away. */
	if (cr_lease_look(n) && n->up.once && from > 0)
		cr_lease_renew(n, from, n->lease.ms);
}
