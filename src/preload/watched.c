// SPDX-License-Identifier: Apache-2.0
//
// The paths of inotify watches: of a watch the kernel tells the inode only, from which an ordinary
// user finds no way back. A table of fixed size, without order; who does not get into it is
// searched for by the shepherd, with those that did as places to begin.
// Runs in: the application's threads, in handlers too: no lock, no allocation. At a checkpoint the
// leading thread sends the table.
#include <stdatomic.h>

#include "preload/line.h"
#include "preload/state.h"
#include "preload/watched.h"
#include "preload/wrappers.h"

static char table[64 << 10]; /* strings, one behind the other */
static _Atomic size_t used;

static bool watched_known(const char *path, size_t len)
{
	size_t end = atomic_load(&used), at;

	for (at = 0; at + len <= end; at += strlen(table + at) + 1)
		if (!memcmp(table + at, path, len))
			return true;
	return false;
}

static void watched_note(const char *path)
{
	char whole[CR_PATH_MAX];
	size_t at = 0, len = strlen(path) + 1;
	long n;

	if (atomic_load(&used) + len > sizeof(table))
		return;
	if (path[0] != '/') {
		n = cr_sys2(SYS_getcwd, whole, sizeof(whole));
		if (n <= 0 || n + len > sizeof(whole))
			return;
		whole[n - 1] = '/';
		memcpy(whole + n, path, len);
		path = whole;
		len += n;
	}
	if (watched_known(path, len))
		return;
	at = atomic_fetch_add(&used, len);
	if (at + len <= sizeof(table))
		memcpy(table + at, path, len);
	else
		atomic_fetch_sub(&used, len);
}

CR_WRAPPER int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	int wd;

	cr_wrappers_resolve();
	wd = cr_real.inotify_add_watch(fd, path, mask);
	if (wd >= 0 && cr_agent.active)
		watched_note(path);
	return wd;
}

int agent_send_watched(void)
{
	size_t end = atomic_load(&used), at, len;
	int ret = 0;

	for (at = 0; at < end && !ret; at += len + 1) {
		len = strlen(table + at);
		/* A thread may just be about to fill its place. */
		if (!len || len >= sizeof(cr_agent.out.body.watched.path))
			continue;
		cr_agent.out.which_body = cairn_AgentMsg_watched_tag;
		memcpy(cr_agent.out.body.watched.path, table + at, len + 1);
		ret = agent_send(NULL, 0);
	}
	return ret;
}
