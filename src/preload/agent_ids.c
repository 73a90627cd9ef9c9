// SPDX-License-Identifier: Apache-2.0
//
// The agent's table of ids: from a restart, or, in a program that a job executes whose ids are
// translated, from the file that the restart left.
// Runs in: a restored process's main thread before any other goes on; the constructor.
#include "preload/agent_ids.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "common/agent_config.h"
#include "common/defs.h"
#include "preload/agent_addresses.h"
#include "preload/agent_text.h"

bool agent_ids_on;
unsigned int agent_life;
struct cr_ids agent_ids;

void agent_ids_take(const struct cr_ids *ids)
{
	agent_ids.n = ids->n;
	agent_ids.nold = ids->nold;
	memcpy(agent_ids.clock, ids->clock, sizeof(ids->clock));
	memcpy(agent_ids.by_id, ids->by_id, ids->n * sizeof(*ids->by_id));
	memcpy(agent_ids.by_real, ids->by_real, ids->n * sizeof(*ids->by_real));
	memcpy(agent_ids.old, ids->old, ids->nold * sizeof(*ids->old));
	agent_ids_on = ids->n || ids->nold || ids->clock[0] || ids->clock[1];
	__atomic_fetch_add(&agent_life, 1, __ATOMIC_SEQ_CST);
}

int agent_once(int id)
{
	int now = id > 0 ? cr_id_now(&agent_ids, id) : 0;

	return cr_id_virtual(&agent_ids, CR_ID_PROCESS, now ? now : id);
}

bool agent_read_all(long fd, void *to, size_t len)
{
	char *p = to;
	long n;

	while (len && (n = cr_sys3(SYS_read, fd, p, len)) > 0) {
		p += n;
		len -= n;
	}
	return !len;
}

/* The table's file, or -1: one that others could have put there is none. */
static long open_table(const char *socket)
{
	static const char places[][CR_IDS_PLACE_MAX] = CR_IDS_PLACES;
	char path[CR_IDS_PLACE_MAX + CR_SOCKET_NAME_MAX];
	struct stat st;
	unsigned int i;
	long fd;

	for (i = 0; i < CR_ARRAY_SIZE(places); i++) {
		cr_put_text(cr_put_text(path, places[i]), socket);
		fd = cr_sys3(SYS_open, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
		if (fd < 0)
			continue;
		if (!cr_sys2(SYS_fstat, fd, &st) && S_ISREG(st.st_mode) &&
		    (!st.st_uid || st.st_uid == (uid_t)cr_sys0(SYS_geteuid)))
			return fd;
		cr_sys1(SYS_close, fd);
	}
	return -1;
}

void agent_ids_load(const char *socket)
{
	struct cr_ids *ids = &agent_ids;
	long fd = open_table(socket);

	if (fd < 0)
		return;
	agent_ids_on = agent_read_all(fd, ids, offsetof(struct cr_ids, by_id)) &&
		       ids->n <= CR_IDS_MAX && ids->nold <= CR_IDS_MAX &&
		       agent_read_all(fd, ids->by_id, ids->n * sizeof(*ids->by_id)) &&
		       agent_read_all(fd, ids->by_real, ids->n * sizeof(*ids->by_real)) &&
		       agent_read_all(fd, ids->old, ids->nold * sizeof(*ids->old));
	if (agent_ids_on)
		agent_addresses_read(fd);
	agent_ids_on = agent_ids_on && (ids->n || ids->nold || ids->clock[0] || ids->clock[1]);
	cr_sys1(SYS_close, fd);
}
