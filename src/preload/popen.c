// SPDX-License-Identifier: Apache-2.0
//
// popen and pclose, written anew: libc's own keep the child's id where nobody can translate it.
// Runs in: the application's threads. When the table is full, libc's are used.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/x86_64/syscall.h"
#include "preload/wrappers.h"

#define MOST 256

static struct {
	FILE *_Atomic stream; /* NULL: free */
	pid_t pid;
} streams[MOST];

static FILE *const taken = (FILE *)streams; /* in between */

static int popen_find(const FILE *stream)
{
	int i;

	for (i = 0; i < MOST; i++)
		if (streams[i].stream == stream)
			return i;
	return -1;
}

static int popen_take(void)
{
	FILE *none = NULL;
	int i;

	for (i = 0; i < MOST; i++, none = NULL)
		if (__atomic_compare_exchange_n(&streams[i].stream, &none, taken, false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return i;
	return -1;
}

/* The child has theirs as its own end, and none of the streams that were opened before. */
static int popen_start(const char *command, int end, int number, pid_t *pid)
{
	const char *argv[] = { "sh", "-c", "--", command, NULL };
	posix_spawn_file_actions_t actions;
	int i, error = CR_REAL(posix_spawn_file_actions_init)(&actions);

	if (error)
		return error;
	error = CR_REAL(posix_spawn_file_actions_adddup2)(&actions, end, number);
	for (i = 0; i < MOST && !error; i++) {
		FILE *f = streams[i].stream;
		int fd = f && f != taken ? CR_REAL(fileno)(f) : -1;

		if (fd >= 0 && fd != number)
			error = CR_REAL(posix_spawn_file_actions_addclose)(&actions, fd);
	}
	if (!error)
		error = posix_spawn(pid, "/bin/sh", &actions, NULL, (char *const *)argv, environ);
	CR_REAL(posix_spawn_file_actions_destroy)(&actions);
	return error;
}

CR_WRAPPER FILE *popen(const char *command, const char *type)
{
	bool reads = type[0] == 'r', cloexec = strchr(type, 'e') != NULL;
	int slot = popen_take(), p[2], error, own, old;
	FILE *stream = NULL;

	if (slot < 0)
		return CR_REAL(popen)(command, type);
	error = reads || type[0] == 'w' ? -cr_sys2(SYS_pipe2, p, O_CLOEXEC) : EINVAL;
	if (error) {
		streams[slot].stream = NULL;
		errno = error;
		return NULL;
	}
	own = reads ? p[0] : p[1];
	error = popen_start(command, reads ? p[1] : p[0], reads ? STDOUT_FILENO : STDIN_FILENO,
			    &streams[slot].pid);
	cr_sys1(SYS_close, reads ? p[1] : p[0]);
	if (!error && !(stream = CR_REAL(fdopen)(own, reads ? "r" : "w")))
		error = errno;
	if (!stream) {
		cr_sys1(SYS_close, own);
		streams[slot].stream = NULL;
		errno = error;
		return NULL;
	}
	if (!cloexec)
		fcntl(own, F_SETFD, 0);
	/* One that was closed by fclose, and its memory used again. */
	old = popen_find(stream);
	if (old >= 0)
		streams[old].stream = NULL;
	streams[slot].stream = stream;
	return stream;
}

CR_WRAPPER int pclose(FILE *stream)
{
	int slot = popen_find(stream), status;
	pid_t pid, got;

	if (slot < 0)
		return CR_REAL(pclose)(stream);
	pid = streams[slot].pid;
	streams[slot].stream = NULL;
	CR_REAL(fclose)(stream);
	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -1 : status;
}
