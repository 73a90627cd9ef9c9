// SPDX-License-Identifier: Apache-2.0
//
// The agent backend's stages of a checkpoint. Until the job is let go they run straight through;
// then the writers' results come in as events of the shepherd's loop.
#include <errno.h>
#include <sys/socket.h>

#include "common/each.h"
#include "common/image_write.h"
#include "objects/core/save.h"
#include "plugin/course.h"
#include "shepherd/agent_save.h"
#include "shepherd/asks.h"
#include "shepherd/checkpoint.h"
#include "shepherd/corpse.h"
#include "shepherd/describe.h"
#include "shepherd/duplicates.h"
#include "shepherd/filters.h"
#include "shepherd/limits.h"
#include "shepherd/memory.h"
#include "shepherd/namespaces.h"
#include "shepherd/processes.h"
#include "shepherd/shepherd.h"
#include "shepherd/stop.h"
#include "shepherd/stop_seen.h"
#include "shepherd/undo.h"

/* ---- before ---- */

static void agent_save_scan(void *processes, size_t i)
{
	cr_scan_keep(((struct cr_process **)processes)[i]);
}

static int scan_before(void *of)
{
	struct cr_checkpoint *c = of;
	struct cr_shepherd *sh = c->sh;
	size_t i;
	int ret;

	cr_processes_look(sh, c);
	ret = cr_pass_over(c, cr_limits_look(sh, c));
	if (ret)
		return ret;
	/* The processes are those of now; who comes later has nothing to keep. */
	cr_each(c->processes.n, 8, agent_save_scan, c->processes.v);
	for (i = 0; i < c->processes.n && !ret; i++) {
		cr_read_agent(sh, c->processes.v[i]);
		ret = cr_namespaces_look(c->processes.v[i], &c->err);
		if (ret && !cr_pass_over(c, ret)) {
			cr_leave_out(c, c->processes.v[i]);
			ret = 0;
		}
	}
	return ret;
}

/* ---- while the job stands still ---- */

static int stop_job(void *of)
{
	struct cr_checkpoint *c = of;
	int ret;

	c->stop_ns = cr_now_ns(CLOCK_MONOTONIC);
	ret = cr_stop_job(c->sh, c);
	if (!ret)
		cr_asks_cut(c->sh, c);
	return ret;
}

static void agent_save_let_go(void *of)
{
	struct cr_checkpoint *c = of;

	cr_let_go(c->sh, c);
}

static int agent_save_save(void *of)
{
	struct cr_checkpoint *c = of;
	struct cr_shepherd *sh = c->sh;
	int ret = cr_plugins_each(&sh->plugins, CR_HOOK_CHECKPOINT, &c->err);

	if (!ret)
		ret = cr_describe_job(sh, c);
	if (!ret)
		ret = c->intent == cairn_Intent_INTENT_CHECK ? cr_check_shared(c) :
							       cr_save_shared(sh, c);
	if (cr_check_room(c))
		ret = cr_pass_over(c, -ENOTSUP);
	if (!ret && c->intent != cairn_Intent_INTENT_CHECK)
		ret = cr_save_undo(sh, c);
	if (!ret && c->intent != cairn_Intent_INTENT_CHECK)
		ret = cr_save_stop_seen(sh, c);
	return ret;
}

/* Lets go of what is needed only while the job stands still. */
static void drop_duplicates(void *of)
{
	struct cr_checkpoint *c = of;

	cr_duplicates_close(c);
	cr_save_close(&c->save);
}

static int confirm(void *of)
{
	struct cr_checkpoint *c = of;
	int ret = cr_check_alive(c->sh, c);

	/* Whoever stood still for longer than the lease must not go on. */
	if (!ret)
		ret = cr_cluster_check(&c->sh->cluster, &c->err);
	c->stall_ns = cr_now_ns(CLOCK_MONOTONIC) - c->stop_ns;
	return ret;
}

/* What plugins say of it. */
static int agent_save_resumed(void *of)
{
	struct cr_checkpoint *c = of;

	return c->err.status ? -EIO : 0;
}

