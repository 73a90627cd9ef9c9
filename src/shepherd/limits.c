// SPDX-License-Identifier: Apache-2.0
//
// Whether there is memory for a checkpoint, before the job is stopped. A writer shares all pages
// with the job until one of them writes: while the job runs on, its copies may take as much again.
// Where that cannot fit, into the limits of its cgroups or of the host, the job stands still until
// it is written; where not even the writers fit, the checkpoint is given up and says why. Should
// the estimate be wrong, the writer is the one whom the kernel kills (cr_offer_writer()), and the
// next one is written while the job stands still.
// Runs in the shepherd. What cannot be read is no limit.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shepherd/limits.h"
#include "shepherd/shepherd.h"

#define NONE (1ull << 60) /* from here on a limit means none */
#define WRITER_BYTES (768ull << 10) /* what is not shared of a writer, without its page tables */
#define VERIFY_BYTES (2ull << 20) /* pieces that it reads back, if there are such large ones */
#define OWN_BYTES (3ull << 20) /* ours while we describe and store */
#define PAGES_PER_TABLE 512
#define CACHE_ROOM (64ull << 20) /* with so much left the kernel's own writeback will do */

/* What a limit leaves. */
struct room {
	uint64_t limit, left;
	bool all; /* who runs out there is not killed alone, or not at all */
	bool host;
	char where[CR_PATH_MAX];
};

/* Memory controllers of both versions: where they are mounted, and what of them. */
struct hierarchy {
	bool found;
	char mount[512], root[512];
};

static uint64_t limits_number_in(const char *dir, const char *name, uint64_t otherwise)
{
	char path[CR_PATH_MAX + 64];
	cr_auto_free char *text = NULL;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (cr_slurp(AT_FDCWD, path, &text) <= 0 || *text < '0' || *text > '9')
		return otherwise;
	return strtoull(text, NULL, 10);
}

/* The number behind a word at the start of a line, 0 if there is none. */
static uint64_t limits_field(const char *text, const char *word)
{
	size_t len = strlen(word);
	const char *p;

	for (p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (!strncmp(p, word, len) && strchr(": \t", p[len]))
			return strtoull(p + len + strspn(p + len, ": \t"), NULL, 10);
	return 0;
}

/* Pages of files, which the kernel takes back before it kills. */
static uint64_t cache_of(const char *dir, bool v2)
{
	char path[CR_PATH_MAX + 64];
	cr_auto_free char *text = NULL;

	snprintf(path, sizeof(path), "%s/memory.stat", dir);
	if (cr_slurp(AT_FDCWD, path, &text) <= 0)
		return 0;
	return v2 ? limits_field(text, "inactive_file") + limits_field(text, "active_file") :
		    limits_field(text, "total_inactive_file") +
			       limits_field(text, "total_active_file");
}

static bool kills_all(const char *dir, bool v2)
{
	char path[CR_PATH_MAX + 64];
	cr_auto_free char *text = NULL;

	if (v2)
		return limits_number_in(dir, "memory.oom.group", 0);
	snprintf(path, sizeof(path), "%s/memory.oom_control", dir);
	return cr_slurp(AT_FDCWD, path, &text) > 0 && limits_field(text, "oom_kill_disable");
}

static void keep_tighter(struct room *tightest, const struct room *r)
{
	bool all = tightest->all || r->all;

	if (r->left < tightest->left)
		*tightest = *r;
	tightest->all = all;
}

static void look_at_cgroup(const char *dir, bool v2, struct room *tightest)
{
	struct room r = { .limit = limits_number_in(
				  dir, v2 ? "memory.max" : "memory.limit_in_bytes", NONE) };
	uint64_t used, cache;

	if (r.limit >= NONE)
		return;
	used = limits_number_in(dir, v2 ? "memory.current" : "memory.usage_in_bytes", 0);
	cache = cache_of(dir, v2);
	used -= cache < used ? cache : used;
	r.left = r.limit > used ? r.limit - used : 0;
	r.all = kills_all(dir, v2);
	snprintf(r.where, sizeof(r.where), "%s", dir);
	keep_tighter(tightest, &r);
}

static void look_at_host(struct room *tightest)
{
	cr_auto_free char *text = NULL;
	struct room r = { .host = true };

	if (cr_slurp(AT_FDCWD, "/proc/meminfo", &text) <= 0)
		return;
	r.limit = limits_field(text, "MemTotal") << 10;
	r.left = (limits_field(text, "MemAvailable") + limits_field(text, "SwapFree")) << 10;
	if (r.limit)
		keep_tighter(tightest, &r);
}

/* ---- which cgroups ---- */

static void find_hierarchies(struct hierarchy h[2])
{
	char *line, *save = NULL;
	cr_auto_free char *text = NULL;

	memset(h, 0, 2 * sizeof(*h));
	if (cr_slurp(AT_FDCWD, "/proc/self/mountinfo", &text) <= 0)
		return;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char root[512], mount[512], type[32], options[512];
		const char *rest = strstr(line, " - ");
		struct hierarchy *to;

		if (!rest || sscanf(line, "%*d %*d %*s %511s %511s", root, mount) != 2 ||
		    sscanf(rest, " - %31s %*s %511s", type, options) != 2)
			continue;
		if (!strcmp(type, "cgroup2"))
			to = &h[1];
		else if (!strcmp(type, "cgroup") && strstr(options, "memory"))
			to = &h[0];
		else
			continue;
		to->found = true;
		memcpy(to->root, root, sizeof(root));
		memcpy(to->mount, mount, sizeof(mount));
	}
}

