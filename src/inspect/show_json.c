// SPDX-License-Identifier: Apache-2.0
//
// crimage show --json: all of a checkpoint but its contents. Fields are only ever added. Addresses
// and masks are texts ("0x…"), since not every reader keeps 64 bits of a number.

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "arch/x86_64/cpu.h"
#include "common/image.h"
#include "common/json.h"
#include "common/siginfo.h"
#include "inspect/inspect_criu.h"
#include "inspect/inspect_memory.h"
#include "inspect/show_json.h"
#include "objects/shape/file_shape.h"
#include "objects/shape/model.h"
#include "objects/shape/shapes.h"
#include "objects/shape/socket_shape.h"
#include "objects/shape/text.h"

static void put_pages(struct cr_json *j, const struct cr_pages *p)
{
	cr_json_size(j, "mapped_bytes", p->mapped);
	cr_json_size(j, "stored_bytes", p->stored);
	cr_json_size(j, "stored_pages", p->stored / CR_PAGE);
	cr_json_size(j, "raw_bytes", p->raw);
	cr_json_size(j, "lz4_bytes", p->packed);
	cr_json_size(j, "disk_bytes", p->disk);
	cr_json_size(j, "zero_pages", p->zero / CR_PAGE);
	cr_json_size(j, "guard_pages", p->guard / CR_PAGE);
	cr_json_size(j, "runs", p->runs);
}

/* Divided by zeros. */
static void put_strings(struct cr_json *j, const char *key, const char *text, size_t len)
{
	size_t at, n;

	cr_json_array(j, key);
	for (at = 0; at < len; at += n + 1) {
		n = strnlen(text + at, len - at);
		cr_json_bytes(j, NULL, text + at, n);
	}
	cr_json_end(j);
}

static void put_head(struct cr_json *j, const struct cr_model *m)
{
	const cairn_Manifest *mf = &m->img->manifest;
	const char *name;
	size_t i;

	cr_json_text(j, "path", m->img->path);
	cr_json_text(j, "job", m->img->job.name);
	cr_json_size(j, "number", mf->number);
	cr_json_text(j, "command", m->img->job.command);
	cr_json_text(j, "made_at", cr_utc(mf->wall_ns).s);
	cr_json_text(j, "cairn", mf->cairn);
	cr_json_text(j, "backend", m->img->job.backend[0] ? m->img->job.backend : "agent");
	cr_json_text(j, "backend_version", m->img->job.backend_version);
	cr_json_size(j, "process_count", mf->processes);
	cr_json_size(j, "thread_count", mf->threads);
	cr_json_text(j, "node", mf->host);
	cr_json_text(j, "kernel", mf->kernel);
	cr_json_size(j, "uid", mf->uid);
	cr_json_size(j, "gid", mf->gid);
	cr_json_object(j, "cpu");
	cr_json_int(j, "level", cr_cpu_level(&mf->cpu));
	cr_json_array(j, "features");
	for (i = 0; (name = cr_cpu_feature(&mf->cpu, i)); i++)
		cr_json_text(j, NULL, name);
	cr_json_end(j);
	cr_json_address(j, "xcr0", mf->cpu.xcr0);
	cr_json_text(j, "baseline", m->img->job.cpu_baseline);
	cr_json_end(j);
	cr_json_object(j, "size");
	cr_json_size(j, "state_bytes", mf->files[0].size);
	cr_json_size(j, "pack_bytes", mf->files[1].size);
	cr_json_size(j, "content_bytes", m->blobs);
	cr_json_end(j);
	cr_json_object(j, "memory");
	put_pages(j, &m->all);
	cr_json_end(j);
	cr_json_object(j, "anonymous_memory");
	put_pages(j, &m->anonymous);
	cr_json_end(j);
}

