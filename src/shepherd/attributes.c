// SPDX-License-Identifier: Apache-2.0
//
// Who a process is (users, groups) and lesser attributes that /proc tells, and what of it could not
// come back. Runs in the shepherd, while the job stands still.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shepherd/attributes.h"
#include "shepherd/shepherd.h"

#define DEADLINE 6

/* As of linux/sched/types.h, which does not go with libc's sched.h. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static int check_lost(const struct cr_process *m, const char *name, struct cr_err *err)
{
	static const struct {
		uint32_t bit;
		const char *what;
	} all[] = {
		{ CR_LOST_SHADOW_STACK, "a shadow stack (run it with GLIBC_TUNABLES=glibc.cpu."
					"x86_shstk=off)" },
		{ CR_LOST_KEYRING, "keyrings of its own (keyctl)" },
		{ CR_LOST_LANDLOCK, "a Landlock domain" },
		{ CR_LOST_RSEQ, "an rseq area that it has registered behind libc's back" },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(all); i++)
		if (m->core.lost & all[i].bit)
			return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
				       "process %d (%s) has %s, which cannot be saved; the job "
				       "goes on",
				       m->pid, name, all[i].what);
	return 0;
}

static void read_file(pid_t tid, const char *name, const char *format, void *out)
{
	cr_auto_free char *text = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	if (cr_slurp(AT_FDCWD, path, &text) > 0)
		sscanf(text, format, out);
}

int cr_describe_attributes(struct cr_process *m, const struct cr_proc_status *st,
			   struct cr_err *err)
{
	cairn_Attributes *a = calloc(1, sizeof(*a));
	int i;

	free(m->attributes);
	m->attributes = a;
	if (!a)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "describing the job");
	a->pid = m->pid;
	a->uids_count = a->gids_count = 4;
	for (i = 0; i < 4; i++) {
		a->uids[i] = st->uids[i];
		a->gids[i] = st->gids[i];
	}
	if (st->ngroups * sizeof(st->groups[0]) > sizeof(a->groups.bytes))
		return cr_fail(err, CR_EXIT_UNSUPPORTED, 0, "process %d is in too many groups",
			       m->pid);
	a->groups.size = st->ngroups * sizeof(st->groups[0]);
	memcpy(a->groups.bytes, st->groups, a->groups.size);
	read_file(m->tid, "coredump_filter", "%x", &a->coredump_filter);
	/* Of a whole session: its leader sets it again. */
	if (m->process.sid == m->pid)
		read_file(m->tid, "autogroup", "%*s nice %d", &a->autogroup_nice);
	return check_lost(m, st->name, err);
}

void cr_describe_deadline(cairn_Thread *t)
{
	struct attr a = { .size = sizeof(a) };

	if ((t->policy & 0xffff) != DEADLINE ||
	    syscall(SYS_sched_getattr, t->tid, &a, sizeof(a), 0))
		return;
	t->has_deadline = true;
	t->deadline = (cairn_Deadline){ a.flags, a.runtime, a.deadline, a.period };
}
