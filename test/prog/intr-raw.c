// SPDX-License-Identifier: Apache-2.0
/*
 * System calls by syscall(2) and by the instruction itself see no EINTR of a checkpoint, and their
 * timeouts end however often one comes.
 */
#include <cairn/cairn.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>

#include "ipc.h"
#include "raw.h"

#define WAIT_MS 40
#define MANY 20 /* checkpoints, each of NAP_MS and more, that none of the calls lasts for */
#define NAP_MS 5

static int silent[2], epfd, semid, word;
static aio_context_t aio;
static sigset_t usr2;
static _Atomic bool over;
static _Atomic int checkpoints;

static long called(long nr, long a, long b, long c, long d, long e, long f)
{
	long ret = syscall(nr, a, b, c, d, e, f);

	return ret < 0 ? -errno : ret;
}

#define WAYS(name, nr, a, b, c, d, e, f)                                                 \
	static long name##_called(void)                                                  \
	{                                                                                \
		PREPARE;                                                                 \
		return called(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
			      (long)(f));                                                \
	}                                                                                \
	static long name##_inlined(void)                                                 \
	{                                                                                \
		PREPARE;                                                                 \
		return raw(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e),    \
			   (long)(f));                                                   \
	}
#define PREPARE                                                                         \
	struct timespec ts = { 0, WAIT_MS * 1000000 };                                  \
	struct timeval tv = { 0, WAIT_MS * 1000 };                                      \
	struct pollfd p = { silent[0], POLLIN, 0 };                                     \
	struct epoll_event ev;                                                          \
	struct io_event io;                                                             \
	struct sembuf op = { 0, -1, 0 };                                                \
	(void)ts, (void)tv, (void)p, (void)ev, (void)op, (void)io

WAYS(poll, SYS_poll, &p, 1, WAIT_MS, 0, 0, 0)
WAYS(ppoll, SYS_ppoll, &p, 1, &ts, 0, 8, 0)
WAYS(select, SYS_select, 0, 0, 0, 0, &tv, 0)
WAYS(pselect, SYS_pselect6, 0, 0, 0, 0, &ts, 0)
WAYS(epoll_wait, SYS_epoll_wait, epfd, &ev, 1, WAIT_MS, 0, 0)
WAYS(epoll_pwait, SYS_epoll_pwait, epfd, &ev, 1, WAIT_MS, 0, 8)
WAYS(nanosleep, SYS_nanosleep, &ts, 0, 0, 0, 0, 0)
WAYS(nanosleep_rest, SYS_nanosleep, &ts, &ts, 0, 0, 0, 0)
WAYS(clock_nanosleep, SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &ts, 0, 0, 0)
WAYS(sigtimedwait, SYS_rt_sigtimedwait, &usr2, 0, &ts, 8, 0, 0)
WAYS(semtimedop, SYS_semtimedop, semid, &op, 1, &ts, 0, 0)
WAYS(futex, SYS_futex, &word, FUTEX_WAIT, 0, &ts, 0, 0)
WAYS(events, SYS_io_getevents, aio, 1, 1, &io, &ts, 0)

#define BOTH(name, result)                                                            \
	{ #name, name##_called, result }, { #name " inlined", name##_inlined, result }

static const struct {
	const char *name;
	long (*call)(void);
	long result;
} calls[] = {
	BOTH(poll, 0),
	BOTH(ppoll, 0),
	BOTH(select, 0),
	BOTH(pselect, 0),
	BOTH(epoll_wait, 0),
	BOTH(epoll_pwait, 0),
	BOTH(nanosleep, 0),
	BOTH(nanosleep_rest, 0),
	BOTH(clock_nanosleep, 0),
	BOTH(sigtimedwait, -EAGAIN),
	BOTH(semtimedop, -EAGAIN),
	BOTH(futex, -ETIMEDOUT),
	BOTH(events, 0),
};

/*
 * Older kernels wait here for so many ticks of their clock, and a machine that is late with them
 * makes several at once: by the clock that those move, about as long.
 */
static bool in_ticks(long (*call)(void))
{
	return call == semtimedop_called || call == semtimedop_inlined;
}

static void *thread(void *arg)
{
	long i = (long)arg, ret;
	int before, met;
	bool ticks = in_ticks(calls[i].call);
	double least = ticks ? WAIT_MS / 2 : WAIT_MS - 1, start, moved, took;

	while (!over) {
		before = checkpoints;
		moved = prog_now(CLOCK_MONOTONIC_COARSE);
		start = prog_now(CLOCK_MONOTONIC);
		ret = calls[i].call();
		took = (prog_now(CLOCK_MONOTONIC) - start) * 1000;
		moved = (prog_now(CLOCK_MONOTONIC_COARSE) - moved) * 1000;
		if (ticks && moved > took)
			took = moved;
		met = checkpoints - before;
		if (ret != calls[i].result || took < least || met > MANY)
			prog_fail(__FILE__, __LINE__, "%s: %ld after %f ms and %d checkpoints",
				  calls[i].name, ret, took, met);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[ARRAY_SIZE(calls)];
	long i;

	prog_init(argc, argv);
	CHECK(!pipe(silent));
	epfd = epoll_create1(0);
	semid = ipc_sem(IPC_PRIVATE, 1, 0600);
	CHECK(epfd >= 0 && semid >= 0);
	CHECK(!syscall(SYS_io_setup, 1, &aio));
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	for (i = 0; i < (long)ARRAY_SIZE(calls); i++)
		prog_thread(&t[i], thread, (void *)i);
	/* One after the other, more than any of the calls may last for. */
	while (cairn_restarts() >= 0 && checkpoints < 2 * MANY) {
		CHECK(cairn_checkpoint() >= 0);
		checkpoints++;
		prog_nap_ms(NAP_MS);
	}
	prog_ready();
	prog_wait();
	over = true;
	for (i = 0; i < (long)ARRAY_SIZE(calls); i++)
		pthread_join(t[i], NULL);
	semctl(semid, 0, IPC_RMID);
	prog_pass();
}