static void put_job(struct cr_json *j, const cairn_Job *job)
{
	cr_json_object(j, "shepherd");
	cr_json_int(j, "pid", job->shepherd_pid);
	cr_json_int(j, "pgid", job->shepherd_pgid);
	cr_json_int(j, "sid", job->shepherd_sid);
	cr_json_int(j, "root_pid", job->root_pid);
	if (!job->root_pid)
		cr_json_text(j, "root_ended", cr_exit_text(job->root_status).s);
	cr_json_size(j, "signal", job->signal);
	cr_json_int(j, "monotonic_ns", job->monotonic_ns);
	cr_json_int(j, "boottime_ns", job->boottime_ns);
	cr_json_bool(j, "terminal", job->tty != 0);
	cr_json_text(j, "agent", job->agent_path);
	cr_json_end(j);
	if (!job->has_options) {
		cr_json_null(j, "options");
		return;
	}
	cr_json_object(j, "options");
	cr_json_size(j, "interval_ms", job->interval > 0 ? job->interval * 1000 : 0);
	cr_json_size(j, "stop_timeout_ms", job->stop_timeout > 0 ? job->stop_timeout * 1000 : 0);
	cr_json_int(j, "keep", job->keep);
	cr_json_int(j, "file_limit", job->file_limit);
	cr_json_text(j, "compress", job->compress);
	cr_json_text(j, "tcp", job->tcp);
	cr_json_bool(j, "pack_files", job->pack_files);
	put_strings(j, "file", (const char *)job->file_rules.bytes, job->file_rules.size);
	cr_json_end(j);
}

/* ---- a process ---- */

static void put_ids(struct cr_json *j, const char *key, const uint32_t *ids, size_t n)
{
	size_t i;

	cr_json_array(j, key);
	for (i = 0; i < n; i++)
		cr_json_size(j, NULL, ids[i]);
	cr_json_end(j);
}

static void put_identity(struct cr_json *j, const struct cr_process_image *p)
{
	const cairn_Process *x = &p->process;
	size_t i;

	if (p->attributes.n) {
		const cairn_Attributes *a = &p->attributes.v[0];
		uint32_t groups[sizeof(a->groups.bytes) / 4];

		put_ids(j, "uids", a->uids, a->uids_count);
		put_ids(j, "gids", a->gids, a->gids_count);
		memcpy(groups, a->groups.bytes, a->groups.size);
		put_ids(j, "groups", groups, a->groups.size / 4);
	}
	cr_json_object(j, "capabilities");
	cr_json_address(j, "inheritable", x->cap_inheritable);
	cr_json_address(j, "permitted", x->cap_permitted);
	cr_json_address(j, "effective", x->cap_effective);
	cr_json_address(j, "bounding", x->cap_bounding);
	cr_json_address(j, "ambient", x->cap_ambient);
	cr_json_end(j);
	cr_json_bool(j, "no_new_privs", x->no_new_privs);
	cr_json_size(j, "seccomp_filters", p->core.filters);
	cr_json_size(j, "umask", x->umask);
	cr_json_int(j, "oom_score_adj", x->oom_score_adj);
	cr_json_array(j, "limits");
	for (i = 0; i < x->limits_count; i++) {
		cr_json_array(j, NULL);
		cr_json_address(j, NULL, x->limits[i].soft);
		cr_json_address(j, NULL, x->limits[i].hard);
		cr_json_end(j);
	}
	cr_json_end(j);
}

static void put_threads(struct cr_json *j, const struct cr_process_image *p)
{
	size_t i;

	cr_json_array(j, "threads");
	for (i = 0; i < p->threads.n; i++) {
		const cairn_Thread *t = &p->threads.v[i];

		cr_json_object(j, NULL);
		cr_json_int(j, "tid", t->tid);
		cr_json_bytes(j, "name", t->comm.bytes,
			      strnlen((const char *)t->comm.bytes, t->comm.size));
		cr_json_bool(j, "ended", t->dead);
		cr_json_address(j, "frame", t->frame);
		cr_json_address(j, "fs_base", t->fs_base);
		cr_json_int(j, "policy", t->policy);
		cr_json_int(j, "priority", t->priority);
		cr_json_int(j, "nice", t->nice);
		cr_json_hex(j, "affinity", t->affinity.bytes, t->affinity.size);
		cr_json_bool(j, "amx", t->amx);
		cr_json_end(j);
	}
	cr_json_end(j);
	cr_json_array(j, "pending_signals");
	for (i = 0; i < p->pending.n; i++) {
		const cairn_PendingSignal *s = &p->pending.v[i];

		cr_json_object(j, NULL);
		cr_json_int(j, "tid", s->tid);
		cr_json_int(j, "signal", cr_pending_info(s).si_signo);
		cr_json_end(j);
	}
	cr_json_end(j);
	cr_json_array(j, "timers");
	for (i = 0; i < p->timers.n; i++) {
		cr_json_object(j, NULL);
		cr_json_int(j, "id", p->timers.v[i].id);
		cr_json_int(j, "clock", p->timers.v[i].clock);
		cr_json_int(j, "signal", p->timers.v[i].signal);
		cr_json_int(j, "value_ns", p->timers.v[i].value_ns);
		cr_json_int(j, "interval_ns", p->timers.v[i].interval_ns);
		cr_json_end(j);
	}
	cr_json_end(j);
}

