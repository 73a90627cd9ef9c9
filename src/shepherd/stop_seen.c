// SPDX-License-Identifier: Apache-2.0
//
// Whether the parents of processes that job control has stopped have been told by a wait. Since
// Linux 5.17 /proc shows it of those that have not; before it shows the same of all, and their
// parents' agents are asked.
// Runs in the shepherd, while the job stands still.
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "shepherd/processes.h"
#include "shepherd/shepherd.h"
#include "shepherd/stop.h"
#include "shepherd/stop_seen.h"

/* Who can be asked: a filter of its own might kill it for the call that it would take. */
static struct cr_process *stop_seen_parent_of(const struct cr_checkpoint *c,
					      const struct cr_process *m)
{
	struct cr_process *parent = cr_process_find(c, m->process.ppid);
	struct cr_proc_status st;

	if (!parent || parent->state != CR_PROCESS_STOPPED ||
	    cr_proc_status(AT_FDCWD, parent->tid, &st) || st.seccomp)
		return NULL;
	return parent;
}

static int ask_parent(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m)
{
	struct cr_process *parent = stop_seen_parent_of(c, m);

	if (!parent)
		return 0;
	memset(&sh->out, 0, sizeof(sh->out));
	sh->out.which_body = cairn_ShepherdMsg_probe_tag;
	sh->out.body.probe.child = m->pid;
	cr_process_send(sh, parent->sock, NULL, 0);
	if (cr_process_hear(sh, parent))
		return cr_fail(&c->err, CR_EXIT_INTERNAL, EPROTO,
			       "process %d does not tell whether it knows that %d has stopped",
			       parent->pid, m->pid);
	m->process.stop_seen = !sh->in.body.probed.unseen;
	return 0;
}

int cr_save_stop_seen(struct cr_shepherd *sh, struct cr_checkpoint *c)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < c->processes.n && !ret; i++)
		if (c->processes.v[i]->process.stop_signal && c->processes.v[i]->process.stop_seen)
			ret = ask_parent(sh, c, c->processes.v[i]);
	return ret;
}
