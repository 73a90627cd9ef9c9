// SPDX-License-Identifier: Apache-2.0
//
// What the end of this process would undo of SysV semaphores (SEM_UNDO). The kernel tells nobody;
// but it checks the range of that value before it carries out a list of operations, and does
// nothing of the list if one of them would have to wait. So a list that cannot succeed tells
// whether the value is above or below another: ERANGE or EAGAIN.
// Runs in: the leading thread, on the agent's stack, when the whole job stands still. Changes
// nothing. On failure: nothing is told of a set.
#include <errno.h>
#include <linux/sem.h>
#include <string.h>

#include "preload/line.h"
#include "preload/state.h"
#include "preload/agent_undo.h"

#define HIGHEST 32767

/* The values of a set: up to 32000 of them. */
static unsigned short *const values = (unsigned short *)cr_agent.text;

/* Semaphores in one list, which takes up to five operations for one: SEMOPM is 500 by default. */
#define LIST 120

/*
 * Whether the value to be undone of any semaphore in [from, to) is above limit (up) or below
 * -limit; limit >= 0.
 */
static bool beyond(int set, unsigned int from, unsigned int to, int limit, bool up)
{
	struct sembuf ops[4 * LIST + 1];
	unsigned int i, n = 0;
	long ret;

	for (i = from; i < to; i++) {
		int value = values[i];

		/* To the end of the range that leaves room for the step with SEM_UNDO. */
		if (up && value < HIGHEST)
			ops[n++] = (struct sembuf){ i, HIGHEST - value, IPC_NOWAIT };
		if (!up && value)
			ops[n++] = (struct sembuf){ i, -value, IPC_NOWAIT };
		/* The range is longer by one downwards. */
		if (!up) {
			ops[n++] = (struct sembuf){ i, 1, IPC_NOWAIT | SEM_UNDO };
			ops[n++] = (struct sembuf){ i, -1, IPC_NOWAIT };
		}
		ops[n++] = (struct sembuf){ i, up ? limit - HIGHEST : HIGHEST - limit,
					    IPC_NOWAIT | SEM_UNDO };
	}
	/* What can never be: to take more than there is by then. */
	ops[n++] = (struct sembuf){ from, -(up ? limit : HIGHEST - limit) - 1, IPC_NOWAIT };
	ret = cr_sys4(SYS_semtimedop, set, ops, n, NULL);
	/* A list too long for this kernel says nothing: each for itself then. */
	return ret == -ERANGE || (ret == -E2BIG && to - from > 1);
}

static int agent_undo_value_of(int set, unsigned int i, bool up)
{
	int limit = CR_FIRST_NOT(at, 0, HIGHEST, beyond(set, i, i + 1, at, up));

	return up ? limit : -limit;
}

static int agent_undo_tell(int set, unsigned int i, int value)
{
	memset(&cr_agent.out, 0, sizeof(cr_agent.out));
	cr_agent.out.which_body = cairn_AgentMsg_undo_tag;
	cr_agent.out.body.undo = (cairn_SemaphoreUndo){ .set = set, .number = i, .value = value };
	return agent_send(NULL, 0);
}

static int agent_undo_probe(int set)
{
	struct semid_ds64 {
		char perm[48];
		long times[4];
		unsigned long nsems, rest[2];
	} ds = { 0 };
	unsigned int from, to, i;
	int ret = 0;

	if (cr_sys4(SYS_semctl, set, 0, IPC_STAT, &ds) ||
	    ds.nsems * sizeof(*values) > sizeof(cr_agent.text) ||
	    cr_sys4(SYS_semctl, set, 0, GETALL, values))
		return 0;
	for (from = 0; from < ds.nsems; from = to) {
		bool up, down;

		to = ds.nsems - from > LIST ? from + LIST : ds.nsems;
		up = beyond(set, from, to, 0, true);
		down = beyond(set, from, to, 0, false);
		for (i = from; i < to && !ret; i++) {
			if (up && beyond(set, i, i + 1, 0, true))
				ret = agent_undo_tell(set, i, agent_undo_value_of(set, i, true));
			else if (down && beyond(set, i, i + 1, 0, false))
				ret = agent_undo_tell(set, i, agent_undo_value_of(set, i, false));
		}
	}
	return ret;
}

int agent_probe_undo(void)
{
	cairn_Probe *p = &cr_agent.in.body.probe;
	pb_size_t i;
	int ret = 0;

	for (i = 0; i < p->sets_count && !ret; i++)
		ret = agent_undo_probe(p->sets[i]);
	return ret;
}
