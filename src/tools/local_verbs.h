// SPDX-License-Identifier: Apache-2.0
//
// One call of crctl to the shepherd of a job on this host, and what its answers say.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/look.h"
#include "tools/reach_job.h"

struct cr_checkpoint_watch;
struct cr_err;
struct cr_json;

struct cr_ctl;

struct call {
	const char *job; /* a name, or the folder of its checkpoints */
	struct cr_json *json; /* NULL: for people */
	cairn_Intent intent;
	struct cr_err *err;
	struct cr_reached to;
	bool ended; /* its shepherd did, before it answered */
	cairn_ControlReply reply; /* the last one */
	size_t nprocesses;
	cairn_ProcessStatus *processes;
	size_t orphans; /* processes that nobody tells of */
	cr_findings findings;
	struct cr_checkpoint_watch *watch; /* may be NULL */
};

/* One request; every process of every reply is collected. 0 or -errno. */
int cr_call_ask(struct call *c, cairn_Verb verb);
/* Until the job that was asked is gone. */
int cr_call_await_end(struct call *c);
int cr_call_send(struct call *c, cairn_Verb verb);
/* Adds what c->reply has to what was there before. */
int cr_call_collect(struct call *c);
void cr_status_json(const struct call *c);

int cr_local_list(struct cr_ctl *c);
int cr_local_status(struct cr_ctl *c);
int cr_local_checkpoint(struct cr_ctl *c);
int cr_local_kill(struct cr_ctl *c);
int cr_local_check(struct cr_ctl *c);
int cr_local_forget(struct cr_ctl *c);
/* json: NULL: for people. */
int cr_print_findings(const cr_findings *f, const char *of, struct cr_json *json,
		      struct cr_err *err);
/* What a job or a node is now, as JSON. */
void cr_print_state(const char *what, const char *of, const char *state, struct cr_json *json);
