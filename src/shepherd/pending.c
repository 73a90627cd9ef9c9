// SPDX-License-Identifier: Apache-2.0
//
// Signals that wait for a process. Only when the whole job stands still nobody sends more of them:
// so its agent is asked by then, and only if /proc shows some.
// Runs in the shepherd, while the job stands still.
#include <errno.h>
#include <string.h>

#include "shepherd/pending.h"
#include "shepherd/shepherd.h"
#include "shepherd/stop.h"

static int pending_hear(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m)
{
	cairn_PendingSignal *to;
	int ret;

	while ((ret = cr_process_hear(sh, m)) == 1) {
		if (sh->in.which_body == cairn_AgentMsg_failure_tag)
			return cr_process_failure(sh, m, &sh->in.body.failure, &c->err);
		if (sh->in.which_body != cairn_AgentMsg_pending_tag ||
		    !(to = cr_list_add(&m->pending)))
			break;
		*to = sh->in.body.pending;
	}
	if (!ret)
		return 0;
	return cr_fail(&c->err, CR_EXIT_INTERNAL, EPROTO,
		       "process %d does not tell which signals wait for it", m->pid);
}

int cr_save_pending(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_process *m,
		    const struct cr_proc_status *st)
{
	if (!(st->pending & ~(1ull << (sh->options.signal - 1))))
		return 0;
	memset(&sh->out, 0, sizeof(sh->out));
	sh->out.which_body = cairn_ShepherdMsg_ask_pending_tag;
	cr_process_send(sh, m->sock, NULL, 0);
	return pending_hear(sh, c, m);
}
