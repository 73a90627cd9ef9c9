// SPDX-License-Identifier: Apache-2.0
//
// The agent backend's part of a checkpoint. Until the job is let go it runs straight through; then
// the writers' results come in as events of the shepherd's loop.
#include <errno.h>
#include <sys/socket.h>

#include "common/each.h"
#include "shepherd/shepherd.h"

/* Lets go of what is needed only while the job stands still. */
static void drop_duplicates(struct cr_checkpoint *c)
{
	cr_duplicates_close(c);
	cr_save_close(&c->save);
}

/* All of the memory is. Who stood still for that goes on before the disk is waited for. */
static void written(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	sh->starved = false;
	if (c->hold)
		cr_let_go(sh, c);
	if (cr_check_alive(sh, c))
		cr_checkpoint_fail(sh, c);
	else
		cr_checkpoint_commit(sh, c);
}

/* What a writer says. */
static void on_writer(int fd, short what, void *arg)
{
	struct cr_member *m = arg;
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
		m->writer_done = true;
		event_del(m->writer_event);
		if (cr_course_arrive(&c->course))
			written(sh, c);
		return;
	} else if (ret == 1 && sh->in.which_body == cairn_AgentMsg_failure_tag) {
		cr_member_failure(sh, m, &sh->in.body.failure, &c->err);
	} else {
		cr_writer_lost(sh, c, m);
	}
	cr_checkpoint_fail(sh, c);
}

/* From the first signal until the job runs again. */
static int stand_still(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	int ret = cr_stop_job(sh, c);

	if (!ret && !cr_course_advance(&c->course))
		ret = -EIO;
	if (!ret)
		cr_asks_cut(sh, c);
	if (!ret)
		ret = cr_cluster_barrier(&sh->cluster, "stopped", &c->err);
	if (!ret)
		ret = cr_plugins_each(&sh->plugins, CR_HOOK_CHECKPOINT, &c->err);
	if (!ret)
		ret = cr_describe_job(sh, c);
	if (!ret)
		ret = c->purpose == CR_CHECK ? cr_check_shared(c) : cr_save_shared(sh, c);
	if (cr_check_room(c))
		ret = cr_pass_over(c, -ENOTSUP);
	if (!ret && c->purpose != CR_CHECK)
		ret = cr_save_undo(sh, c);
	if (!ret)
		ret = cr_cluster_barrier(&sh->cluster, "saved", &c->err);
	else
		cr_cluster_failed(&sh->cluster, &c->err);
	drop_duplicates(c);
	if (!ret)
		ret = cr_check_alive(sh, c);
	/* Whoever stood still for longer than the lease must not go on. */
	if (!ret)
		ret = cr_cluster_check(&sh->cluster, &c->err);
	if (ret || (c->purpose != CR_SAVE_AND_STOP && !c->hold))
		cr_let_go(sh, c);
	c->stall_ns = cr_now_ns(CLOCK_MONOTONIC) - c->begin_ns;
	if (!ret && c->running)
		ret = cr_plugins_release(sh, c);
	return ret;
}

static void scan(void *members, size_t i)
{
	cr_scan_keep(((struct cr_member **)members)[i]);
}

static int scan_before(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	size_t i;
	int ret = 0;

	/* The members are those of now; who comes later has nothing to keep. */
	cr_each(c->members.n, 8, scan, c->members.v);
	for (i = 0; i < c->members.n && !ret; i++) {
		cr_read_agent(sh, c->members.v[i]);
		ret = cr_namespaces_look(c->members.v[i], &c->err);
		if (ret && !cr_pass_over(c, ret)) {
			cr_leave_out(c, c->members.v[i]);
			ret = 0;
		}
	}
	return ret;
}

static int write_on(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	size_t i;
	int ret;

	/* From here on the course counts writers. */
	cr_course_advance(&c->course);
	c->course.members = 0;
	for (i = 0; i < c->members.n; i++)
		c->course.members += c->members.v[i]->state == CR_MEMBER_STOPPED;
	ret = cr_write_state(sh, c);
	for (i = 0; i < c->members.n && !ret; i++) {
		struct cr_member *m = c->members.v[i];

		if (m->state != CR_MEMBER_STOPPED)
			continue;
		ret = cr_write_memory(sh, c, m);
		m->writer_event =
			event_new(sh->base, m->writer, EV_READ | EV_PERSIST, on_writer, m);
		event_add(m->writer_event, NULL);
	}
	if (!ret && !c->course.members)
		written(sh, c);
	return ret;
}

int cr_agent_save(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	int ret;

	cr_members_look(sh, c);
	ret = cr_pass_over(c, cr_limits_look(sh, c));
	if (!ret)
		ret = scan_before(sh, c);
	c->begin_ns = cr_now_ns(CLOCK_MONOTONIC);
	if (!ret)
		ret = stand_still(sh, c);
	if (!ret && c->purpose != CR_CHECK)
		ret = write_on(sh, c);
	return ret;
}

void cr_agent_release(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	cr_let_go(sh, c);
	drop_duplicates(c);
}
