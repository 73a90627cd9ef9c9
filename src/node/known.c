// SPDX-License-Identifier: Apache-2.0
//
// Who runs here, in a file of the store, for the crnode that comes after us: of the same boot it
// takes them over; of an earlier boot nobody lives. With it what the coordinator has perhaps not
// been told. A file that cannot be read is told and left out: shepherds end by their leases.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/xalloc.h"
#include "node/known.h"
#include "node/node.h"
#include "node/node_members.h"

static void known_path_of(const struct cr_node *n, char out[PATH_MAX + 80])
{
	snprintf(out, PATH_MAX + 80, "%s/node.%s.members", n->store, n->name);
}

void cr_known_write(struct cr_node *n)
{
	char path[PATH_MAX + 80], temporary[PATH_MAX + 90];
	const struct cr_node_member *m;
	size_t i;
	FILE *f;

	n->known_changed = false;
	known_path_of(n, path);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	f = fopen(temporary, "we");
	if (!f) {
		cr_say("cannot note who runs here: %s: %s", temporary, strerror(errno));
		return;
	}
	fprintf(f, "boot %s\nport %u\n", n->boot_id, n->vouch_port);
	for (m = n->members; m; m = m->next)
		fprintf(f, "member %llu %u %u %u %u %u %u %u %d %llu %d %llu %d %s\n",
			(unsigned long long)m->id.job, m->id.member, m->id.epoch, m->uid, m->gid,
			m->members, m->operation, m->state, m->launcher.pid,
			(unsigned long long)m->launcher.start, m->shepherd.pid,
			(unsigned long long)m->shepherd.start, m->ended, m->name);
	for (i = 0; i < n->outbox.n; i++) {
		const cairn_MemberEvent *e = &n->outbox.v[i].event;

		fprintf(f, "told %llu %u %u %u %u %u %d %d %u %llu %llu %llu %s\n",
			(unsigned long long)e->id.job, e->id.member, e->id.epoch, e->state,
			e->operation, e->number, e->status, e->signaled, e->exit,
			(unsigned long long)e->image_bytes, (unsigned long long)e->stall_ns,
			(unsigned long long)e->wall_ns, *e->error ? e->error : "-");
	}
	if (fclose(f) || rename(temporary, path))
		cr_say("cannot note who runs here: %s: %s", path, strerror(errno));
}

static void known_read_member(struct cr_node *n, const char *line, bool same_boot)
{
	unsigned long long job, launched, began;
	unsigned int member, epoch, uid, gid, members, operation, state;
	int launcher, shepherd, ended, at = 0;
	struct cr_node_member *m;
	cairn_MemberId id;

	if (sscanf(line, "member %llu %u %u %u %u %u %u %u %d %llu %d %llu %d %n", &job, &member,
		   &epoch, &uid, &gid, &members, &operation, &state, &launcher, &launched,
		   &shepherd, &began, &ended, &at) < 13 ||
	    !at)
		return;
	id = (cairn_MemberId){ job, member, epoch };
	m = cr_node_member(n, &id);
	m->uid = uid;
	m->gid = gid;
	m->members = members;
	m->operation = operation;
	m->state = state;
	m->fenced = !same_boot;
	snprintf(m->name, sizeof(m->name), "%s", line + at);
	m->launcher.pid = same_boot ? launcher : 0;
	m->launcher.start = launched;
	m->shepherd.pid = same_boot ? shepherd : 0;
	m->shepherd.start = began;
	if (m->launcher.pid)
		cr_member_watch(m, &m->launcher, launcher, launched);
	if (m->shepherd.pid)
		cr_member_watch(m, &m->shepherd, shepherd, began);
	if (ended || !same_boot)
		cr_member_end(m, 0);
}

static void read_outgoing(struct cr_node *n, const char *line)
{
	unsigned long long job, image, stall, wall;
	unsigned int member, epoch, state, operation, number, code;
	int status, signaled, at = 0;
	struct cr_node_outgoing *t;
	cairn_MemberEvent *e;

	if (sscanf(line, "told %llu %u %u %u %u %u %d %d %u %llu %llu %llu %n", &job, &member,
		   &epoch, &state, &operation, &number, &status, &signaled, &code, &image, &stall,
		   &wall, &at) < 12 ||
	    !at)
		return;
	t = cr_xlist_add(&n->outbox);
	e = &t->event;
	*e = (cairn_MemberEvent){ .has_id = true, .id = { job, member, epoch } };
	e->state = state;
	e->operation = operation;
	e->number = number;
	e->status = status;
	e->signaled = signaled;
	e->exit = code;
	e->image_bytes = image;
	e->stall_ns = stall;
	e->wall_ns = wall;
	snprintf(e->error, sizeof(e->error), "%s", strcmp(line + at, "-") ? line + at : "");
}

int cr_known_read(struct cr_node *n, struct cr_err *err)
{
	char path[PATH_MAX + 80], *text, *line, *save = NULL;
	bool same_boot = false;
	ssize_t len;

	known_path_of(n, path);
	len = cr_slurp(AT_FDCWD, path, &text);
	if (len < 0)
		return len == -ENOENT ? 0 : cr_fail(err, CR_EXIT_IO, -len, "cannot read %s", path);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, "boot ", 5))
			same_boot = !strcmp(line + 5, n->boot_id);
		else if (!strncmp(line, "port ", 5))
			n->vouch_port = strtoul(line + 5, NULL, 10);
		else if (!strncmp(line, "member ", 7))
			known_read_member(n, line, same_boot);
		else if (!strncmp(line, "told ", 5))
			read_outgoing(n, line);
	}
	free(text);
	if (n->members)
		cr_say("%u members of jobs were here before", cr_members_count(n));
	return 0;
}
