// SPDX-License-Identifier: Apache-2.0
//
// The backend criu: everything that needs no dump and no restore.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "criu/criu_backend.h"
#include "criu/find.h"
#include "criu/log.h"
#include "shepherd/pids.h"
#include "shepherd/run.h"
#include "shepherd/shepherd.h"

void cr_argument(cr_arguments *a, const char *format, ...)
{
	char **to = cr_list_add(a);
	va_list list;

	if (!to)
		abort();
	if (!format)
		return;
	va_start(list, format);
	if (vasprintf(to, format, list) < 0)
		abort();
	va_end(list);
}

void cr_arguments_free(cr_arguments *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a->v);
	memset(a, 0, sizeof(*a));
}

int cr_criu_probe(struct cr_err *err)
{
	struct cr_criu criu;

	return cr_criu_find(&criu, err);
}

int cr_criu_options(const struct cr_options *o, struct cr_err *err)
{
	const char *what = NULL;

	if (o->maps.n)
		what = "--map: CRIU finds files only where they were";
	else if (o->files.len)
		what = "--file: files that the job writes in place become as long as they were, "
		       "and keep their contents";
	else if (o->pack_files)
		what = "--pack-files: CRIU maps files anew";
	else if (o->allow_changed)
		what = "--allow-changed: CRIU compares the sizes of files";
	else if (o->ids == CR_IDS_VIRTUAL)
		what = "--ids virtual: it has no agent that could translate them";
	if (!what)
		return 0;
	return cr_fail(err, CR_EXIT_USAGE, 0, "the backend criu cannot do %s", what);
}

/* ---- the tree ---- */

void cr_criu_pids(struct cr_shepherd *sh, cr_pids *out)
{
	if (sh->attached)
		cr_root_pids(sh, out);
	else
		cr_tree_pids(sh, out);
}

/* Of a job that is attached: all stand still first, so that none is born unseen. */
static void kill_attached(struct cr_shepherd *sh)
{
	cr_pids pids = { 0 };
	size_t before, i, tries = 0;

	do {
		before = pids.n;
		pids.n = 0;
		cr_criu_pids(sh, &pids);
		for (i = 0; i < pids.n; i++)
			kill(pids.v[i], SIGSTOP);
	} while (pids.n != before && tries++ < 100);
	for (i = 0; i < pids.n; i++)
		kill(pids.v[i], SIGKILL);
	free(pids.v);
}

void cr_criu_kill(struct cr_shepherd *sh)
{
	if (sh->attached && !sh->ended)
		kill_attached(sh);
	else if (!sh->attached)
		cr_kill_job(sh);
}

/* ---- failures ---- */

int cr_criu_failure(const struct cr_shepherd *sh, int dir, const char *log, const char *what,
		    struct cr_err *err)
{
	cr_auto_fd folder = open(sh->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char cause[500];
	int status = cr_criu_log_cause(dir, log, cause, sizeof(cause));

	if (folder < 0 || renameat(dir, log, folder, CR_CRIU_LOG))
		return cr_fail(err, status, 0, "CRIU could not %s %s: %s", what, sh->name, cause);
	return cr_fail(err, status, 0, "CRIU could not %s %s: %s (%s/%s)", what, sh->name, cause,
		       sh->directory, CR_CRIU_LOG);
}