/* ---- the memory, by copies of the processes ---- */

static void on_done(struct cr_checkpoint *c, struct cr_process *m)
{
	m->writer_done = true;
	event_del(m->writer_event);
	if (!--c->writing)
		cr_checkpoint_done(c, 0);
}

/* What a writer says. */
static void on_writer(int fd, short what, void *arg)
{
	struct cr_process *m = arg;
	struct cr_shepherd *sh = m->shepherd;
	struct cr_checkpoint *c = sh->checkpoint;
	int ret;

	ret = cr_wire_recv(fd, &sh->wire, cairn_AgentMsg_fields, &sh->in, NULL, NULL, MSG_DONTWAIT);
	if (ret == -EAGAIN)
		return;
	if (ret == 1 && sh->in.which_body == cairn_AgentMsg_runs_tag) {
		ret = cr_image_record(&c->writer, cairn_RecordType_RECORD_RUNS, &sh->in.body.runs,
				      &c->err);
		cr_cluster_pieces(&sh->cluster, &sh->in.body.runs);
		if (!ret)
			return;
	} else if (ret == 1 && sh->in.which_body == cairn_AgentMsg_writer_tag) {
		return;
	} else if (ret == 1 && sh->in.which_body == cairn_AgentMsg_done_tag) {
		on_done(c, m);
		return;
	} else if (ret == 1 && sh->in.which_body == cairn_AgentMsg_failure_tag) {
		cr_process_failure(sh, m, &sh->in.body.failure, &c->err);
	} else {
		cr_writer_lost(sh, c, m);
	}
	cr_checkpoint_done(c, -EIO);
}

static int start_writing(void *of)
{
	struct cr_checkpoint *c = of;
	struct cr_shepherd *sh = c->sh;
	int ret = cr_write_state(sh, c);
	size_t i;

	for (i = 0; i < c->processes.n && !ret; i++) {
		struct cr_process *m = c->processes.v[i];

		if (m->state != CR_PROCESS_STOPPED)
			continue;
		ret = cr_write_memory(sh, c, m);
		m->writer_event =
			event_new(sh->base, m->writer, EV_READ | EV_PERSIST, on_writer, m);
		event_add(m->writer_event, NULL);
		c->writing++;
	}
	return ret || !c->writing ? ret : CR_LATER;
}

static int agent_save_verify(void *of)
{
	struct cr_checkpoint *c = of;

	c->sh->starved = false;
	return cr_check_alive(c->sh, c);
}

/* ---- the table ---- */

static bool goes_on(const void *of)
{
	return ((const struct cr_checkpoint *)of)->intent == cairn_Intent_INTENT_CHECKPOINT;
}

static bool goes_on_at_once(const void *of)
{
	return goes_on(of) && !((const struct cr_checkpoint *)of)->hold;
}

static bool goes_on_late(const void *of)
{
	return goes_on(of) && ((const struct cr_checkpoint *)of)->hold;
}

const struct cr_stage cr_agent_stages[] = {
	{ "scanning", .run = scan_before },
	{ "stopping", stop_job, .undo = agent_save_let_go, .barrier = cairn_Step_STEP_STOPPED },
	{ "saving", agent_save_save, .undo = drop_duplicates, .barrier = cairn_Step_STEP_SAVED },
	{ "confirming", confirm, .settles = { drop_duplicates } },
	{ "resuming", agent_save_resumed,
	  .settles = { agent_save_let_go, cr_checkpoint_plugins_over }, .when = goes_on_at_once },
	{ "writing", start_writing, .when = cr_checkpoint_keeps },
	/* Where memory is short they stand still for that, but not until the disk has it. */
	{ "resuming", agent_save_resumed,
	  .settles = { agent_save_let_go, cr_checkpoint_plugins_over }, .when = goes_on_late },
	{ "verifying", agent_save_verify, .when = cr_checkpoint_keeps },
	{ 0 },
};
