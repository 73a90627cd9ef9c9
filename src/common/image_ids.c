// SPDX-License-Identifier: Apache-2.0
//
// Where records hold ids of processes. Images always have those that the job knows, so that a
// restart is the same whether the kernel's were others: the one place where records are turned.
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>

#include "common/ids.h"
#include "common/image_ids.h"
#include "common/image_read.h"
#include "common/siginfo.h"

#define ID_ROW(record, message, field, kind, count) \
	{ cairn_RecordType_RECORD_##record, CR_ID_##kind, offsetof(cairn_##message, field), count },
#define ID(record, message, field, kind) ID_ROW(record, message, field, kind, 0)
#define IDS(record, message, field, kind) \
	ID_ROW(record, message, field, kind, offsetof(cairn_##message, field##_count))

/* Besides the process that a record is of. */
static const struct {
	cairn_RecordType type;
	enum cr_id_kind kind;
	size_t offset;
	size_t count; /* offset of their number, 0: it is one */
} rows[] = {
#include "common/records.def"
};

/* The path of an open file or a directory below /proc. */
static void image_ids_turn_path(const struct cr_ids *ids, char path[CR_PATH_MAX])
{
	char rest[CR_PATH_MAX], *end;
	long id;

	if (strncmp(path, "/proc/", 6) || path[6] < '1' || path[6] > '9')
		return;
	id = strtol(path + 6, &end, 10);
	snprintf(rest, sizeof(rest), "%s", end);
	snprintf(path, CR_PATH_MAX, "/proc/%d%.4000s", cr_id_virtual(ids, CR_ID_PROCESS, id), rest);
}

/* When a timerfd expires, by the job's clock. */
static void turn_time(const struct cr_ids *ids, cairn_Description *d)
{
	bool wall = d->event.clock == CLOCK_REALTIME || d->event.clock == CLOCK_REALTIME_ALARM;
	bool boot = d->event.clock == CLOCK_BOOTTIME || d->event.clock == CLOCK_BOOTTIME_ALARM;

	/* A relative time of the wall clock runs by the monotonic one. */
	if (d->kind == cairn_ObjectKind_OBJECT_TIMERFD && d->event.expiry_ns &&
	    !(wall && d->event.settime_flags & TFD_TIMER_ABSTIME))
		d->event.expiry_ns += ids->clock[boot];
}

/* Who sent a signal that waits. */
static void turn_sender(const struct cr_ids *ids, cairn_PendingSignal *s)
{
	siginfo_t info = cr_pending_info(s);

	if (cr_has_sender(&info))
		info.si_pid = cr_id_virtual(ids, CR_ID_PROCESS, info.si_pid);
	memcpy(s->info.bytes, &info, s->info.size < sizeof(info) ? s->info.size : sizeof(info));
}

void cr_image_ids(const struct cr_ids *ids, cairn_RecordType type, void *msg)
{
	char *m = msg;
	pb_size_t n, k;
	size_t i;

	if (type == cairn_RecordType_RECORD_DESCRIPTION) {
		image_ids_turn_path(ids, ((cairn_Description *)msg)->path);
		turn_time(ids, msg);
	}
	if (type == cairn_RecordType_RECORD_PROCESS)
		image_ids_turn_path(ids, ((cairn_Process *)msg)->cwd);
	if (type == cairn_RecordType_RECORD_PENDING)
		turn_sender(ids, msg);
	if (cr_image_of_process(type))
		*(int32_t *)m = cr_id_virtual(ids, CR_ID_PROCESS, *(int32_t *)m);
	for (i = 0; i < CR_ARRAY_SIZE(rows); i++) {
		int32_t *id = (int32_t *)(m + rows[i].offset);

		if (rows[i].type != type)
			continue;
		n = rows[i].count ? *(pb_size_t *)(m + rows[i].count) : 1;
		for (k = 0; k < n; k++)
			id[k] = cr_id_virtual(ids, rows[i].kind, id[k]);
	}
}