static const char *vma_kind(const cairn_Vma *v)
{
	static const char *const names[] = { "anonymous", "file", "shared",
					     "vdso",	  "vvar", "vvar_vclock" };

	return v->kind < CR_ARRAY_SIZE(names) ? names[v->kind] : "unknown";
}

static void put_mapping(struct cr_json *j, const struct cr_process_image *p, const cairn_Vma *v)
{
	struct cr_pages pages = cr_pages_between(p->runs.v, p->runs.n, v->start, v->end);
	char prot[] = { v->prot & 1 ? 'r' : '-', v->prot & 2 ? 'w' : '-', v->prot & 4 ? 'x' : '-',
			v->shared ? 's' : 'p', 0 };

	cr_json_object(j, NULL);
	cr_json_address(j, "start", v->start);
	cr_json_address(j, "end", v->end);
	cr_json_text(j, "prot", prot);
	cr_json_text(j, "kind", vma_kind(v));
	cr_json_text(j, "path", v->path);
	cr_json_size(j, "offset", v->offset);
	cr_json_size(j, "memory", v->object);
	cr_json_bool(j, "deleted", v->deleted);
	cr_json_bool(j, "packed", v->packed);
	cr_json_bool(j, "locked", v->locked);
	cr_json_bool(j, "grows_down", v->grows_down);
	if (v->kind == cairn_VmaKind_VMA_FILE) {
		cr_json_size(j, "file_size", v->size);
		cr_json_hex(j, "build_id", v->build_id.bytes, v->build_id.size);
	}
	put_pages(j, &pages);
	cr_json_end(j);
}

static void put_descriptors(struct cr_json *j, const struct cr_process_image *p)
{
	size_t i, k;

	cr_json_array(j, "descriptors");
	for (i = 0; i < p->fds.n; i++)
		for (k = 0; k < p->fds.v[i].fds_count; k++) {
			cr_json_object(j, NULL);
			cr_json_int(j, "fd", p->fds.v[i].fds[k]);
			cr_json_size(j, "description", p->fds.v[i].descriptions[k]);
			cr_json_bool(j, "close_on_exec", p->fds.v[i].cloexec[k]);
			cr_json_end(j);
		}
	cr_json_end(j);
}

static void put_process(struct cr_json *j, const struct cr_image *img,
			const struct cr_process_image *p)
{
	const cairn_Process *x = &p->process;
	struct cr_pages pages = cr_pages_of_process(p);
	struct cr_err err = { 0 };
	cr_auto_free char *text = NULL;
	size_t len = 0, i;

	cr_json_object(j, NULL);
	cr_json_int(j, "pid", x->pid);
	cr_json_int(j, "ppid", x->ppid);
	cr_json_int(j, "pgid", x->pgid);
	cr_json_int(j, "sid", x->sid);
	cr_json_text(j, "name", x->comm);
	cr_json_text(j, "state", x->zombie ? "ended" : x->stop_signal ? "stopped" : "running");
	if (x->zombie)
		cr_json_text(j, "ended", cr_exit_text(x->exit_code).s);
	cr_memory_strings(img, p, x->arg_start, x->arg_end, &text, &len, &err);
	put_strings(j, "command", text, len && !text[len - 1] ? len - 1 : len);
	cr_json_object(j, "program");
	cr_json_text(j, "path", x->exe);
	cr_json_size(j, "size", x->exe_size);
	cr_json_int(j, "mtime_ns", x->exe_mtime_ns);
	cr_json_hex(j, "build_id", x->exe_build_id.bytes, x->exe_build_id.size);
	cr_json_end(j);
	cr_json_text(j, "folder", x->cwd);
	cr_json_bool(j, "folder_deleted", x->cwd_deleted);
	cr_json_text(j, "root", x->root);
	cr_json_bool(j, "shares_descriptors", x->shares_files);
	cr_json_bool(j, "shares_folder", x->shares_fs);
	put_identity(j, p);
	cr_json_object(j, "memory");
	put_pages(j, &pages);
	cr_json_end(j);
	put_threads(j, p);
	cr_json_array(j, "mappings");
	for (i = 0; i < p->vmas.n; i++)
		put_mapping(j, p, &p->vmas.v[i]);
	cr_json_end(j);
	put_descriptors(j, p);
	cr_json_end(j);
}

