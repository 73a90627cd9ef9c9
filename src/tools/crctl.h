// SPDX-License-Identifier: Apache-2.0
//
// crctl: what its verbs share. Each verb has a function for jobs of this user on this host and
// (or) one for the cluster.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cluster.pb.h"
#include "common/err.h"
#include "tools/look.h"

struct cr_ctl {
	bool json, stop, follow, wait, all, help, version;
	const char *coordinator; /* NULL: jobs of this host */
	const char *of[2]; /* the job, node, pid, command that the verb is about */
	char **command; /* of run */
	const char *name, *node, *on_failure, *backend;
	long nodes, since;
	cairn_Policy policy;
	struct cr_err err;
};

/* ---- local_verbs.c ---- */
int cr_local_list(struct cr_ctl *c);
int cr_local_status(struct cr_ctl *c);
int cr_local_checkpoint(struct cr_ctl *c);
int cr_local_kill(struct cr_ctl *c);
int cr_local_check(struct cr_ctl *c);
int cr_local_forget(struct cr_ctl *c);
int cr_print_findings(const cr_findings *f, const char *of, bool json, struct cr_err *err);

/* ---- attach.c: crctl becomes the shepherd of something that runs; argv[0] is the verb ---- */
int cr_attach(int argc, char **argv);
/* The verb has options of its own: it must come first. */
int cr_attach_first(struct cr_ctl *c);

/* ---- cluster_verbs.c ---- */
int cr_ask_list(struct cr_ctl *c);
int cr_ask_status(struct cr_ctl *c);
int cr_ask_checkpoint(struct cr_ctl *c);
int cr_ask_kill(struct cr_ctl *c);
int cr_ask_check(struct cr_ctl *c);
int cr_ask_nodes(struct cr_ctl *c);
int cr_ask_events(struct cr_ctl *c);
int cr_ask_run(struct cr_ctl *c);
int cr_ask_drain(struct cr_ctl *c);
int cr_ask_undrain(struct cr_ctl *c);
int cr_ask_fenced(struct cr_ctl *c);
int cr_ask_restart(struct cr_ctl *c);
int cr_ask_forget(struct cr_ctl *c);

/* ---- cluster_rows.c: one row, as text or as a JSON object ---- */
void cr_row_heads(cairn_Ask ask);
void cr_row_job(const cairn_JobRow *j, bool json);
void cr_row_node(const cairn_NodeRow *n, bool json);
void cr_row_event(const cairn_EventRow *e, bool json);

struct cr_job_details {
	cairn_JobRow job;
	cairn_MemberRow *members;
	size_t n_members, room_members;
	cairn_ImageRow *images;
	size_t n_images, room_images;
};
void cr_row_details(struct cr_job_details *d, bool json);

/* ---- crctl_options.c ---- */
/*
 * Reads options, verb and what it is about; --help and --version are answered (*verb stays NULL,
 * 0). What does not go with the verb is refused.
 */
int cr_ctl_options(struct cr_ctl *c, int argc, char **argv, const char **verb);
void cr_ctl_options_usage(void);
