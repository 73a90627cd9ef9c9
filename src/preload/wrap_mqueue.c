// SPDX-License-Identifier: Apache-2.0
//
// POSIX message queues: the names of those that the process has made, since a queue that nobody has
// open leaves no trace in /proc, and the value to be notified with, which the kernel shows nobody.
// Runs in: the application's threads, handlers included; agent_send_mqueues() on the agent's stack.
// What finds no room is not remembered.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "preload/line.h"
#include "preload/state.h"
#include "preload/wrap_mqueue.h"
#include "preload/wrappers.h"

#define NAMES 64
#define VALUES 64

static char names[NAMES][256];
static _Atomic unsigned int nnames;

static struct {
	_Atomic bool used;
	int fd;
	uint64_t value;
} values[VALUES];

static void wrap_mqueue_remember(const char *name)
{
	unsigned int i, n = atomic_load(&nnames);

	if (strlen(name) >= sizeof(names[0]))
		return;
	for (i = 0; i < n && i < NAMES; i++)
		if (!strcmp(names[i], name))
			return;
	i = atomic_fetch_add(&nnames, 1);
	if (i < NAMES)
		strcpy(names[i], name);
}

CR_WRAPPER mqd_t mq_open(const char *name, int flags, ...)
{
	struct mq_attr *attr = NULL;
	mode_t mode = 0;
	long ret;

	if (flags & O_CREAT) {
		va_list ap;

		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		attr = va_arg(ap, struct mq_attr *);
		va_end(ap);
	}
	/* As libc: the kernel wants the name without its slash. */
	if (name[0] != '/') {
		errno = EINVAL;
		return -1;
	}
	ret = cr_sys4(SYS_mq_open, name + 1, flags, mode, attr);
	if (ret < 0) {
		errno = -ret;
		return -1;
	}
	if (flags & O_CREAT && cr_agent.active)
		wrap_mqueue_remember(name);
	return ret;
}

/* As libc's with _FORTIFY_SOURCE, which checks that there is no O_CREAT. */
CR_WRAPPER mqd_t __mq_open_2(const char *name, int flags)
{
	return mq_open(name, flags & ~O_CREAT);
}

CR_WRAPPER int mq_notify(mqd_t fd, const struct sigevent *e)
{
	int ret, i;

	cr_wrappers_resolve();
	ret = cr_real.mq_notify(fd, e);
	if (ret || !e)
		return ret;
	for (i = 0; i < VALUES; i++)
		if (values[i].used && values[i].fd == fd)
			break;
	for (int k = 0; i == VALUES && k < VALUES; k++)
		if (!atomic_exchange(&values[k].used, true))
			i = k;
	if (i < VALUES) {
		values[i].fd = fd;
		values[i].value = (uint64_t)e->sigev_value.sival_ptr;
	}
	return 0;
}

bool agent_notified(void)
{
	return atomic_load(&values[0].used);
}

int agent_send_mqueues(void)
{
	cairn_MqueueNote *m = &cr_agent.out.body.mqueue;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < NAMES && i < atomic_load(&nnames) && !ret; i++) {
		memset(&cr_agent.out, 0, sizeof(cr_agent.out));
		cr_agent.out.which_body = cairn_AgentMsg_mqueue_tag;
		strcpy(m->name, names[i]);
		ret = agent_send(NULL, 0);
	}
	for (i = 0; i < VALUES && !ret; i++) {
		if (!values[i].used)
			continue;
		memset(&cr_agent.out, 0, sizeof(cr_agent.out));
		cr_agent.out.which_body = cairn_AgentMsg_mqueue_tag;
		m->fd = values[i].fd;
		m->value = values[i].value;
		ret = agent_send(NULL, 0);
	}
	return ret;
}