/* ---- what is of the job ---- */

static void put_holders(struct cr_json *j, const struct cr_model *m, uint32_t id)
{
	struct cr_helds h = cr_model_holders(m, id);
	size_t i;

	cr_json_array(j, "holders");
	for (i = 0; i < h.n; i++) {
		cr_json_object(j, NULL);
		cr_json_int(j, "pid", h.v[i].pid);
		cr_json_int(j, "fd", h.v[i].fd);
		cr_json_end(j);
	}
	cr_json_end(j);
}

static void put_descriptions(struct cr_json *j, const struct cr_model *m)
{
	char text[CR_DESCRIBE_MAX];
	size_t i;

	cr_json_array(j, "descriptions");
	for (i = 0; i < m->img->descriptions.n; i++) {
		const cairn_Description *d = &m->img->descriptions.v[i];

		cr_describe(m, d, text);
		cr_json_object(j, NULL);
		cr_json_size(j, "id", d->id);
		cr_json_text(j, "kind", cr_kind_name(d));
		cr_json_text(j, "access", cr_access_name(d));
		cr_json_size(j, "flags", d->flags);
		cr_json_size(j, "offset", d->offset);
		cr_json_text(j, "path", d->path);
		cr_json_bool(j, "deleted", d->deleted);
		cr_json_size(j, "object", d->object);
		cr_json_text(j, "text", text);
		put_holders(j, m, d->id);
		cr_json_end(j);
	}
	cr_json_end(j);
}

static void put_sockets(struct cr_json *j, const struct cr_model *m)
{
	struct cr_socket s;
	size_t i;

	cr_json_array(j, "sockets");
	for (i = 0; !cr_socket_at(m, i, &s); i++) {
		cr_json_object(j, NULL);
		cr_json_size(j, "id", s.id);
		cr_json_text(j, "family", s.family);
		cr_json_text(j, "type", s.type);
		cr_json_text(j, "state", s.state);
		cr_json_text(j, "local", s.local);
		cr_json_text(j, "remote", s.remote);
		cr_json_text(j, "peer_kind", s.peer_kind);
		if (s.peer)
			cr_json_size(j, "peer", s.peer);
		else
			cr_json_null(j, "peer");
		cr_json_size(j, "unread_bytes", s.waiting);
		put_holders(j, m, s.id);
		cr_json_end(j);
	}
	cr_json_end(j);
}

static void put_files(struct cr_json *j, const struct cr_model *m)
{
	size_t i;

	cr_json_array(j, "files");
	for (i = 0; i < m->img->inodes.n; i++) {
		const cairn_Inode *f = &m->img->inodes.v[i];

		cr_json_object(j, NULL);
		cr_json_size(j, "id", f->id);
		cr_json_text(j, "path", f->path);
		cr_json_size(j, "size", f->size);
		cr_json_int(j, "mtime_ns", f->mtime_ns);
		cr_json_size(j, "mode", f->mode);
		cr_json_size(j, "uid", f->uid);
		cr_json_size(j, "gid", f->gid);
		cr_json_text(j, "policy", cr_policy_name(f->policy));
		cr_json_bool(j, "stored", f->stored);
		cr_json_end(j);
	}
	cr_json_end(j);
	cr_json_array(j, "pipes");
	for (i = 0; i < m->img->pipes.n; i++) {
		const cairn_Pipe *p = &m->img->pipes.v[i];

		cr_json_object(j, NULL);
		cr_json_size(j, "id", p->id);
		cr_json_text(j, "path", p->path);
		cr_json_size(j, "capacity", p->capacity);
		cr_json_size(j, "waiting_bytes", p->content.size);
		cr_json_end(j);
	}
	cr_json_end(j);
}

