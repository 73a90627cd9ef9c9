// SPDX-License-Identifier: Apache-2.0
//
// What the kinds of SysV IPC have in common: the tables of /proc/sysvipc, whose an object is, and
// who is to have made it. Runs in: the shepherd.
#include "objects/ipc/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/image_write.h"
#include "common/proc.h"
#include "objects/core/index.h"
#include "objects/core/stand_in.h"

int cr_ipc_rows_read(const char *table, cr_ipc_rows *out)
{
	cr_auto_free char *text = NULL;
	char path[64], *line, *save = NULL;
	int column, ret;

	snprintf(path, sizeof(path), "/proc/sysvipc/%s", table);
	ret = cr_slurp(AT_FDCWD, path, &text);
	if (ret < 0)
		/* A kernel without SysV IPC has no objects. */
		return ret == -ENOENT ? 0 : ret;
	line = strtok_r(text, "\n", &save);
	while (line && (line = strtok_r(NULL, "\n", &save))) {
		struct cr_ipc_row *row = cr_list_add(out);
		char *p = line, *end;

		if (!row)
			return -ENOMEM;
		for (column = 0; column < 16; column++, p = end) {
			row->v[column] = strtoll(p, &end, column == CR_IPC_MODE ? 8 : 10);
			if (end == p)
				break;
		}
	}
	return 0;
}

static const struct cr_party *party(const struct cr_save *s, pid_t pid)
{
	size_t i;

	for (i = 0; i < s->parties.n; i++)
		if (s->parties.v[i].pid == pid)
			return &s->parties.v[i];
	return NULL;
}

/* Who has but saved an object of somebody else's, which the kernel notes as use of it. */
bool cr_ipc_only_saves(pid_t pid)
{
	static const char *const names[] = { "crlaunch", "crrestart" };
	char path[64], exe[CR_PATH_MAX];
	const char *leaf;
	size_t i;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n <= 0)
		return false;
	exe[n] = 0;
	leaf = strrchr(exe, '/');
	for (i = 0; leaf && i < CR_ARRAY_SIZE(names); i++)
		if (!strncmp(leaf + 1, names[i], strlen(names[i])))
			return true;
	return false;
}

bool cr_ipc_ours(const struct cr_save *s, enum cr_ipc_kind kind, const cairn_IpcObject *o,
		 int64_t changed, const pid_t *pids, size_t n)
{
	bool foreign = false;
	size_t i;

	if (s->own_ipc)
		return true;
	for (i = 0; i < s->known[kind].n; i++)
		if (s->known[kind].v[i] == o->id)
			return true;
	for (i = 0; i < n; i++) {
		const struct cr_party *p = pids[i] > 0 ? party(s, pids[i]) : NULL;

		if (pids[i] <= 0)
			continue;
		/* Of an older object of somebody else's only the pid is the same by chance. */
		if (p && (p->uid == o->cuid || changed >= s->began))
			return true;
		foreign |=
			pids[i] != getpid() && cr_proc_runs(pids[i]) && !cr_ipc_only_saves(pids[i]);
	}
	/* Of another's just as well, where a restart has left the job in the host's namespace. */
	if (foreign || changed < s->began || (s->writer && s->writer->ids))
		return false;
	for (i = 0; i < s->parties.n; i++)
		if (s->parties.v[i].uid == o->cuid)
			return true;
	return false;
}

cairn_IpcObject cr_ipc_object(const struct cr_ipc_row *row, int at)
{
	return (cairn_IpcObject){ .id = row->v[CR_IPC_ID],
				  .key = row->v[CR_IPC_KEY],
				  .mode = row->v[CR_IPC_MODE],
				  .uid = row->v[at],
				  .gid = row->v[at + 1],
				  .cuid = row->v[at + 2],
				  .cgid = row->v[at + 3] };
}

/*
 * Without a namespace of its own a job that was killed has left its objects behind. One with the
 * same key that nobody alive has used goes.
 */
