/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the tests of SysV IPC and POSIX queues: what they make outlives a killed job. */
#ifndef TEST_IPC_H
#define TEST_IPC_H

#include "prog.h"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
	struct seminfo *info;
};

/* The runner removes what the first life leaves behind: lines "shm ID", "mq NAME". */
static inline void ipc_note(const char *kind, const char *name)
{
	char line[300];
	int fd = open(prog_path("ipc"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	int n = snprintf(line, sizeof(line), "%s %s\n", kind, name);

	CHECK(fd >= 0 && write(fd, line, n) == n);
	close(fd);
}

static inline int ipc_id(const char *kind, int id)
{
	char text[16];

	CHECK(id >= 0);
	snprintf(text, sizeof(text), "%d", id);
	ipc_note(kind, text);
	return id;
}

/* A key that no other test has. */
static inline key_t ipc_key(int n)
{
	uint64_t noise = prog_noise(getpid() + n * 65536ull + time(NULL));

	return (noise & 0x7fffff00) | 1 | n << 1;
}

static inline int ipc_shm(key_t key, size_t size, int flags)
{
	return ipc_id("shm", shmget(key, size, IPC_CREAT | IPC_EXCL | flags));
}

static inline int ipc_sem(key_t key, int n, int flags)
{
	return ipc_id("sem", semget(key, n, IPC_CREAT | IPC_EXCL | flags));
}

static inline int ipc_msg(key_t key, int flags)
{
	return ipc_id("msg", msgget(key, IPC_CREAT | IPC_EXCL | flags));
}

static inline int ipc_semop(int id, int number, int op, int flags)
{
	struct sembuf b = { number, op, flags };

	return semop(id, &b, 1);
}

/* End a child by force: its undo, robust lists and attachments are then the kernel's matter. */
static inline void ipc_kill(pid_t pid)
{
	int status;

	CHECK(!kill(pid, SIGKILL));
	CHECK_EQ(waitpid(pid, &status, 0), pid);
}

#endif