static void put_shared_memory(struct cr_json *j, const struct cr_model *m)
{
	size_t i, k, n;

	cr_json_array(j, "shared_memory");
	for (i = 0; i < m->img->shared.n; i++) {
		const struct cr_shared_image *s = &m->img->shared.v[i];
		struct cr_pages pages = cr_pages_between(s->runs.v, s->runs.n, 0, UINT64_MAX);

		pages.mapped = s->memory.size;
		cr_json_object(j, NULL);
		cr_json_size(j, "id", s->memory.id);
		cr_json_text(j, "name", s->memory.name);
		cr_json_text(j, "kind",
			     s->memory.has_sysv ? "sysv" :
			     s->memory.memfd	? "memfd" :
						  "anonymous");
		cr_json_size(j, "size", s->memory.size);
		put_pages(j, &pages);
		cr_json_array(j, "mapped_by");
		for (k = 0; k < m->img->processes.n; k++) {
			const struct cr_process_image *p = &m->img->processes.v[k];

			for (n = 0; n < p->vmas.n; n++)
				if (p->vmas.v[n].kind == cairn_VmaKind_VMA_SHARED &&
				    p->vmas.v[n].object == s->memory.id)
					break;
			if (n < p->vmas.n)
				cr_json_int(j, NULL, p->process.pid);
		}
		cr_json_end(j);
		cr_json_end(j);
	}
	cr_json_end(j);
}

static void put_ipc_object(struct cr_json *j, const cairn_IpcObject *o)
{
	cr_json_object(j, NULL);
	cr_json_int(j, "id", o->id);
	cr_json_int(j, "key", o->key);
	cr_json_size(j, "mode", o->mode);
}

static void put_ipc(struct cr_json *j, const struct cr_image *img)
{
	size_t i;

	cr_json_array(j, "semaphores");
	for (i = 0; i < img->semaphores.n; i++) {
		if (img->semaphores.v[i].first)
			continue;
		put_ipc_object(j, &img->semaphores.v[i].ipc);
		cr_json_size(j, "count", img->semaphores.v[i].count);
		cr_json_end(j);
	}
	cr_json_end(j);
	cr_json_array(j, "message_queues");
	for (i = 0; i < img->messages.n; i++) {
		put_ipc_object(j, &img->messages.v[i].ipc);
		cr_json_size(j, "content_bytes", img->messages.v[i].content.size);
		cr_json_end(j);
	}
	for (i = 0; i < img->mqueues.n; i++) {
		cr_json_object(j, NULL);
		cr_json_text(j, "name", img->mqueues.v[i].name);
		cr_json_size(j, "mode", img->mqueues.v[i].mode);
		cr_json_size(j, "content_bytes", img->mqueues.v[i].content.size);
		cr_json_end(j);
	}
	cr_json_end(j);
	cr_json_array(j, "terminals");
	for (i = 0; i < img->ptys.n; i++) {
		cr_json_object(j, NULL);
		cr_json_size(j, "id", img->ptys.v[i].id);
		cr_json_size(j, "number", img->ptys.v[i].number);
		cr_json_int(j, "session", img->ptys.v[i].session);
		cr_json_int(j, "foreground", img->ptys.v[i].foreground);
		cr_json_size(j, "queued_bytes", img->ptys.v[i].content.size);
		cr_json_end(j);
	}
	cr_json_end(j);
}

