// SPDX-License-Identifier: Apache-2.0
//
// Checkpoints that nobody asks for: one in each interval (-i), and the one that ends the job after
// a time. In a cluster the coordinator has them made. With -i auto the interval follows from what
// the last checkpoint cost; the first one comes soon, so that this is known.
#include "shepherd/schedule.h"

#include <errno.h>
#include <stdio.h>

#include "common/defs.h"
#include "common/pace.h"
#include "shepherd/checkpoint.h"
#include "shepherd/interval.h"
#include "shepherd/safety.h"
#include "shepherd/shepherd.h"

#define FIRST_S 1
#define POLL_S 0.5 /* whether the one that is being made is there */

static void report(struct cr_shepherd *sh, struct cr_err *err)
{
	if (!err->status)
		return;
	snprintf(sh->last_error, sizeof(sh->last_error), "%s", err->text);
	cr_safety_failed(sh);
}

static struct timeval seconds(double s)
{
	return (struct timeval){ s, (s - (long)s) * 1e6 };
}

static bool is_auto(const struct cr_shepherd *sh)
{
	return sh->options.job.policy.interval == CR_PACE_AUTO;
}

static void on_interval(int fd, short what, void *arg)
{
	struct cr_shepherd *sh = arg;
	struct cr_err err = { 0 };

	if (!sh->checkpoint && !sh->ended)
		cr_checkpoint_start(sh, cairn_Intent_INTENT_CHECKPOINT, -1, &err);
	report(sh, &err);
}

/* What a checkpoint costs is known when it is there: so the next one is settled then. */
static void on_auto(int fd, short what, void *arg)
{
	struct cr_shepherd *sh = arg;
	double since = (cr_now_ns(CLOCK_BOOTTIME) - sh->interval_ns) / 1e9;
	struct timeval t;

	if (!sh->checkpoint && (!sh->interval_ns || since >= cr_interval(sh))) {
		on_interval(fd, what, arg);
		sh->interval_ns = cr_now_ns(CLOCK_BOOTTIME);
		since = 0;
	}
	since = cr_interval(sh) - since;
	t = seconds(sh->checkpoint || since < POLL_S ? POLL_S : since);
	event_add(sh->interval_event, &t);
}

static void on_stop_time(int fd, short what, void *arg)
{
	struct timeval again = { 0, 100000 };
	struct cr_shepherd *sh = arg;
	struct cr_err err = { 0 };

	if (sh->checkpoint) {
		event_add(sh->stop_event, &again);
		return;
	}
	if (!sh->ended)
		cr_checkpoint_start(sh, cairn_Intent_INTENT_STOP, -1, &err);
	report(sh, &err);
}

int cr_schedule_begin(struct cr_shepherd *sh)
{
	double interval = sh->options.job.policy.interval;
	struct timeval t;

	/* From here on: a restart is as good as a checkpoint. */
	cr_safety_committed(sh);
	if ((interval > 0 || is_auto(sh)) && !sh->cluster.active) {
		t = seconds(is_auto(sh) ? FIRST_S : interval);
		sh->interval_event = event_new(sh->base, -1, is_auto(sh) ? 0 : EV_PERSIST,
					       is_auto(sh) ? on_auto : on_interval, sh);
		if (!sh->interval_event || event_add(sh->interval_event, &t))
			return -ENOMEM;
	}
	if (sh->options.stop_after > 0) {
		t = seconds(sh->options.stop_after);
		sh->stop_event = event_new(sh->base, -1, 0, on_stop_time, sh);
		if (!sh->stop_event || event_add(sh->stop_event, &t))
			return -ENOMEM;
	}
	return 0;
}
