// SPDX-License-Identifier: Apache-2.0
//
// What the kinds of SysV IPC have in common.
#pragma once

#include "objects/core/object.h"

/* One line of a table of /proc/sysvipc, as numbers. */
struct cr_ipc_row {
	int64_t v[16];
};

typedef CR_LIST(struct cr_ipc_row) cr_ipc_rows;

/* The first columns are the same in all three. */
enum { CR_IPC_KEY, CR_IPC_ID, CR_IPC_MODE };

enum cr_ipc_kind { CR_IPC_MEMORY, CR_IPC_SEMAPHORES, CR_IPC_MESSAGES };

int cr_ipc_rows_read(const char *table, cr_ipc_rows *out);

/*
 * Whether an object is the job's: one of its processes has made it or looked it up, or has used it
 * last (ids of processes come again, so those of another user's objects say nothing); or it was
 * made since the job began, by one of its users, and nobody else is there who has used it.
 */
bool cr_ipc_ours(const struct cr_save *s, enum cr_ipc_kind kind, const cairn_IpcObject *o,
		 int64_t changed, const pid_t *pids, size_t n);

/* At v[at] are uid, gid, cuid and cgid. */
cairn_IpcObject cr_ipc_object(const struct cr_ipc_row *row, int at);

/* Whether a process is the shepherd of a job, and uses objects of others only to save them. */
bool cr_ipc_only_saves(pid_t pid);

/* ---- a restart ---- */

/* The id that a saved object has now, or -ENOENT. */
int cr_ipc_id_now(const struct cr_restore *r, char kind, int saved);

/* The next object gets this id; false: it gets any. Of virtual ids any will do. */
bool cr_ipc_next_id(const struct cr_restore *r, const char *kind, const cairn_IpcObject *o);

/* Notes which id a saved one has now; an error if it ought to be the same and is not. */
int cr_ipc_made(struct cr_restore *r, const char *kind, const cairn_IpcObject *o, int id,
		struct cr_err *err);

/*
 * Calls fn(arg) as a process with this pid and owner, since the kernel notes who did what. Where
 * there cannot be one (pid 0, in use, or no namespace of ours), as ourselves. What fn returns.
 */
int cr_ipc_as(const struct cr_restore *r, pid_t pid, uid_t uid, gid_t gid, int (*fn)(void *),
	      void *arg);
