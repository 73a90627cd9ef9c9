// SPDX-License-Identifier: Apache-2.0
//
// From an inode that is watched to its path: what the job has open, the paths that its agents
// noted, file handles where that is permitted, and at last a search from those places. Runs in the
// shepherd while the job stands still; bounded, since that is short.
#include "objects/event/watch_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/proc.h"
#include "objects/event/inotify.h"

/* Entries of directories that a search looks at. */
#define SEARCH_MAX 100000

void cr_watched(struct cr_save *s, const char *path)
{
	char **to = cr_list_add(&s->watched);

	if (to)
		*to = strdup(path);
}

static int watch_path_by_inode(const void *a, const void *b)
{
	const struct cr_watch *x = *(struct cr_watch *const *)a, *y = *(struct cr_watch *const *)b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* The watches without a path, sorted by inode. */
struct missing {
	struct cr_watch **v;
	size_t n, left;
};

/* Whether any of them has this inode number; *at is the first. */
static bool watch_path_wanted(const struct missing *m, uint64_t inode, size_t *at)
{
	*at = CR_FIRST_NOT(i, 0, m->n, m->v[i]->inode < inode);
	return *at < m->n && m->v[*at]->inode == inode;
}

/* Without the symbolic links that the application may have gone through. */
static void name_as_is(const char *path, bool link, char out[CR_PATH_MAX])
{
	cr_auto_fd fd = open(path, O_PATH | O_CLOEXEC | (link ? O_NOFOLLOW : 0));

	if (!cr_fd_link(fd, out, CR_PATH_MAX) || out[0] != '/')
		snprintf(out, CR_PATH_MAX, "%s", path);
}

static void is_at(struct missing *m, const char *path)
{
	struct stat st;
	size_t i;

	bool link = !lstat(path, &st) && watch_path_wanted(m, st.st_ino, &i);

	if (!link && (stat(path, &st) || !watch_path_wanted(m, st.st_ino, &i)))
		return;
	for (; i < m->n && m->v[i]->inode == st.st_ino; i++) {
		struct cr_watch *w = m->v[i];

		if (w->dev != st.st_dev || w->m.path[0])
			continue;
		name_as_is(path, link, w->m.path);
		m->left--;
	}
}

/* Breadth first from a directory; names are compared by their inode numbers, without a stat. */
static void watch_path_search(struct missing *m, const char *root, unsigned int *budget)
{
	CR_LIST(char *) todo = { 0 };
	char **to = cr_list_add(&todo), path[CR_PATH_MAX];
	size_t i, at;

	if (to)
		*to = strdup(root);
	for (i = 0; i < todo.n && m->left && *budget; i++) {
		cr_auto_dir *d = todo.v[i] ? opendir(todo.v[i]) : NULL;
		struct dirent *e;

		while (m->left && *budget && (e = cr_next_entry(d))) {
			--*budget;
			if (snprintf(path, sizeof(path), "%s/%s",
				     strcmp(todo.v[i], "/") ? todo.v[i] : "",
				     e->d_name) >= (int)sizeof(path))
				continue;
			if (watch_path_wanted(m, e->d_ino, &at))
				is_at(m, path);
			if (e->d_type == DT_DIR && (to = cr_list_add(&todo)))
				*to = strdup(path);
		}
	}
	for (i = 0; i < todo.n; i++)
		free(todo.v[i]);
	free(todo.v);
}

/* The directory that a path lies in, or the path itself if it is one. */
static void search_around(struct missing *m, const char *path, unsigned int *budget)
{
	char dir[CR_PATH_MAX], *slash;
	struct stat st;

	snprintf(dir, sizeof(dir), "%s", path);
	while (m->left && dir[0] && (stat(dir, &st) || !S_ISDIR(st.st_mode))) {
		slash = strrchr(dir, '/');
		if (!slash)
			return;
		*slash = 0;
	}
	watch_path_search(m, dir[0] ? dir : "/", budget);
}

/* By its handle, for which privilege is needed, on any mount of its file system. */
static void by_handle(struct missing *m)
{
	cr_auto_free char *mounts = NULL;
	char *line, *save = NULL, point[CR_PATH_MAX], path[CR_PATH_MAX];
	unsigned int major, minor;
	size_t i;

	if (cr_slurp(AT_FDCWD, "/proc/self/mountinfo", &mounts) <= 0)
		return;
	for (line = strtok_r(mounts, "\n", &save); line && m->left;
	     line = strtok_r(NULL, "\n", &save)) {
		cr_auto_fd mount = -1;

		if (sscanf(line, "%*d %*d %u:%u %*s %4095s", &major, &minor, point) != 3)
			continue;
		for (i = 0; i < m->n; i++) {
			struct cr_watch *w = m->v[i];
			cr_auto_fd fd = -1;

			if (w->m.path[0] || w->dev != makedev(major, minor) ||
			    !w->handle.h.handle_bytes)
				continue;
			if (mount < 0)
				mount = open(point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			fd = open_by_handle_at(mount, &w->handle.h, O_PATH | O_CLOEXEC);
			if (!cr_fd_link(fd, path, sizeof(path)))
				continue;
			is_at(m, path);
		}
	}
}

static void search_all(const struct cr_save *s, struct missing *m, struct cr_watch *w, size_t n)
{
	unsigned int budget = SEARCH_MAX;
	char path[CR_PATH_MAX];
	pid_t last = 0;
	size_t i;

	for (i = 0; i < s->watched.n && m->left; i++)
		search_around(m, s->watched.v[i], &budget);
	for (i = 0; i < n && m->left; i++) {
		if (w[i].pid == last)
			continue;
		last = w[i].pid;
		/* Itself and what is above it, before all that is below. */
		if (cr_proc_link(last, "cwd", path))
			continue;
		is_at(m, path);
		watch_path_search(m, path, &budget);
		for (char *slash; (slash = strrchr(path, '/')) && slash > path;) {
			*slash = 0;
			is_at(m, path);
		}
		is_at(m, "/");
	}
	if (m->left)
		watch_path_search(m, "/", &budget);
}

void cr_find_watched(const struct cr_save *s, struct cr_watch *w, size_t n)
{
	struct missing m = { calloc(n + 1, sizeof(*m.v)), 0, 0 };
	size_t i, k;

	if (!m.v)
		return;
	for (i = 0; i < n; i++) {
		/* What is open has a description, wherever it is and even if it is nowhere. */
		for (k = 0; k < s->descriptions.n && !w[i].m.target; k++) {
			const cairn_Description *d = &s->descriptions.v[k]->m;

			if (d->dev == w[i].dev && d->inode == w[i].inode)
				w[i].m.target = d->id;
		}
		if (!w[i].m.target)
			m.v[m.n++] = &w[i];
	}
	m.left = m.n;
	qsort(m.v, m.n, sizeof(*m.v), watch_path_by_inode);
	for (i = 0; i < s->watched.n && m.left; i++)
		is_at(&m, s->watched.v[i]);
	if (m.left)
		by_handle(&m);
	if (m.left)
		search_all(s, &m, w, n);
	free(m.v);
}
