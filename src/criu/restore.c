// SPDX-License-Identifier: Apache-2.0
//
// A restart by `criu restore`. CRIU's files come out of the checkpoint into a scratch folder in the
// job's folder; CRIU makes the processes as children of the shepherd, and is waited for. Runs in
// the shepherd, in the sandbox. On failure CRIU has ended what it had made; the scratch folder is
// removed in any case.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/x86_64/cpu.h"
#include "common/criu_version.h"
#include "common/archive.h"
#include "common/image.h"
#include "criu.pb.h"
#include "criu/criu_backend.h"
#include "criu/criu_files.h"
#include "criu/find.h"
#include "criu/criu_image.h"
#include "criu/restore.h"
#include "objects/core/outside.h"
#include "restart/check.h"
#include "restart/restart.h"
#include "shepherd/options.h"
#include "shepherd/shepherd.h"
#include "shepherd/stages.h"

#define LOG "restore.log"
#define PIDFILE "restored.pid"
/* Descriptors for CRIU begin here. */
#define HANDED 200

/* CRIU writes beside its files, and must not be led elsewhere by a link. */
static int restore_check_files(const struct cr_image *img, struct cr_err *err)
{
	size_t i;

	for (i = 0; i < img->archive_files.n; i++)
		if (!S_ISREG(img->archive_files.v[i].mode))
			return cr_fail(err, CR_EXIT_DAMAGED, 0, "%s: %.100s is no file of CRIU's",
				       img->path, img->archive_files.v[i].name);
	if (!img->archive_files.n)
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "%s has no files of CRIU's", img->path);
	return 0;
}

int cr_criu_check(struct cr_restart *r, struct cr_err *err)
{
	const cairn_Job *job = &r->img.job;
	cairn_CpuFeatures cpu;
	struct cr_criu criu;
	int major = 0, minor = 0, patch = 0, ret;
	char version[16];

	ret = cr_criu_find(&criu, err);
	if (ret)
		return ret;
	r->bare = criu.unprivileged;
	sscanf(job->backend_version, "%d.%d.%d", &major, &minor, &patch);
	if (major * 10000 + minor * 100 + patch > criu.version)
		return cr_fail(err, CR_EXIT_BACKEND, 0,
			       "%s was saved by CRIU %s, and %s is %s: install a newer one "
			       "(contrib/get-criu), or name one by CR_CRIU",
			       r->img.path, job->backend_version, criu.path,
			       cr_criu_version_text(criu.version, version));
	ret = restore_check_files(&r->img, err);
	if (ret)
		return ret;
	ret = cr_criu_options(&r->sh->options, err);
	if (ret)
		return ret;
	cr_cpu_read(&cpu);
	ret = cr_cpu_check(&r->img.manifest.cpu, &cpu, err);
	return ret ? ret : cr_pack_check(&r->img, err);
}

/* ---- the tree ---- */

struct tree {
	cr_pids ids;
	bool own_session; /* of the first process */
};

static int note_process(void *arg, const void *msg)
{
	const cairn_CriuProcess *p = msg;
	struct tree *t = arg;
	size_t i;

	if (!t->ids.n)
		t->own_session = p->sid == p->pid;
	for (i = 0; i < p->threads_count + 3u; i++) {
		pid_t *to = cr_list_add(&t->ids);

		if (!to)
			return -ENOMEM;
		*to = i == 0 ? p->pid : i == 1 ? p->pgid : i == 2 ? p->sid : p->threads[i - 3];
	}
	return 0;
}

static int read_tree(struct tree *t, int dir, struct cr_err *err)
{
	cairn_CriuProcess *p = calloc(1, sizeof(*p));
	int ret = -ENOMEM;

	if (p)
		ret = cr_criu_each(dir, "pstree.img", cairn_CriuProcess_fields, p, sizeof(*p),
				   note_process, t, err);
	free(p);
	if (!ret && t->ids.n)
		return 0;
	return cr_fail(err, CR_EXIT_DAMAGED, 0, "the checkpoint has no tree of processes");
}

static int restore_by_id(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return x < y ? -1 : x > y;
}

