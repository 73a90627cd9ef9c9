// SPDX-License-Identifier: Apache-2.0
//
// The backend criu: what its files share. dump.c makes checkpoints and restore.c restarts,
// both by the program criu; backend.c has what needs no CRIU. All of it runs in the shepherd.
#pragma once

#include "common/proc.h"

struct cr_err;
struct cr_options;
struct cr_shepherd;

/* CRIU's log of the latest failure, in the job's folder. */
#define CR_CRIU_LOG "criu.log"

/* A command line that grows. */
typedef CR_LIST(char *) cr_arguments;

void cr_argument(cr_arguments *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cr_arguments_free(cr_arguments *a);

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
