// SPDX-License-Identifier: Apache-2.0
//
// SysV objects by the ids that the application knows, since a restart without an ipc namespace.
// Runs in: the application's threads. Before such a restart: the test of a flag.
#include <errno.h>
#include <stdarg.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "preload/agent_ids.h"
#include "preload/state.h"
#include "preload/wrap_sysv.h"
#include "preload/wrappers.h"

static struct agent_sysv *wrap_sysv_known(enum cr_id_kind kind)
{
	return &cr_agent.sysv[kind == CR_ID_SHM ? 0 : kind == CR_ID_SEM ? 1 : 2];
}

/* The kernel does not tell who has made an object; what nobody may know of is not the job's. */
static void wrap_sysv_note(struct agent_sysv *k, int id)
{
	unsigned int i, n = atomic_load(&k->n);

	for (i = 0; i < n && i < AGENT_SYSV; i++)
		if (k->ids[i] == id)
			return;
	k->ids[atomic_fetch_add(&k->n, 1) % AGENT_SYSV] = id;
}

static int shown(enum cr_id_kind kind, long id)
{
	int ret = agent_result(id);

	return ret < 0 ? ret : agent_virtual_of(kind, ret);
}

static int wrap_sysv_made(enum cr_id_kind kind, long id)
{
	int ret = shown(kind, id);

	if (ret >= 0)
		wrap_sysv_note(wrap_sysv_known(kind), ret);
	return ret;
}

unsigned int agent_sysv_known(enum cr_id_kind kind, int32_t *ids)
{
	const struct agent_sysv *k = wrap_sysv_known(kind);
	unsigned int i, n = atomic_load(&k->n);

	for (i = 0; i < n && i < AGENT_SYSV; i++)
		ids[i] = agent_real_of(kind, k->ids[i]);
	return i;
}

/* The *_STAT commands take an index, and give the id; each kind has numbers of its own. */
static bool by_index(enum cr_id_kind kind, int command)
{
	return kind == CR_ID_SHM ? command == SHM_STAT || command == SHM_STAT_ANY :
	       kind == CR_ID_SEM ? command == SEM_STAT || command == SEM_STAT_ANY :
				   command == MSG_STAT || command == MSG_STAT_ANY;
}

static bool tells(enum cr_id_kind kind, int command)
{
	return command == IPC_STAT || by_index(kind, command);
}

static int control_of(enum cr_id_kind kind, int id, int command)
{
	return by_index(kind, command) ? id : agent_real_of(kind, id);
}

static int control_result(enum cr_id_kind kind, int command, long ret)
{
	return by_index(kind, command) ? shown(kind, ret) : agent_result(ret);
}

/* ---- shared memory ---- */

CR_WRAPPER int shmget(key_t key, size_t size, int flags)
{
	return wrap_sysv_made(CR_ID_SHM, cr_sys3(SYS_shmget, key, size, flags));
}

CR_WRAPPER void *shmat(int id, const void *at, int flags)
{
	return (void *)agent_result(cr_sys3(SYS_shmat, agent_real_of(CR_ID_SHM, id), at, flags));
}

CR_WRAPPER int shmctl(int id, int command, struct shmid_ds *ds)
{
	long ret = cr_sys3(SYS_shmctl, control_of(CR_ID_SHM, id, command), command, ds);

	if (ret >= 0 && agent_ids_on && tells(CR_ID_SHM, command)) {
		ds->shm_cpid = agent_virtual(ds->shm_cpid);
		ds->shm_lpid = agent_virtual(ds->shm_lpid);
	}
	return control_result(CR_ID_SHM, command, ret);
}

/* ---- semaphores ---- */

CR_WRAPPER int semget(key_t key, int n, int flags)
{
	return wrap_sysv_made(CR_ID_SEM, cr_sys3(SYS_semget, key, n, flags));
}

/* No cancellation point in libc either. */
CR_WRAPPER int semop(int id, struct sembuf *ops, size_t n)
{
	return agent_result(cr_sys3(SYS_semop, agent_real_of(CR_ID_SEM, id), ops, n));
}

CR_WRAPPER int semctl(int id, int number, int command, ...)
{
	void *arg;
	va_list ap;
	long ret;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	ret = cr_sys4(SYS_semctl, control_of(CR_ID_SEM, id, command), number, command, arg);
	if (command == GETPID)
		return agent_virtual(agent_result(ret));
	return control_result(CR_ID_SEM, command, ret);
}

/* ---- messages ---- */

CR_WRAPPER int msgget(key_t key, int flags)
{
	return wrap_sysv_made(CR_ID_MSG, cr_sys2(SYS_msgget, key, flags));
}

CR_WRAPPER int msgsnd(int id, const void *message, size_t size, int flags)
{
	return CR_REAL(msgsnd)(agent_real_of(CR_ID_MSG, id), message, size, flags);
}

CR_WRAPPER ssize_t msgrcv(int id, void *message, size_t size, long type, int flags)
{
	return CR_REAL(msgrcv)(agent_real_of(CR_ID_MSG, id), message, size, type, flags);
}

CR_WRAPPER int msgctl(int id, int command, struct msqid_ds *ds)
{
	long ret = cr_sys3(SYS_msgctl, control_of(CR_ID_MSG, id, command), command, ds);

	if (ret >= 0 && agent_ids_on && tells(CR_ID_MSG, command)) {
		ds->msg_lspid = agent_virtual(ds->msg_lspid);
		ds->msg_lrpid = agent_virtual(ds->msg_lrpid);
	}
	return control_result(CR_ID_MSG, command, ret);
}
