// SPDX-License-Identifier: Apache-2.0
//
// crimage show: sockets with both their ends, and what several processes have in common:
// descriptions, memory, tables.

#include <stdio.h>
#include <string.h>

#include "common/image.h"
#include "inspect/show_shared.h"
#include "objects/shape/model.h"
#include "objects/shape/shapes.h"
#include "objects/shape/socket_shape.h"
#include "objects/shape/text.h"

/* ---- sockets ---- */

/* A connection inside the job is shown once, by the end that was made first. */
static bool shown_already(const struct cr_model *m, const struct cr_socket *s)
{
	struct cr_socket other;

	return s->peer && s->peer < s->id && !cr_socket_of(m, s->peer, &other) &&
	       other.peer == s->id;
}

static void show_waiting(const struct cr_model *m, uint64_t bytes, uint32_t id)
{
	if (bytes)
		cr_line("         %s wait to be read by %s", cr_bytes(bytes).s,
			cr_model_who(m, id).s);
}

static void show_socket(const struct cr_model *m, const struct cr_socket *s)
{
	struct cr_helds holders = cr_model_holders(m, s->id);
	struct cr_socket other = { 0 };
	char names[360] = "", ends[460] = "";

	cr_append(names, sizeof(names), "%s", s->local[0] ? s->local : s->type);
	cr_append(ends, sizeof(ends), "%s",
		  holders.n ? cr_model_who(m, s->id).s : "in a queue or backlog");
	if (s->peer) {
		cr_socket_of(m, s->peer, &other);
		cr_append(names, sizeof(names), " - %s", other.local[0] ? other.local : "pair");
		cr_append(ends, sizeof(ends), " - %s", cr_model_who(m, s->peer).s);
	} else {
		if (strcmp(s->remote, "-") && s->remote[0])
			cr_append(names, sizeof(names), " - %s", s->remote);
		cr_append(names, sizeof(names), " %s", s->state);
		if (!strcmp(s->peer_kind, "outside") || !strcmp(s->peer_kind, "member"))
			cr_append(ends, sizeof(ends), " - %s",
				  *s->peer_kind == 'm' ? "another member" : "outside the job");
		else if (!strcmp(s->peer_kind, "closed"))
			cr_append(ends, sizeof(ends), " - closed");
	}
	cr_line("  %-6s %-50s %s", s->family, names, ends);
	show_waiting(m, s->waiting, s->id);
	if (s->peer)
		show_waiting(m, other.waiting, s->peer);
}

static void show_sockets(const struct cr_model *m)
{
	struct cr_socket s;
	size_t i;

	for (i = 0; !cr_socket_at(m, i, &s); i++) {
		if (!i) {
			cr_line("%s", "");
			cr_line("SOCKETS");
			cr_line("  %-6s %-50s %s", "FAMILY", "ADDRESS - PEER", "HELD BY (PID:FD)");
		}
		if (!shown_already(m, &s))
			show_socket(m, &s);
	}
}

/* ---- what is shared with whom ---- */

static bool several_processes(struct cr_helds h)
{
	return h.n && h.v[0].pid != h.v[h.n - 1].pid;
}

static void show_descriptions(const struct cr_model *m)
{
	char text[CR_DESCRIBE_MAX];
	size_t i;

	for (i = 0; i < m->img->descriptions.n; i++) {
		const cairn_Description *d = &m->img->descriptions.v[i];

		if (!several_processes(cr_model_holders(m, d->id)))
			continue;
		cr_describe(m, d, text);
		cr_line("  %-32s %s", cr_model_who(m, d->id).s, text);
	}
}

static void mappers(const struct cr_model *m, uint32_t object, char *out, size_t room)
{
	size_t i, k;

	out[0] = 0;
	for (i = 0; i < m->img->processes.n; i++) {
		const struct cr_process_image *p = &m->img->processes.v[i];

		for (k = 0; k < p->vmas.n; k++)
			if (p->vmas.v[k].kind == cairn_VmaKind_VMA_SHARED &&
			    p->vmas.v[k].object == object)
				break;
		if (k < p->vmas.n)
			cr_append(out, room, "%s%d", out[0] ? " " : "", p->process.pid);
	}
}

static void show_shared_show_memory(const struct cr_model *m)
{
	char who[200];
	size_t i;

	for (i = 0; i < m->img->shared.n; i++) {
		const struct cr_shared_image *s = &m->img->shared.v[i];
		struct cr_pages pages = cr_pages_between(s->runs.v, s->runs.n, 0, UINT64_MAX);

		mappers(m, s->memory.id, who, sizeof(who));
		cr_line("  %-32s memory %u %s, %s, %s stored", who[0] ? who : "nobody's mapping",
			s->memory.id, s->memory.has_sysv ? "SysV segment" : s->memory.name,
			cr_bytes(s->memory.size).s, cr_bytes(pages.stored).s);
	}
}

static void show_tables(const struct cr_model *m)
{
	size_t i;

	for (i = 0; i < m->img->processes.n; i++) {
		const cairn_Process *p = &m->img->processes.v[i].process;
		char who[40];

		snprintf(who, sizeof(who), "%d %d", p->ppid, p->pid);
		if (p->shares_files)
			cr_line("  %-32s one table of descriptors", who);
		if (p->shares_fs)
			cr_line("  %-32s one working folder and umask", who);
	}
}

static void show_ipc(const struct cr_model *m)
{
	const struct cr_image *img = m->img;
	size_t i;

	for (i = 0; i < img->semaphores.n; i++)
		if (!img->semaphores.v[i].first)
			cr_line("  %-32s SysV semaphores %d, key %#x, %u of them", "the job",
				img->semaphores.v[i].ipc.id,
				(unsigned int)img->semaphores.v[i].ipc.key,
				img->semaphores.v[i].count);
	for (i = 0; i < img->messages.n; i++)
		cr_line("  %-32s SysV message queue %d, key %#x, %s", "the job",
			img->messages.v[i].ipc.id, (unsigned int)img->messages.v[i].ipc.key,
			cr_bytes(img->messages.v[i].content.size).s);
	for (i = 0; i < img->mqueues.n; i++)
		cr_line("  %-32s message queue %s, %s", "the job", img->mqueues.v[i].name,
			cr_bytes(img->mqueues.v[i].content.size).s);
	for (i = 0; i < img->locks.n; i++) {
		const cairn_Lock *l = &img->locks.v[i];
		const cairn_Inode *f = cr_model_inode_at(m, l->dev, l->inode);
		char who[200];

		if (l->pid)
			snprintf(who, sizeof(who), "%d", l->pid);
		else
			snprintf(who, sizeof(who), "%s", cr_model_who(m, l->description).s);
		cr_line("  %-32s %s lock on %s", who, l->exclusive ? "exclusive" : "shared",
			f ? f->path : "a file");
	}
}

void cr_show_shared(const struct cr_model *m)
{
	show_sockets(m);
	cr_line("%s", "");
	cr_line("SHARED");
	cr_line("  %-32s %s", "BY (PID:FD, OR PID)", "WHAT");
	show_descriptions(m);
	show_shared_show_memory(m);
	show_tables(m);
	show_ipc(m);
}
