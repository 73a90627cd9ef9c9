// SPDX-License-Identifier: Apache-2.0
//
// Asks every stopped process what its end would undo of the job's SysV semaphores. Only jobs with
// semaphores that were operated are asked. Runs in the shepherd, while the job stands still.
#include <errno.h>
#include <string.h>

#include "shepherd/shepherd.h"
#include "shepherd/stop.h"
#include "shepherd/undo.h"

static int undo_ask(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m,
		    size_t from)
{
	cairn_Probe *p = &sh->out.body.probe;
	size_t i;

	memset(&sh->out, 0, sizeof(sh->out));
	sh->out.which_body = cairn_ShepherdMsg_probe_tag;
	for (i = from; i < c->save.sets.n && p->sets_count < CR_ARRAY_SIZE(p->sets); i++)
		p->sets[p->sets_count++] = c->save.sets.v[i];
	return cr_process_send(sh, m->sock, NULL, 0);
}

static int undo_hear(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m)
{
	cairn_SemaphoreUndo *to;
	int ret;

	while ((ret = cr_process_hear(sh, m)) == 1) {
		if (sh->in.which_body != cairn_AgentMsg_undo_tag)
			break;
		to = cr_list_add(&m->undos);
		if (!to)
			break;
		*to = sh->in.body.undo;
		to->pid = m->pid;
	}
	if (!ret)
		return 0;
	return cr_fail(&c->err, CR_EXIT_INTERNAL, EPROTO,
		       "process %d does not tell what it will undo of SysV semaphores", m->pid);
}

int cr_save_undo(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	size_t at, i;
	int ret = 0;

	for (at = 0; at < c->save.sets.n && !ret; at += CR_ARRAY_SIZE(sh->out.body.probe.sets)) {
		/* All at once: each has a processor to itself, perhaps. */
		for (i = 0; i < c->processes.n; i++)
			if (c->processes.v[i]->state == CR_PROCESS_STOPPED)
				undo_ask(sh, c, c->processes.v[i], at);
		for (i = 0; i < c->processes.n && !ret; i++)
			if (c->processes.v[i]->state == CR_PROCESS_STOPPED)
				ret = undo_hear(sh, c, c->processes.v[i]);
	}
	return ret;
}
