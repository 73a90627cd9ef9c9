// SPDX-License-Identifier: Apache-2.0
//
// example: a plugin to copy. It brings back something that Cairn refuses to save: a descriptor of
// fanotify, by which a program is told what happens to files.
//
//   --plugin example:PATH[:PATH]...
//
// The kernel tells which files are watched only by their numbers, so the paths are given here. What
// has happened and was not read yet would be lost: then the checkpoint is refused.
//
// A plugin is compiled with the header alone,
//   cc -shared -fPIC -fvisibility=hidden -o example.so example.c
// and needs no more than one symbol, cairn_plugin, at the end of this file.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cairn/plugin.h"

#define PATHS 64

/* What is kept of a descriptor: this, and its marks behind it. It is our own business how. */
struct group {
	unsigned int flags, event_flags; /* of fanotify_init(2) */
	unsigned int nmarks;
};

struct mark {
	unsigned long long mask, ignored; /* of fanotify_mark(2) */
	unsigned int flags;
	char path[1024];
};

static char *paths[PATHS];
static size_t npaths;

/* Reads the options. Called first in each process of this plugin: also when a job is launched. */
static int init(const struct cairn_host *host, const char *options)
{
	char *text = strdup(options), *path, *save = NULL;

	if (!text)
		return host->fail(host, ENOMEM, "options");
	for (path = strtok_r(text, ":", &save); path; path = strtok_r(NULL, ":", &save)) {
		if (*path != '/' || strlen(path) >= sizeof(((struct mark *)0)->path))
			return host->fail(host, 0, "%s: give absolute paths, example:PATH:PATH",
					  path);
		if (npaths == PATHS)
			return host->fail(host, 0, "more than %d paths", PATHS);
		paths[npaths++] = path;
	}
	return 0;
}

/* The path of a watched file by its number; NULL if it was not given. */
static const char *find(unsigned long inode)
{
	struct stat st;
	size_t i;

	for (i = 0; i < npaths; i++)
		if (!stat(paths[i], &st) && st.st_ino == inode)
			return paths[i];
	return NULL;
}

/* A line of fdinfo about a watched file. */
static int read_mark(const struct cairn_host *host, const struct cairn_fd *fd, const char *line,
		     struct mark *m)
{
	unsigned long inode, device;
	unsigned int flags;
	const char *path;

	if (sscanf(line, "fanotify ino:%lx sdev:%lx mflags:%x mask:%llx ignored_mask:%llx", &inode,
		   &device, &flags, &m->mask, &m->ignored) != 5)
		return host->fail(host, 0,
				  "fd %d of process %d watches more than single files (%s)",
				  fd->number, fd->pid, line);
	path = find(inode);
	if (!path)
		return host->fail(host, 0,
				  "fd %d of process %d watches a file with the number %lu: give "
				  "its path, --plugin example:PATH",
				  fd->number, fd->pid, inode);
	m->flags = flags;
	strcpy(m->path, path);
	return 0;
}

/*
 * Cairn shows a descriptor that it cannot save. fd->fd is a duplicate, so it can be asked and read
 * as in the program itself, which stands still. What is given to store() comes back to restore_fd.
 */
static int claim_fd(const struct cairn_host *host, const struct cairn_fd *fd)
{
	struct pollfd events = { fd->fd, POLLIN, 0 };
	char file[64], line[1024];
	struct group *g;
	struct mark *m;
	int ret = 0;
	FILE *f;

	if (!strstr(fd->path, "[fanotify]"))
		return CAIRN_NOT_MINE;
	if (poll(&events, 1, 0) > 0)
		return host->fail(host, 0,
				  "fd %d of process %d has events that nobody has read, which "
				  "would be lost: try again",
				  fd->number, fd->pid);
	snprintf(file, sizeof(file), "/proc/self/fdinfo/%d", fd->fd);
	f = fopen(file, "re");
	g = calloc(1, sizeof(*g) + PATHS * sizeof(*m));
	if (!f || !g)
		return host->fail(host, errno, "cannot read %s", file);
	m = (struct mark *)(g + 1);
	while (!ret && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "fanotify flags:", 15))
			sscanf(line, "fanotify flags:%x event-flags:%x", &g->flags,
			       &g->event_flags);
		else if (!strncmp(line, "fanotify ", 9) && g->nmarks < PATHS)
			ret = read_mark(host, fd, line, &m[g->nmarks++]);
	}
	fclose(f);
	if (!ret)
		ret = host->store(host, g, sizeof(*g) + g->nmarks * sizeof(*m));
	free(g);
	return ret < 0 ? ret : CAIRN_CLAIMED;
}

/* One watched file again. */
static int restore_mark(const struct cairn_host *host, int fd, const struct mark *m)
{
	if (m->mask && fanotify_mark(fd, FAN_MARK_ADD, m->mask, AT_FDCWD, m->path))
		return host->fail(host, errno, "cannot watch %s again", m->path);
	if (m->ignored && fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | m->flags,
					m->ignored, AT_FDCWD, m->path))
		return host->fail(host, errno, "cannot watch %s again", m->path);
	return 0;
}

/*
 * At a restart: makes a new one. What is returned goes to all places where the old one was; Cairn
 * closes it here. The data are those of a checkpoint, which may be damaged: look before using them.
 */
static int restore_fd(const struct cairn_host *host, const struct cairn_fd *fd)
{
	size_t len, i;
	const struct group *g = host->load(host, &len);
	struct mark m;
	int new, ret;

	if (!g || len < sizeof(*g) || g->nmarks > PATHS ||
	    len != sizeof(*g) + g->nmarks * sizeof(m))
		return host->fail(host, 0, "the checkpoint has no good data");
	new = fanotify_init(g->flags | FAN_CLOEXEC, g->event_flags);
	if (new < 0)
		return host->fail(host, errno, "cannot make %s again", fd->path);
	for (i = 0; i < g->nmarks; i++) {
		memcpy(&m, (const struct mark *)(g + 1) + i, sizeof(m));
		m.path[sizeof(m.path) - 1] = 0;
		ret = restore_mark(host, new, &m);
		if (ret) {
			close(new);
			return ret;
		}
	}
	return new;
}

const struct cairn_plugin cairn_plugin = {
	.abi = CAIRN_PLUGIN_ABI,
	.size = sizeof(cairn_plugin),
	.name = "example",
	.version = "1",
	.init = init,
	.claim_fd = claim_fd,
	.restore_fd = restore_fd,
};
