// SPDX-License-Identifier: Apache-2.0
//
// What all backends have in common whose saving is done by other programs: the files that these
// have written go into the pack by a thread, which touches the image writer only, while the job
// runs again. Then the commit, as ever.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/archive.h"
#include "common/image_write.h"
#include "shepherd/archive_save.h"
#include "shepherd/checkpoint.h"
#include "shepherd/describe.h"
#include "shepherd/shepherd.h"

struct folder {
	struct cr_checkpoint *checkpoint;
	int dir;
};

void cr_count_job(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	cr_pids pids = { 0 };
	size_t i;

	sh->backend->pids(sh, &pids);
	c->manifest.processes = c->manifest.threads = 0;
	for (i = 0; i < pids.n; i++) {
		struct cr_proc_status st;

		if (cr_proc_status(sh->host_proc, pids.v[i], &st))
			continue;
		c->manifest.processes++;
		c->manifest.threads += st.threads;
	}
	free(pids.v);
}

int cr_save_job(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	cr_describe_shepherd(sh, &c->job);
	cr_describe_host(sh, c);
	return cr_image_record(&c->writer, cairn_RecordType_RECORD_JOB, &c->job, &c->err);
}

static void *archive_save_add(void *arg)
{
	struct folder *f = arg;
	struct cr_checkpoint *c = f->checkpoint;
	char done = !cr_archive_add(&c->writer, f->dir, &c->err);

	cr_close_fd(&f->dir);
	free(f);
	while (write(c->thread_pipe[1], &done, 1) < 0 && errno == EINTR)
		;
	return NULL;
}

static void on_added(int fd, short what, void *arg)
{
	char done = 0;

	cr_checkpoint_done(arg, read(fd, &done, 1) == 1 && done ? 0 : -EIO);
}

int cr_save_folder(struct cr_shepherd *sh, struct cr_checkpoint *c, const char *dir)
{
	struct folder *f = calloc(1, sizeof(*f));

	if (!f)
		return cr_fail(&c->err, CR_EXIT_INTERNAL, ENOMEM, "checkpoint of %s", sh->name);
	f->checkpoint = c;
	f->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dir < 0) {
		free(f);
		return cr_fail(&c->err, CR_EXIT_IO, errno, "cannot open %s", dir);
	}
	event_base_once(sh->base, c->thread_pipe[0], EV_READ, on_added, c, NULL);
	if (!cr_in_background(archive_save_add, f))
		archive_save_add(f);
	return CR_LATER;
}