/* CRIU and what it runs must not take ids of the job: the next are those of the largest gap. */
static void leave_ids(struct tree *t)
{
	cr_auto_free char *text = NULL;
	pid_t from = 300, after = 300, best = 0, *restore_end = cr_list_add(&t->ids);
	char last[16];
	size_t i;

	if (restore_end && cr_slurp(AT_FDCWD, "/proc/sys/kernel/pid_max", &text) > 0)
		*restore_end = atoi(text);
	qsort(t->ids.v, t->ids.n, sizeof(*t->ids.v), restore_by_id);
	for (i = 0; i < t->ids.n; i++) {
		if (t->ids.v[i] - from > best) {
			best = t->ids.v[i] - from;
			after = from;
		}
		if (t->ids.v[i] > from)
			from = t->ids.v[i];
	}
	snprintf(last, sizeof(last), "%d", after);
	cr_write_file("/proc/sys/kernel/ns_last_pid", last);
}

/* ---- the program ---- */

static int find_slot(const struct cr_outside *out, int fd)
{
	unsigned int i;

	for (i = 0; i < out->nslots; i++)
		if (out->slots[i].fd == fd)
			return fd;
	return -1;
}

/*
 * A file that was opened outside of the sandbox is on a mount which CRIU does not find at the next
 * checkpoint, and whose length it then checks: it is opened once more, here. As the position is no
 * longer shared, everyone writes to the end. -1: it is none, or not to be had.
 */
