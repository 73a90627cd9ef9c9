// SPDX-License-Identifier: Apache-2.0
//
// The backend criu: what its functions share. dump.c makes checkpoints and restore.c restarts,
// both by the program criu; backend.c has what needs no CRIU. All of it runs in the shepherd.
#pragma once

#include "common/archive.h"
#include "common/image.h"
#include "common/io.h"
#include "criu/find.h"
#include "restart/restart.h"
#include "shepherd/shepherd.h"

/* CRIU's log of the latest failure, in the job's folder. */
#define CR_CRIU_LOG "criu.log"

/* A command line that grows. */
typedef CR_LIST(char *) cr_arguments;

void cr_argument(cr_arguments *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cr_arguments_free(cr_arguments *a);

/* ---- backend.c ---- */
int cr_criu_probe(struct cr_err *err);
void cr_criu_kill(struct cr_shepherd *sh);
void cr_criu_pids(struct cr_shepherd *sh, cr_pids *out);

/* What of the job's options CRIU cannot do. */
int cr_criu_options(const struct cr_options *o, struct cr_err *err);

/*
 * The cause in a log of CRIU's, in the folder dir; the log is kept as CR_CRIU_LOG in the job's
 * folder. what: "save", "restart".
 */
int cr_criu_failure(const struct cr_shepherd *sh, int dir, const char *log, const char *what,
		    struct cr_err *err);

/* ---- attach.c ---- */
/* Whether that would be taken here; 0, or the reason why not. Nothing is touched. */
int cr_criu_attachable(pid_t pid, struct cr_err *err);
int cr_criu_attach(struct cr_shepherd *sh, const char *what, struct cr_err *err);

/* ---- outside.c: descriptors that the job has from whoever started it ---- */

/*
 * Into job->outside, and what CRIU must be told to leave them alone.
 */
int cr_criu_outside(struct cr_shepherd *sh, cairn_Job *job, cr_arguments *a, struct cr_err *err);

/* ---- dump.c ---- */
extern const struct cr_stage cr_criu_stages[];

/* ---- restore.c ---- */
int cr_criu_check(struct cr_restart *r, struct cr_err *err);
extern const struct cr_stage cr_criu_restart_stages[];

/* ---- files.c: files that have grown since the checkpoint ---- */

/* Those that the job writes become as long as they were; what is cut off is kept in *undo. */
struct cr_cut {
	char *path;
	uint64_t size;
	int tail; /* memory file */
};
typedef CR_LIST(struct cr_cut) cr_cuts;

int cr_criu_cut(int dir, const cairn_Job *job, cr_cuts *cuts, struct cr_err *err);
/* The restart has failed: puts it back. Frees. */
void cr_criu_uncut(cr_cuts *cuts, bool failed);
