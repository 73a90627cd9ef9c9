// SPDX-License-Identifier: Apache-2.0
//
// What crimage's verbs share: opening an image, finding a process. Unlike a restart it opens the
// image of any user who lets us read it: nothing of it is run.
#include "common/image.h"
#include "common/image_read.h"
#include "inspect/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

/* A copy of a checkpoint may have any name. */
static bool is_image(const char *path)
{
	cr_auto_fd dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir >= 0 &&
	       (!faccessat(dir, CR_MANIFEST, F_OK, 0) || !faccessat(dir, CR_STATE, F_OK, 0));
}

int cr_inspect_find(const char *where, char path[CR_PATH_MAX], struct cr_err *err)
{
	if (!is_image(where))
		return cr_image_find(where, path, err);
	return snprintf(path, CR_PATH_MAX, "%s", where) < (int)CR_PATH_MAX ? 0 : -ENAMETOOLONG;
}

int cr_inspect_open(struct cr_inspect *in, const char *where, struct cr_image **img)
{
	char path[CR_PATH_MAX];
	cr_auto_fd dir = -1;
	int ret;

	*img = NULL;
	ret = cr_inspect_find(where, path, &in->err);
	if (ret)
		return ret;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return cr_fail(&in->err, errno == EACCES ? CR_EXIT_PERMISSION : CR_EXIT_NOT_FOUND,
			       errno, "cannot open the checkpoint %s", path);
	*img = calloc(1, sizeof(**img));
	if (!*img)
		return cr_fail(&in->err, CR_EXIT_INTERNAL, ENOMEM, "reading %s", path);
	ret = cr_image_open_at(*img, dir, path, &in->err);
	if (ret) {
		cr_inspect_close(*img);
		*img = NULL;
	}
	return ret;
}

void cr_inspect_close(struct cr_image *img)
{
	if (img)
		cr_image_free(img);
	free(img);
}

struct cr_process_image *cr_inspect_process(struct cr_inspect *in, const char *pid)
{
	struct cr_process_image *p;
	char *end = NULL;
	long n = pid ? strtol(pid, &end, 10) : in->img->job.root_pid;

	if (pid && (end == pid || *end || n <= 0 || n != (int32_t)n)) {
		cr_fail(&in->err, CR_EXIT_USAGE, 0, "'%s' is not a process id", pid);
		return NULL;
	}
	p = cr_image_process(in->img, n);
	if (!in->img->processes.n && in->img->archive_files.n) {
		cr_fail(&in->err, CR_EXIT_UNSUPPORTED, 0,
			"%s is of the backend %s, which has processes in files of its own (crimage "
			"extract --all gets them out, show and verify look into them)",
			in->img->path, in->img->job.backend);
		return NULL;
	}
	/* The root process may have ended before the others. */
	if (!p && !pid && in->img->processes.n)
		return in->img->processes.v;
	if (!p)
		cr_fail(&in->err, CR_EXIT_NOT_FOUND, 0,
			"%s has no process %ld (crimage show lists those that it has)",
			in->img->path, n);
	return p;
}