static int open_here(int fd)
{
	char path[CR_PATH_MAX];
	struct stat there, here;
	int flags = fcntl(fd, F_GETFL), new;

	if (fd < 0 || flags < 0 || fstat(fd, &there) || !S_ISREG(there.st_mode))
		return -1;
	cr_fd_link(fd, path, sizeof(path));
	new = open(path, (flags & (O_ACCMODE | O_NONBLOCK)) | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (new >= 0 && !fstat(new, &here) && here.st_dev == there.st_dev &&
	    here.st_ino == there.st_ino) {
		lseek(new, lseek(fd, 0, SEEK_CUR), SEEK_SET);
		fcntl(fd, F_SETFL, flags | O_APPEND);
		return new;
	}
	cr_close_fd(&new);
	return -1;
}

/* For each name that the job had from outside, once: what stands there now. */
static int restore_hand_over(const struct cr_restart *r, cr_arguments *a, struct cr_err *err)
{
	const char *text = (const char *)r->img.job.outside.bytes, *restore_end, *before;
	unsigned int next = 0;

	restore_end = text + r->img.job.outside.size;
	if (restore_end > text && restore_end[-1])
		return cr_fail(err, CR_EXIT_DAMAGED, 0, "%s: descriptors from outside",
			       r->img.path);
	for (; text < restore_end; text += strlen(text) + 1) {
		const char *key = strchr(text, '=');
		int slot = find_slot(&r->sh->outside, atoi(text)), fd, again;

		if (!key)
			continue;
		for (before = (const char *)r->img.job.outside.bytes; before < text;
		     before += strlen(before) + 1)
			if (strchr(before, '=') && !strcmp(strchr(before, '='), key))
				break;
		if (before < text)
			continue;
		again = slot < 0 ? open("/dev/null", O_RDWR) : open_here(slot);
		fd = again < 0 ? slot : again;
		if (dup2(fd, HANDED + next) < 0)
			return cr_fail(err, CR_EXIT_INTERNAL, errno, "descriptors for CRIU");
		cr_close_fd(&again);
		cr_argument(a, "--inherit-fd");
		cr_argument(a, "fd[%d]:%s", HANDED + next++, key + 1);
	}
	return 0;
}

static void restore_become(cr_arguments *a, int next)
{
	int null = open("/dev/null", O_RDWR), i;
	sigset_t none;

	for (i = 0; i < 3; i++)
		dup2(null, i);
	close_range(3, HANDED - 1, 0);
	/* Not in a session that begins outside of the sandbox, which CRIU could not save again. */
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(a->v[0], a->v);
	_exit(CR_EXIT_CANNOT_RUN);
}

static int restore_run(const struct cr_restart *r, cr_arguments *a, struct cr_err *err)
{
	int status = 0, ret = 0;
	pid_t pid = fork();

	if (!pid) {
		ret = restore_hand_over(r, a, err);
		if (ret) {
			cr_err_print(err);
			_exit(err->status);
		}
		cr_argument(a, NULL);
		restore_become(a, 0);
	}
	if (pid < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "running %s", a->v[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return cr_fail(err, CR_EXIT_INTERNAL, errno, "waiting for %s", a->v[0]);
	return status;
}

static void restore_add_options(cr_arguments *a, const struct cr_restart *r,
				const struct cr_criu *criu, const char *folder)
{
	const struct cr_options *o = &r->sh->options;

	cr_argument(a, "%s", criu->path);
	cr_argument(a, "restore");
	cr_argument(a, "--no-default-config");
	cr_argument(a, "--images-dir");
	cr_argument(a, "%s", folder);
	cr_argument(a, "-v3");
	cr_argument(a, "--log-file");
	cr_argument(a, LOG);
	cr_argument(a, "--pidfile");
	cr_argument(a, PIDFILE);
	cr_argument(a, "--restore-detached");
	cr_argument(a, "--restore-sibling");
	cr_argument(a, "--manage-cgroups=ignore");
	cr_argument(a, "--file-locks");
	cr_argument(a, "--ext-unix-sk");
	/* Standard output may be a file of another mode now, as on another node. */
	cr_argument(a, "--skip-file-rwx-check");
	cr_argument(a, o->tcp_repair ? "--tcp-established" : "--tcp-close");
	if (criu->unprivileged)
		cr_argument(a, "--unprivileged");
}

static int restore_restore(struct cr_restart *r, int dir, const char *folder, struct cr_err *err)
{
	cr_auto_free char *text = NULL;
	cr_arguments args = { 0 };
	struct tree tree = { 0 };
	cr_cuts cuts = { 0 };
	struct cr_criu criu;
	int ret = cr_criu_find(&criu, err);

	if (!ret)
		ret = cr_archive_extract(&r->img, dir, err);
	if (!ret)
		ret = read_tree(&tree, dir, err);
	if (!ret)
		ret = cr_criu_cut(dir, &r->img.job, &cuts, err);
	if (!ret) {
		leave_ids(&tree);
		restore_add_options(&args, r, &criu, folder);
		if (!tree.own_session)
			cr_argument(&args, "--shell-job");
		ret = restore_run(r, &args, err);
	}
	cr_criu_uncut(&cuts, ret);
	cr_arguments_free(&args);
	free(tree.ids.v);
	if (ret > 0)
		return cr_criu_failure(r->sh, dir, LOG, "restart", err);
	if (ret < 0)
		return ret;
	if (cr_slurp(dir, PIDFILE, &text) <= 0 || atoi(text) <= 0)
		return cr_fail(err, CR_EXIT_INTERNAL, 0, "CRIU does not tell what it restarted");
	r->sh->root = atoi(text);
	r->sh->root_status = -1;
	return 0;
}

static int run_criu(void *of)
{
	struct cr_restart *r = of;
	char name[32], folder[CR_PATH_MAX + 64];
	cr_auto_fd parent = open(r->sh->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), dir = -1;
	int ret;

	/* Named so that the next checkpoint removes it if we cannot. */
	snprintf(name, sizeof(name), ".%06u.tmp", r->img.manifest.number);
	snprintf(folder, sizeof(folder), "%s/%s", r->sh->directory, name);
	cr_remove_tree(parent, name);
	if (parent < 0 || mkdirat(parent, name, 0700) ||
	    (dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return cr_fail(r->err, CR_EXIT_IO, errno, "cannot make %s for CRIU's files",
			       folder);
	ret = restore_restore(r, dir, folder, r->err);
	cr_remove_tree(parent, name);
	return ret;
}

/* It runs already; if it is not to go on with the others it is ended. */
static void restore_end(void *of)
{
	struct cr_restart *r = of;

	if (r->err->status && r->sh->root > 0)
		cr_criu_kill(r->sh);
}

const struct cr_stage cr_criu_restart_stages[] = {
	{ "restoring", run_criu, .undo = restore_end, .barrier = cairn_Step_STEP_READY },
	{ 0 },
};