/* A cgroup and all above it. */
static void limits_look_up(const struct hierarchy *h, bool v2, const char *path,
			   struct room *tightest)
{
	size_t root = strcmp(h->root, "/") ? strlen(h->root) : 0, top = strlen(h->mount);
	char dir[CR_PATH_MAX], *slash;

	/* What is outside of the part that is mounted here nobody can see. */
	if (!h->found || strncmp(path, h->root, root) || strstr(path, "/.."))
		return;
	if (snprintf(dir, sizeof(dir), "%s%s", h->mount, path + root) >= (int)sizeof(dir))
		return;
	for (;;) {
		look_at_cgroup(dir, v2, tightest);
		slash = strrchr(dir, '/');
		if (!slash || strlen(dir) <= top || slash < dir + top)
			return;
		*slash = 0;
	}
}

static void look_at_process(const struct hierarchy h[2], const char *cgroups,
			    struct room *tightest)
{
	cr_auto_free char *text = strdup(cgroups);
	char *line, *save = NULL;

	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = 0;
		if (!controllers[1])
			limits_look_up(&h[1], true, path, tightest);
		else if (strstr(controllers + 1, "memory"))
			limits_look_up(&h[0], false, path, tightest);
	}
}

/* ---- what is needed ---- */

struct need {
	uint64_t copies; /* at worst, if the job goes on while it is written */
	uint64_t least; /* if it does not */
};

static void add_need(pid_t pid, struct need *n)
{
	cr_auto_free char *text = NULL;
	char path[32];
	uint64_t anon;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (cr_slurp(AT_FDCWD, path, &text) <= 0)
		return;
	anon = limits_field(text, "RssAnon") << 10;
	n->copies += anon;
	n->least += WRITER_BYTES + (anon < VERIFY_BYTES ? anon : VERIFY_BYTES) +
		    (limits_field(text, "VmRSS") << 10) / PAGES_PER_TABLE;
}

static int limits_refuse(struct cr_checkpoint *c, const struct room *r, const struct need *n)
{
	return cr_fail(&c->err, CR_EXIT_IO, ENOMEM,
		       "a checkpoint takes about %llu MiB of memory, and of the %llu MiB of "
		       "%s%.300s %llu are left: %s; the job goes on",
		       (unsigned long long)(n->least >> 20) + 1, (unsigned long long)r->limit >> 20,
		       r->host ? "this host" : "the cgroup ", r->where,
		       (unsigned long long)r->left >> 20,
		       r->host ? "end something else" : "raise that limit");
}

int cr_limits_look(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	struct room tightest = { .limit = NONE, .left = NONE };
	struct need need = { .least = OWN_BYTES };
	cr_auto_free char *last = NULL;
	struct hierarchy h[2];
	size_t i;

	find_hierarchies(h);
	for (i = 0; i < c->processes.n; i++) {
		pid_t pid = c->processes.v[i]->pid;
		char path[32], *text = NULL;

		add_need(pid, &need);
		snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
		if (cr_slurp(AT_FDCWD, path, &text) > 0 && (!last || strcmp(text, last)))
			look_at_process(h, text, &tightest);
		free(last);
		last = text;
	}
	if (tightest.limit < NONE && tightest.left < 2 * need.copies + CACHE_ROOM)
		c->spare_cache = true;
	look_at_host(&tightest);
	if (tightest.left < need.least)
		return limits_refuse(c, &tightest, &need);
	c->hold = c->intent == cairn_Intent_INTENT_CHECKPOINT &&
		  (sh->starved ||
		   tightest.left - need.least < (tightest.all ? need.copies : need.copies / 4));
	return 0;
}

void cr_offer_writer(pid_t pid)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	cr_write_file(path, "1000");
}
