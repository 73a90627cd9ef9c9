// SPDX-License-Identifier: Apache-2.0
//
// The shepherd is asked for its state on a second connection. While the job stands still it answers
// nobody: the last that it said is shown then.
#include "tools/checkpoint_watch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/io.h"
#include "common/wire.h"

static struct cr_wire checkpoint_watch_wire;

void cr_checkpoint_watch_begin(struct cr_checkpoint_watch *w, const char *job)
{
	w->job = job;
	w->to = (struct cr_reached){ .fd = -1, .pidfd = -1 };
	cr_progress_begin(&w->progress);
}

static void checkpoint_watch_ask(struct cr_checkpoint_watch *w)
{
	cairn_ControlRequest q = { .version = CR_AGENT_VERSION, .verb = cairn_Verb_VERB_STATUS };
	struct cr_err none = { 0 };

	if (!cr_reach(w->job, &w->to, &none) &&
	    cr_wire_send(w->to.fd, &checkpoint_watch_wire, cairn_ControlRequest_fields, &q, NULL,
			 0))
		cr_reach_close(&w->to);
}

/* Takes what has come of the answer. */
static void checkpoint_watch_hear(struct cr_checkpoint_watch *w)
{
	int ret;

	do {
		memset(&w->reply, 0, sizeof(w->reply));
		ret = cr_wire_recv(w->to.fd, &checkpoint_watch_wire, cairn_ControlReply_fields,
				   &w->reply, NULL, NULL, MSG_DONTWAIT);
	} while (ret == 1 && !w->reply.last);
	if (ret != -EAGAIN)
		cr_reach_close(&w->to);
}

void cr_checkpoint_watch_turn(void *arg)
{
	struct cr_checkpoint_watch *w = arg;
	double s = (cr_now_ns(CLOCK_MONOTONIC) - w->progress.began_ns) / 1e9;
	char state[sizeof(w->reply.state)];

	if (!w->progress.terminal)
		return;
	memcpy(state, w->reply.state, sizeof(state));
	if (w->to.fd >= 0)
		checkpoint_watch_hear(w);
	if (!*w->reply.state)
		memcpy(w->reply.state, state, sizeof(state));
	if (w->to.fd < 0)
		checkpoint_watch_ask(w);
	cr_progress_say(&w->progress, "%s: %s, %.0f s", w->job,
			*w->reply.state ? w->reply.state : "waiting", s);
}

void cr_checkpoint_watch_end(struct cr_checkpoint_watch *w)
{
	cr_reach_close(&w->to);
	cr_progress_clear(&w->progress);
}
