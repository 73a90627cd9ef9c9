// SPDX-License-Identifier: Apache-2.0
//
// What an agent knows, and seccomp filters.
#pragma once

struct cr_err;
struct cr_process;
struct cr_proc_status;
struct cr_shepherd;

/* Before each call of a process, as it may execute another program at any time. */
void cr_read_agent(struct cr_shepherd *sh, struct cr_process *m);

/* What its agent has noted that makes it unsafe to call it. */
int cr_check_agent(struct cr_shepherd *sh, struct cr_process *m, const struct cr_proc_status *st,
		   struct cr_err *err);

/* Its main thread's alternate stack: -EAGAIN if it cannot be written now. */
int cr_check_stack(struct cr_process *m, const struct cr_proc_status *st, struct cr_err *err);
int cr_check_filters(struct cr_shepherd *sh, struct cr_process *m, const struct cr_proc_status *st,
		     struct cr_err *err);
int cr_describe_filters(struct cr_shepherd *sh, struct cr_process *m,
			const struct cr_proc_status *st, struct cr_err *err);
