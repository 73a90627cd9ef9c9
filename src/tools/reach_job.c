// SPDX-License-Identifier: Apache-2.0
//
// Reaching a job's shepherd. See reach.h. Runs in crctl; on failure it says what is in the way.
#include "tools/reach_job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/owner.h"
#include "common/runtime.h"
#include "common/wire.h"
#include "shepherd/guard.h"

#define CONNECT_MS 5000
#define STARTING_NS 60000000000ll
#define STOPPED_MS 3000 /* its guard would have run it on by then */
#define LOOK_MS 250
#define TURN_US 10000

/* Takes a connection over; false if it is not to one of this user's, or root's. */
static bool reach_job_take(int fd, struct cr_reached *to)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
	    (peer.uid != geteuid() && peer.uid && geteuid())) {
		close(fd);
		return false;
	}
	to->fd = fd;
	to->shepherd = peer.pid;
	to->pidfd = peer.pid > 0 ? syscall(SYS_pidfd_open, peer.pid, 0) : -1;
	return true;
}

static int connect_abstract(const char *name)
{
	const struct timeval limit = { CONNECT_MS / 1000, 0 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	size_t n = strnlen(name, sizeof(addr.sun_path) - 1);

	memcpy(addr.sun_path + 1, name, n);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&addr, offsetof(struct sockaddr_un, sun_path) + 1 + n)) {
		close(fd);
		return -errno;
	}
	return fd;
}

/* Its lock is held, by the shepherd or a guard of it. */
static bool is_owned(const char *directory, const struct cr_owner *o)
{
	char path[CR_PATH_MAX + 8];
	cr_auto_fd fd = -1;

	snprintf(path, sizeof(path), "%s/" CR_OWNER_FILE, directory);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	if (flock(fd, LOCK_SH | LOCK_NB))
		return errno == EWOULDBLOCK || (cr_owner_is_here(o) && !kill(o->pid, 0));
	return false;
}

static int reach_folder(const char *directory, struct cr_reached *to, struct cr_err *err)
{
	int64_t end = cr_now_ns(CLOCK_MONOTONIC) + STARTING_NS;
	struct cr_owner o;
	char name[108];
	int fd;

	for (;;) {
		if (cr_owner_read(directory, &o) || !is_owned(directory, &o))
			return cr_fail(err, CR_EXIT_NOT_FOUND, 0,
				       "no job is running that has its checkpoints in %s",
				       directory);
		if (!cr_owner_is_here(&o))
			return cr_fail(err, CR_EXIT_NOT_FOUND, 0,
				       "the job %s of %s is running on %s (process %d there), not "
				       "on this host: ask there",
				       o.job, directory, o.host, o.pid);
		if (*o.mark) {
			cr_owner_control(o.mark, name, sizeof(name));
			fd = connect_abstract(name);
			/* In another network namespace. */
			if (fd < 0 && fd != -EAGAIN)
				fd = cr_socket_connect(o.socket, CONNECT_MS);
			if (fd >= 0 && reach_job_take(fd, to))
				return 0;
		}
		if (cr_now_ns(CLOCK_MONOTONIC) > end)
			return cr_fail(err, CR_EXIT_TIMEOUT, 0,
				       "the job %s of %s is out of reach: nobody answers; kill -9 "
				       "%d ends it",
				       o.job, directory, o.pid);
		usleep(TURN_US);
	}
}

int cr_reach(const char *job, struct cr_reached *to, struct cr_err *err)
{
	int fd;

	*to = (struct cr_reached){ .fd = -1, .pidfd = -1 };
	if (strchr(job, '/'))
		return reach_folder(job, to, err);
	fd = cr_runtime_await(job, err);
	if (fd >= 0 && !reach_job_take(fd, to))
		return cr_fail(err, CR_EXIT_PERMISSION, 0, "the job %s is another user's", job);
	return fd < 0 ? fd : 0;
}

int cr_reach_socket(const char *path, int ms, struct cr_reached *to)
{
	int fd = cr_socket_connect(path, ms);

	*to = (struct cr_reached){ .fd = -1, .pidfd = -1 };
	if (fd < 0)
		return fd;
	return reach_job_take(fd, to) ? 0 : -EPERM;
}

void cr_reach_close(struct cr_reached *to)
{
	cr_close_fd(&to->fd);
	cr_close_fd(&to->pidfd);
}

static char reach_job_state_of(const struct cr_reached *to)
{
	struct cr_proc_stat st;

	return to->shepherd > 0 && !cr_proc_stat(AT_FDCWD, to->shepherd, &st) ? st.state : '?';
}

const char *cr_reach_state(const struct cr_reached *to)
{
	switch (reach_job_state_of(to)) {
	case 'T':
	case 't':
		return "stopped";
	case 'D':
		return "hanging";
	default:
		return "busy";
	}
}

/* Somebody has stopped the shepherd and its guard, which would have run it on. The job stays so. */
static void reach_job_wake(const struct cr_reached *to)
{
	struct cr_proc_stat st, guard;

	if (to->shepherd <= 0 || cr_proc_stat(AT_FDCWD, to->shepherd, &st) || st.state != 'T')
		return;
	if (!cr_proc_stat(AT_FDCWD, st.ppid, &guard) && guard.state == 'T' &&
	    (!strcmp(guard.comm, CR_GUARD_NAME) || !strcmp(guard.comm, "cairn-init")))
		kill(st.ppid, SIGCONT);
	cr_wake_shepherd(to->shepherd);
}

int cr_reach_hear(const struct cr_reached *to, struct cr_wire *wire, cairn_ControlReply *reply,
		  int ms)
{
	int64_t began = cr_now_ns(CLOCK_MONOTONIC);
	int stopped = 0;

	for (;;) {
		int64_t waited = (cr_now_ns(CLOCK_MONOTONIC) - began) / 1000000;
		int turn = ms < 0 || ms - waited > LOOK_MS ? LOOK_MS :
			   ms > waited			   ? (int)(ms - waited) :
							     0;
		struct pollfd p = { .fd = to->fd, .events = POLLIN };

		if (poll(&p, 1, turn) > 0)
			return cr_wire_recv(to->fd, wire, cairn_ControlReply_fields, reply, NULL,
					    NULL, 0);
		reach_job_wake(to);
		if (to->turn)
			to->turn(to->arg);
		stopped = reach_job_state_of(to) == 'T' ? stopped + turn : 0;
		if (stopped >= STOPPED_MS || (ms >= 0 && waited >= ms))
			return -ETIMEDOUT;
	}
}

bool cr_reach_await_end(const struct cr_reached *to, int ms)
{
	struct pollfd p = { .fd = to->pidfd, .events = POLLIN };

	return to->pidfd < 0 || poll(&p, 1, ms) > 0;
}

bool cr_left_over(const char *job, struct cr_owner *owner, cr_pids *orphans)
{
	char folder[CR_PATH_MAX];

	if (strchr(job, '/'))
		snprintf(folder, sizeof(folder), "%s", job);
	else if (!cr_runtime_directory(job, folder))
		return false;
	if (cr_owner_read(folder, owner) || is_owned(folder, owner))
		return false;
	cr_owner_orphans(owner, orphans);
	return orphans->n;
}
