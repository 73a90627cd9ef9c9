// SPDX-License-Identifier: Apache-2.0
//
// Where records hold ids of processes. Images always have those that the job knows, so that a
// restart is the same whether the kernel's were others: the one place where records are turned.
#include <stddef.h>

#include "common/ids.h"
#include "common/image.h"

#define ROW(record, message, field)                                                                \
	{                                                                                          \
		cairn_RecordType_RECORD_##record, CR_ID_PROCESS, offsetof(cairn_##message, field), \
			0                                                                          \
	}
#define ROWS(record, message, field)                                                               \
	{                                                                                          \
		cairn_RecordType_RECORD_##record, CR_ID_PROCESS, offsetof(cairn_##message, field), \
			offsetof(cairn_##message, field##_count)                                   \
	}

/* Besides the process that a record is of. */
static const struct {
	cairn_RecordType type;
	enum cr_id_kind kind;
	size_t offset;
	size_t count; /* offset of their number, 0: it is one */
} rows[] = {
	ROW(JOB, Job, shepherd_pid),
	ROW(JOB, Job, shepherd_pgid),
	ROW(JOB, Job, shepherd_sid),
	ROW(JOB, Job, root_pid),
	ROW(JOB, Job, tty_foreground),
	ROW(PROCESS, Process, pid),
	ROW(PROCESS, Process, ppid),
	ROW(PROCESS, Process, pgid),
	ROW(PROCESS, Process, sid),
	ROW(CORE, ProcessCore, pid),
	ROW(THREAD, Thread, tid),
	ROW(TIMER, PosixTimer, tid),
	ROW(RUNS, PageRuns, pid),
	ROW(DESCRIPTION, Description, owner),
	ROW(DESCRIPTION, Description, event.pid),
	ROW(UFFD_RANGE, UffdRange, pid),
	ROW(LOCK, Lock, pid),
	ROW(UNIX, UnixSocket, pid),
	ROW(UNIX_MESSAGE, UnixMessage, pid),
	ROW(MQUEUE, Mqueue, notify_pid),
	ROW(SHARED, SharedMemory, sysv.pid1),
	ROW(SHARED, SharedMemory, sysv.pid2),
	ROW(SEMAPHORES, SemaphoreSet, ipc.pid1),
	ROW(SEMAPHORES, SemaphoreSet, ipc.pid2),
	ROWS(SEMAPHORES, SemaphoreSet, pids),
	ROW(MESSAGES, MessageQueue, ipc.pid1),
	ROW(MESSAGES, MessageQueue, ipc.pid2),
};

static void turn(const struct cr_ids *ids, uint32_t kind, int32_t *id, bool to_virtual)
{
	*id = to_virtual ? cr_id_virtual(ids, kind, *id) : cr_id_real(ids, kind, *id);
}

void cr_image_ids(const struct cr_ids *ids, cairn_RecordType type, const void *msg, bool to_virtual)
{
	char *m = (char *)msg;
	pb_size_t n, k;
	size_t i;

	if (cr_image_of_process(type))
		turn(ids, CR_ID_PROCESS, (int32_t *)m, to_virtual);
	for (i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		if (rows[i].type != type)
			continue;
		n = rows[i].count ? *(pb_size_t *)(m + rows[i].count) : 1;
		for (k = 0; k < n; k++)
			turn(ids, rows[i].kind, (int32_t *)(m + rows[i].offset) + k, to_virtual);
	}
}
