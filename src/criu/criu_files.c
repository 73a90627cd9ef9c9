// SPDX-License-Identifier: Apache-2.0
//
// Files that the job writes and that have grown since the checkpoint. CRIU takes only those of the
// length that they had, so they are cut, as the job will write again what comes there. Until CRIU
// has succeeded it is kept.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "criu.pb.h"
#include "criu/criu_files.h"
#include "criu/criu_image.h"
#include "objects/core/reach.h"

#define REGULAR 1

struct cutting {
	const cairn_Job *job;
	cr_cuts *cuts;
	struct cr_err *err;
};

static bool is_outside(const cairn_Job *job, const char *path)
{
	const char *text = (const char *)job->outside.bytes, *end = text + job->outside.size;

	for (; text < end; text += strlen(text) + 1) {
		const char *key = strchr(text, '=');

		if (key && *path == '/' && !strcmp(key + 1, path + 1))
			return true;
	}
	return false;
}

static int criu_files_copy(int from, off_t at, int to)
{
	ssize_t n;

	while ((n = sendfile(to, from, &at, 1 << 30)) > 0)
		;
	return n < 0 ? -errno : 0;
}

static int cut(void *arg, const void *msg)
{
	const cairn_CriuFile *f = msg;
	const cairn_CriuRegular *m = &f->regular;
	struct cutting *all = arg;
	cr_auto_fd fd = -1;
	struct cr_cut *c;
	struct stat st;
	char *path;
	int ret;

	if (f->type != REGULAR || !f->has_regular || !m->has_size ||
	    (m->flags & O_ACCMODE) == O_RDONLY || m->name[0] != '/' ||
	    is_outside(all->job, m->name))
		return 0;
	fd = cr_reach_open(m->name, O_RDWR | O_NONBLOCK, S_IFREG);
	/* CRIU says what is wrong with it. */
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= (off_t)m->size)
		return 0;
	path = strdup(m->name);
	c = path ? cr_list_add(all->cuts) : NULL;
	if (!c) {
		free(path);
		return -ENOMEM;
	}
	c->size = m->size;
	c->path = path;
	c->tail = memfd_create("cairn-tail", MFD_CLOEXEC);
	ret = c->tail < 0 ? -errno : criu_files_copy(fd, m->size, c->tail);
	if (!ret && ftruncate(fd, m->size))
		ret = -errno;
	return ret ? cr_fail(all->err, CR_EXIT_IO, -ret,
			     "cannot cut %s to the length that it had at the checkpoint", m->name) :
		     0;
}

int cr_criu_cut(int dir, const cairn_Job *job, cr_cuts *cuts, struct cr_err *err)
{
	struct cutting all = { job, cuts, err };
	cairn_CriuFile *f = calloc(1, sizeof(*f));
	int ret = -ENOMEM;

	if (f)
		ret = cr_criu_each(dir, "files.img", cairn_CriuFile_fields, f, sizeof(*f), cut,
				   &all, err);
	free(f);
	if (ret && ret != -ENOENT)
		return cr_fail(err, CR_EXIT_INTERNAL, -ret, "reading CRIU's files");
	return 0;
}

void cr_criu_uncut(cr_cuts *cuts, bool failed)
{
	size_t i;

	for (i = 0; i < cuts->n; i++) {
		struct cr_cut *c = &cuts->v[i];
		cr_auto_fd fd = failed ? cr_reach_open(c->path, O_WRONLY, S_IFREG) : -1;

		if (failed &&
		    (fd < 0 || lseek(fd, c->size, SEEK_SET) < 0 || criu_files_copy(c->tail, 0, fd)))
			cr_say("what had been written to %s since the checkpoint is lost: %s",
			       c->path, strerror(errno));
		cr_close_fd(&c->tail);
		free(c->path);
	}
	free(cuts->v);
	memset(cuts, 0, sizeof(*cuts));
}