static void make_way(const char *kind, key_t key)
{
	struct shmid_ds shm;
	struct semid_ds sem;
	struct msqid_ds msg;
	bool unused;
	int id, i;

	if (key == IPC_PRIVATE)
		return;
	if (kind[1] == 'h') {
		id = shmget(key, 0, 0);
		if (id >= 0 && !shmctl(id, IPC_STAT, &shm) && !shm.shm_nattch &&
		    !cr_proc_runs(shm.shm_cpid) && !cr_proc_runs(shm.shm_lpid))
			shmctl(id, IPC_RMID, NULL);
	} else if (kind[1] == 'e') {
		id = semget(key, 0, 0);
		unused = id >= 0 && !semctl(id, 0, IPC_STAT, &sem);
		for (i = 0; unused && i < (int)sem.sem_nsems; i++)
			unused = !cr_proc_runs(semctl(id, i, GETPID));
		if (unused)
			semctl(id, 0, IPC_RMID);
	} else {
		id = msgget(key, 0);
		if (id >= 0 && !msgctl(id, IPC_STAT, &msg) && !cr_proc_runs(msg.msg_lspid) &&
		    !cr_proc_runs(msg.msg_lrpid))
			msgctl(id, IPC_RMID, NULL);
	}
}

bool cr_ipc_next_id(const struct cr_restore *r, const char *kind, const cairn_IpcObject *o)
{
	char path[64], text[16];

	if (r->virtual_ids) {
		make_way(kind, o->key);
		return true;
	}
	snprintf(path, sizeof(path), "/proc/sys/kernel/%s_next_id", kind);
	snprintf(text, sizeof(text), "%d", o->id);
	return !cr_write_file(path, text);
}

int cr_ipc_made(struct cr_restore *r, const char *kind, const cairn_IpcObject *o, int id,
		struct cr_err *err)
{
	struct cr_ipc_id *to;

	if (id < 0)
		return cr_fail(err, CR_EXIT_CHANGED, errno,
			       "cannot make the SysV %s object %d (key 0x%08x) again", kind, o->id,
			       o->key);
	if (id != o->id && !r->virtual_ids)
		return cr_fail(err, CR_EXIT_NAMESPACE, 0,
			       "the SysV %s object %d (key 0x%08x) cannot have its id again by "
			       "/proc/sys/kernel/%s_next_id (see --ids=virtual)",
			       kind, o->id, o->key, kind);
	to = cr_list_add(&r->ipc_ids);
	if (!to)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "SysV IPC");
	*to = (struct cr_ipc_id){ kind[1], o->id, id };
	cr_restored_as(r,
		       kind[1] == 'h' ? CR_ID_SHM :
		       kind[1] == 'e' ? CR_ID_SEM :
					CR_ID_MSG,
		       o->id, id);
	return 0;
}

int cr_ipc_id_now(const struct cr_restore *r, char kind, int saved)
{
	size_t i;

	for (i = 0; i < r->ipc_ids.n; i++)
		if (r->ipc_ids.v[i].kind == kind && r->ipc_ids.v[i].saved == saved)
			return r->ipc_ids.v[i].now;
	return -ENOENT;
}

static pid_t clone_as(pid_t pid)
{
	struct clone_args c = { .set_tid = (uintptr_t)&pid, .set_tid_size = 1 };

	return syscall(SYS_clone3, &c, sizeof(c));
}

int cr_ipc_as(const struct cr_restore *r, pid_t pid, uid_t uid, gid_t gid, int (*fn)(void *),
	      void *arg)
{
	bool other = geteuid() != uid || getegid() != gid;
	int status;
	pid_t child;

	if (r->virtual_ids && pid > 0)
		return cr_stand_in(r->ids, pid, uid, gid, fn, arg);
	if (r->virtual_ids || ((pid <= 0 || pid == getpid()) && !other))
		return fn(arg);
	child = pid > 0 && pid != getpid() ? clone_as(pid) : -1;
	/* Its number may be one that we need ourselves. */
	if (child < 0)
		child = fork();
	if (!child) {
		if (other &&
		    (syscall(SYS_setresgid, -1, gid, -1) || syscall(SYS_setresuid, -1, uid, -1)))
			_exit(EPERM);
		_exit(-fn(arg));
	}
	if (child < 0)
		return -errno;
	while (waitpid(child, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}
