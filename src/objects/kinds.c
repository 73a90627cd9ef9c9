// SPDX-License-Identifier: Apache-2.0
//
// All kinds of objects, in the order in which they are asked. To add one: its file, and its row.
// Before them stands what they share: what is begun first, and applied last.
#include "objects/kinds.h"

#define KINDS(KIND) \
	KIND(lease) \
	KIND(lock) \
	KIND(inode) \
	KIND(mqueue) \
	KIND(path) \
	KIND(stdio) \
	KIND(unix) \
	KIND(tty) \
	KIND(shared) \
	KIND(pipe) \
	KIND(fifo) \
	KIND(device) \
	KIND(directory) \
	KIND(regular) \
	KIND(eventfd) \
	KIND(signalfd) \
	KIND(timerfd) \
	KIND(epoll) \
	KIND(pidfd) \
	KIND(sysv) \
	KIND(inet) \
	KIND(pty) \
	KIND(inotify) \
	KIND(userfaultfd) \
	KIND(netlink) \
	KIND(raw) \
	KIND(namespace) \
	KIND(plugin)

#define DECLARE(name) extern const struct cr_object cr_object_##name;
#define ROW(name) &cr_object_##name,

KINDS(DECLARE)

const struct cr_object *const cr_kinds[] = { KINDS(ROW) NULL };
