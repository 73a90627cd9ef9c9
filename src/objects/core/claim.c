// SPDX-License-Identifier: Apache-2.0
//
// What plugins know and Cairn does not: descriptors and mappings that one has claimed. The plugin
// gets a duplicate and says what it needs to make such a thing again, which lies in the image; at a
// restart it gives a descriptor back. Runs in the shepherd, which waits for the plugin's process.
#include "objects/core/claim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/image_read.h"
#include "common/image_write.h"
#include "common/proc.h"
#include "objects/core/object.h"
#include "objects/shape/shape.h"
#include "plugin/plugin_call.h"
#include "plugin/list.h"
#include "plugin/plugin.h"

/* ---- a save ---- */

/* Asks all, in order, until one claims. 1 with *claim filled, 0 or -errno. */
static int claim_ask(struct cr_save *s, struct cr_plugin_msg *m, int fd, bool known,
		     cairn_Claim *claim, struct cr_err *err)
{
	struct cr_plugin_msg *call = malloc(sizeof(*call));
	int ret = call ? 0 : cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing the job");
	size_t i;

	for (i = 0; i < s->plugins->n && !ret; i++) {
		struct cr_plugin *p = &s->plugins->v[i];
		void *stored = NULL;

		if (!cr_plugin_has(p, m->hook) || (known && !(p->flags & CAIRN_CLAIM_FIRST)))
			continue;
		*call = *m;
		ret = cr_plugin_call(s->plugins, p, call, NULL, 0, fd, NULL, &stored, err);
		if (ret > 0) {
			snprintf(claim->plugin, sizeof(claim->plugin), "%s", p->name);
			if (cr_image_blob(s->writer, stored, call->len, &claim->data, err))
				ret = -EIO;
			claim->has_data = true;
		}
		free(stored);
	}
	free(call);
	return ret > 0 ? 1 : ret;
}

int cr_claim_fd(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d, bool known,
		struct cr_err *err)
{
	struct cr_plugin_msg *m;
	int ret;

	if (!s->plugins || !s->plugins->n)
		return 0;
	m = calloc(1, sizeof(*m));
	if (!m)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing the job");
	m->hook = CR_HOOK_CLAIM_FD;
	m->fd = (struct cairn_fd){ .pid = v->pid,
				   .number = v->number,
				   .flags = v->flags,
				   .mode = v->st.st_mode,
				   .dev = v->st.st_dev,
				   .inode = v->st.st_ino,
				   .rdev = v->st.st_rdev };
	snprintf(m->path, sizeof(m->path), "%s", v->link);
	ret = claim_ask(s, m, v->fd, known, &d->claim, err);
	free(m);
	if (ret <= 0)
		return ret;
	d->kind = cairn_ObjectKind_OBJECT_PLUGIN;
	d->has_claim = true;
	snprintf(d->path, sizeof(d->path), "%s", v->link);
	return 1;
}

int cr_claim_mapping(struct cr_save *s, pid_t pid, const struct cr_map *v, bool known,
		     struct cr_err *err)
{
	struct cr_saved_shared *e;
	struct cr_plugin_msg *m;
	cairn_Claim claim = cairn_Claim_init_zero;
	int ret;

	if (!s->plugins || !s->plugins->n)
		return 0;
	m = calloc(1, sizeof(*m));
	if (!m)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing the job");
	m->hook = CR_HOOK_CLAIM_MAPPING;
	m->mapping = (struct cairn_mapping){ .pid = pid,
					     .prot = v->prot,
					     .flags = MAP_SHARED,
					     .start = v->start,
					     .end = v->end,
					     .offset = v->offset,
					     .dev = v->dev,
					     .inode = v->inode };
	snprintf(m->path, sizeof(m->path), "%s", v->path);
	ret = claim_ask(s, m, -1, known, &claim, err);
	free(m);
	if (ret <= 0)
		return ret;
	e = cr_list_add(&s->shared);
	if (!e)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing the job");
	e->fd = -1;
	e->m.id = ++s->next_id;
	e->m.size = v->end - v->start;
	e->m.claim = claim;
	e->m.has_claim = true;
	e->m.claim_pid = pid;
	e->m.claim_start = v->start;
	e->m.claim_offset = v->offset;
	e->m.claim_prot = v->prot;
	snprintf(e->m.name, sizeof(e->m.name), "%s", v->path);
	return 1;
}

uint32_t cr_claimed_mapping(const struct cr_save *s, pid_t pid, uint64_t start)
{
	size_t i;

	for (i = 0; i < s->shared.n; i++) {
		const cairn_SharedMemory *m = &s->shared.v[i].m;

		if (m->has_claim && m->claim_pid == pid && start >= m->claim_start &&
		    start - m->claim_start < m->size)
			return m->id;
	}
	return 0;
}

