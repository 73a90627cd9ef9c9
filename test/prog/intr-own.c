// SPDX-License-Identifier: Apache-2.0
/*
 * A signal of the program's own that comes while a checkpoint is being made ends the call that it
 * finds, also one that has done a part of its work: with the count, or with EINTR.
 */
#include <cairn/cairn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "prog.h"

#define ROUNDS 12
/*
 * On its way back from the agent's handler a thread may lose the CPU in the kernel. A signal that
 * comes just then is handled before the call, as one could that comes while a call is entered.
 */
#define LOST 2

static char room[4 << 20];
static int ends[2];
static _Atomic pid_t caller;
static _Atomic long result;
static _Atomic bool begun, done, over;
static int lost;

static void handler(int sig)
{
}

static long do_read(void)
{
	return read(ends[0], room, 10);
}

static long do_write(void)
{
	return write(ends[1], room, sizeof(room));
}

static long do_writev(void)
{
	struct iovec v[] = { { room, 100000 }, { room, 0 }, { room, sizeof(room) } };

	return writev(ends[1], v, 3);
}

static long do_send(void)
{
	return send(ends[1], room, sizeof(room), 0);
}

static long do_sendmsg(void)
{
	struct iovec v[] = { { room, 1000 }, { room, sizeof(room) } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	return sendmsg(ends[1], &m, 0);
}

static long do_recv(void)
{
	return recv(ends[0], room, 5000, MSG_WAITALL);
}

static const struct {
	long (*call)(void);
	bool socket;
	int queued;
} calls[] = {
	{ do_read, false, 0 },	   { do_write, false, 0 }, { do_writev, false, 0 },
	{ do_send, true, 0 },	   { do_sendmsg, true, 0 }, { do_recv, true, 1000 },
};

static void *thread(void *call)
{
	caller = prog_tid();
	begun = true;
	errno = 0;
	result = ((long (*)(void))call)();
	CHECK(result >= 0 || errno == EINTR);
	done = true;
	return NULL;
}

static void *asker(void *unused)
{
	while (!over)
		if (cairn_checkpoint() < 0)
			prog_fail(__FILE__, __LINE__, "%s", cairn_error());
	return NULL;
}

/* Until the caller waits in one of the calls: before that its signal would be of no use. */
static void await_call(void)
{
	static const int those[] = { SYS_read,	  SYS_write,   SYS_writev,
				     SYS_sendto, SYS_sendmsg, SYS_recvfrom };
	char path[64], text[256];
	int fd, nr = -1;
	size_t k;
	ssize_t n;

	while (!begun)
		sched_yield();
	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", caller);
	for (;;) {
		fd = open(path, O_RDONLY);
		n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		if (fd >= 0)
			close(fd);
		text[n > 0 ? n : 0] = 0;
		if (sscanf(text, "%d ", &nr) == 1)
			for (k = 0; k < ARRAY_SIZE(those); k++)
				if (nr == those[k])
					return;
		prog_nap_ms(1);
	}
}

static void try(int i, int us)
{
	pthread_t t;
	int tries;

	CHECK(!(calls[i].socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends)));
	if (calls[i].queued)
		CHECK_EQ(write(ends[1], room, calls[i].queued), calls[i].queued);
	begun = done = false;
	prog_thread(&t, thread, calls[i].call);
	await_call();
	usleep(us);
	CHECK(!syscall(SYS_tgkill, getpid(), caller, SIGUSR1));
	for (tries = 0; tries < 4000 && !done; tries++) {
		prog_nap_ms(5);
		if (tries % 400 == 399) {
			lost++;
			CHECK(!syscall(SYS_tgkill, getpid(), caller, SIGUSR1));
		}
	}
	if (!done || lost > LOST)
		prog_fail(__FILE__, __LINE__, "call %d waits on, %d signals lost", i, lost);
	CHECK(result < (long)sizeof(room));
	pthread_join(t, NULL);
	close(ends[0]);
	close(ends[1]);
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = handler };
	pthread_t t;
	int i, k;

	prog_init(argc, argv);
	CHECK(!sigaction(SIGUSR1, &act, NULL));
	for (k = 0; k < 2; k++) {
		if (cairn_restarts() >= 0)
			prog_thread(&t, asker, NULL);
		for (i = 0; i < ROUNDS * (int)ARRAY_SIZE(calls); i++)
			try(i % ARRAY_SIZE(calls), i * 211 % 5000);
		over = true;
		if (cairn_restarts() >= 0)
			pthread_join(t, NULL);
		over = false;
		if (!k) {
			prog_ready();
			prog_wait();
		}
	}
	prog_pass();
}