static void put_locks(struct cr_json *j, const struct cr_model *m)
{
	static const char *const kinds[] = { "posix", "flock", "ofd" };
	size_t i;

	cr_json_array(j, "locks");
	for (i = 0; i < m->img->locks.n; i++) {
		const cairn_Lock *l = &m->img->locks.v[i];
		const cairn_Inode *f = cr_model_inode_at(m, l->dev, l->inode);

		cr_json_object(j, NULL);
		cr_json_text(j, "kind", l->kind < CR_ARRAY_SIZE(kinds) ? kinds[l->kind] : "?");
		cr_json_bool(j, "exclusive", l->exclusive);
		cr_json_int(j, "pid", l->pid);
		cr_json_size(j, "description", l->description);
		cr_json_text(j, "path", f ? f->path : "");
		cr_json_size(j, "start", l->start);
		cr_json_size(j, "length", l->length);
		cr_json_end(j);
	}
	cr_json_end(j);
	cr_json_array(j, "watches");
	for (i = 0; i < m->img->epoll_watches.n; i++) {
		const cairn_EpollWatch *w = &m->img->epoll_watches.v[i];

		cr_json_object(j, NULL);
		cr_json_size(j, "epoll", w->description);
		cr_json_size(j, "target", w->target);
		cr_json_int(j, "fd", w->number);
		cr_json_size(j, "events", w->events);
		cr_json_end(j);
	}
	for (i = 0; i < m->img->inotify_watches.n; i++) {
		const cairn_InotifyWatch *w = &m->img->inotify_watches.v[i];

		cr_json_object(j, NULL);
		cr_json_size(j, "inotify", w->description);
		cr_json_text(j, "path", w->path);
		cr_json_size(j, "mask", w->mask);
		cr_json_end(j);
	}
	cr_json_end(j);
}

static void put_criu(struct cr_json *j, const struct cr_criu_facts *c)
{
	size_t i;

	cr_json_object(j, "criu");
	cr_json_array(j, "processes");
	for (i = 0; i < c->processes.n; i++) {
		const struct cr_criu_process *p = &c->processes.v[i];

		cr_json_object(j, NULL);
		cr_json_int(j, "pid", p->pid);
		cr_json_int(j, "ppid", p->ppid);
		cr_json_int(j, "pgid", p->pgid);
		cr_json_int(j, "sid", p->sid);
		cr_json_text(j, "name", p->name);
		cr_json_text(j, "state", p->zombie ? "ended" : "running");
		cr_json_size(j, "threads", p->threads);
		cr_json_size(j, "mappings", p->mappings);
		cr_json_size(j, "mapped_bytes", p->mapped);
		cr_json_text(j, "program", cr_criu_facts_path(c, p->exe));
		cr_json_end(j);
	}
	cr_json_end(j);
	cr_json_array(j, "files");
	for (i = 0; i < c->files.n; i++) {
		cr_json_object(j, NULL);
		cr_json_size(j, "id", c->files.v[i].id);
		cr_json_text(j, "path", c->files.v[i].path ? c->files.v[i].path : "");
		if (c->files.v[i].sized)
			cr_json_size(j, "size", c->files.v[i].size);
		cr_json_end(j);
	}
	cr_json_end(j);
	cr_json_size(j, "stored_bytes", c->pages);
	cr_json_end(j);
}

static void put_archive(struct cr_json *j, const struct cr_image *img)
{
	struct cr_criu_facts c;
	size_t i;

	if (cr_criu_facts_read(img, &c))
		put_criu(j, &c);
	cr_criu_facts_free(&c);

	cr_json_array(j, "archive");
	for (i = 0; i < img->archive_files.n; i++) {
		cr_json_object(j, NULL);
		cr_json_text(j, "name", img->archive_files.v[i].name);
		cr_json_size(j, "mode", img->archive_files.v[i].mode);
		cr_json_size(j, "size", img->archive_files.v[i].size);
		cr_json_text(j, "target", img->archive_files.v[i].target);
		cr_json_end(j);
	}
	cr_json_end(j);
}

void cr_show_json(const struct cr_model *m)
{
	struct cr_json j = { .out = stdout };
	size_t i;

	cr_json_object(&j, NULL);
	put_head(&j, m);
	put_job(&j, &m->img->job);
	cr_json_array(&j, "processes");
	for (i = 0; i < m->order.n; i++)
		put_process(&j, m->img, &m->img->processes.v[m->order.v[i]]);
	cr_json_end(&j);
	put_descriptions(&j, m);
	put_sockets(&j, m);
	put_files(&j, m);
	put_shared_memory(&j, m);
	put_ipc(&j, m->img);
	put_locks(&j, m);
	put_archive(&j, m->img);
	cr_json_end(&j);
}