/* What plugins have stored of their own. */
int cr_plugins_store(struct cr_save *s, struct cr_err *err)
{
	cairn_Plugin m = cairn_Plugin_init_zero;
	size_t i;
	int ret = 0;

	for (i = 0; s->plugins && i < s->plugins->n && !ret; i++) {
		const struct cr_plugin *p = &s->plugins->v[i];

		strcpy(m.name, p->name);
		strcpy(m.version, p->version);
		m.has_data = p->len > 0;
		if (p->len)
			ret = cr_image_blob(s->writer, p->data, p->len, &m.data, err);
		if (!ret)
			ret = cr_image_record(s->writer, cairn_RecordType_RECORD_PLUGIN, &m, err);
	}
	return ret;
}

/* ---- a restart ---- */

/* Asks the plugin of a claim for a descriptor. */
static int get(struct cr_restore *r, const cairn_Claim *claim, struct cr_plugin_msg *m,
	       struct cr_err *err)
{
	struct cr_plugin *p = r->plugins ? cr_plugin_named(r->plugins, claim->plugin) : NULL;
	cr_auto_free void *data = NULL;
	cr_auto_fd fd = -1;
	int ret;

	if (!p || !cr_plugin_has(p, m->hook))
		return cr_fail(
			err, CR_EXIT_PLUGIN, 0,
			"%s comes back by the plugin %s, which is not loaded%s: give it with "
			"--plugin",
			m->path, claim->plugin, p ? " or cannot do it any more" : "");
	if (claim->data.size > CAIRN_STORE_MAX)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "the image's data of the plugin %s",
			       claim->plugin);
	ret = cr_image_read_blob(r->img, &claim->data, &data, err);
	if (ret)
		return ret;
	ret = cr_plugin_call(r->plugins, p, m, data, claim->data.size, -1, &fd, NULL, err);
	if (ret < 0)
		return ret;
	if (fd < 0)
		return cr_fail(err, CR_EXIT_PLUGIN, 0, "the plugin %s gave no descriptor for %s",
			       claim->plugin, m->path);
	ret = fd;
	fd = -1;
	return ret;
}

static int claim_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err)
{
	struct cr_plugin_msg *m = calloc(1, sizeof(*m));
	int fd;

	if (!m)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "%s", d->path);
	m->hook = CR_HOOK_RESTORE_FD;
	m->fd = (struct cairn_fd){
		.number = -1, .flags = d->flags, .dev = d->dev, .inode = d->inode, .rdev = d->rdev
	};
	snprintf(m->path, sizeof(m->path), "%s", d->path);
	fd = get(r, &d->claim, m, err);
	free(m);
	if (fd >= 0)
		fcntl(fd, F_SETFL, d->flags & ~(O_ASYNC | O_DIRECT));
	return fd;
}

/* One mapping each, and only when the descriptors are there that it may be of. */
int cr_claims_prepare(struct cr_restore *r, struct cr_err *err)
{
	struct cr_plugin_msg *m = malloc(sizeof(*m));
	int ret = m ? 0 : cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "preparing a restart"), fd;
	size_t i;

	for (i = 0; i < r->img->shared.n && !ret; i++) {
		const cairn_SharedMemory *s = &r->img->shared.v[i].memory;

		if (!s->has_claim)
			continue;
		memset(m, 0, sizeof(*m));
		m->hook = CR_HOOK_RESTORE_MAPPING;
		m->mapping = (struct cairn_mapping){ .pid = s->claim_pid,
						     .prot = s->claim_prot,
						     .flags = MAP_SHARED,
						     .start = s->claim_start,
						     .end = s->claim_start + s->size,
						     .offset = s->claim_offset };
		snprintf(m->path, sizeof(m->path), "%s", s->name);
		fd = get(r, &s->claim, m, err);
		if (fd < 0) {
			ret = fd;
			break;
		}
		r->claim_offset[i] = m->mapping.offset;
		r->shared_fd[i] = fcntl(fd, F_DUPFD_CLOEXEC, r->base);
		close(fd);
		if (r->shared_fd[i] < 0)
			ret = cr_fail(err, CR_EXIT_INTERNAL, errno,
				      "too many open files (raise the hard limit, ulimit -Hn)");
	}
	free(m);
	return ret;
}

static bool claim_match(const struct cr_save *s, const struct cr_fd_view *v)
{
	return false;
}

const struct cr_object cr_object_plugin = {
	.shape = &cr_shape_plugin,
	.match = claim_match,
	.restore = claim_restore,
};
