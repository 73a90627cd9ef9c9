// SPDX-License-Identifier: Apache-2.0
/*
 * Sixty-four threads, each at the end of a call chain of its own, waiting for what comes only at
 * the end: so what a debugger sees of them is known, and the same at any time.
 */
#include "prog.h"

#include <dirent.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define N 64
#define VALUE 0x1122334455667788ul

static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, held = PTHREAD_MUTEX_INITIALIZER;
static sem_t sem;
static int go[2], full[2], talk[2], poller;
static bool released;
static pthread_barrier_t barrier;

/* Nothing here is to be inlined, merged, or left by a jump. */
#define STEP __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls", "no-ipa-icf")))

static STEP long wait_cond(long me)
{
	pthread_mutex_lock(&mutex);
	while (!released)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	return me;
}

static STEP long wait_sem(long me)
{
	while (sem_wait(&sem))
		CHECK_EQ(errno, EINTR);
	return me;
}

static STEP long wait_read(long me)
{
	char c;

	CHECK_EQ(read(go[0], &c, 1), 1);
	return me;
}

static STEP long wait_poll(long me)
{
	struct pollfd p = { go[0], POLLIN, 0 };
	int n;

	do
		n = poll(&p, 1, -1);
	while (n < 0 && errno == EINTR);
	CHECK_EQ(n, 1);
	return wait_read(me) - me + me;
}

static STEP long wait_mutex(long me)
{
	pthread_mutex_lock(&held);
	pthread_mutex_unlock(&held);
	return me;
}

static STEP long wait_recv(long me)
{
	char c;

	CHECK_EQ(recv(talk[0], &c, 1, 0), 1);
	return me;
}

static STEP long wait_epoll(long me)
{
	struct epoll_event e;
	int n;

	do
		n = epoll_wait(poller, &e, 1, -1);
	while (n < 0 && errno == EINTR);
	CHECK_EQ(n, 1);
	return wait_read(me) - me + me;
}

/* Until somebody reads: part of it is in the pipe. */
static STEP long wait_write(long me)
{
	static char much[1 << 20];
	size_t done = 0;
	ssize_t n;

	for (; done < sizeof(much); done += n) {
		n = write(full[1], much + done, sizeof(much) - done);
		CHECK(n > 0);
	}
	return me;
}

/* The whole of a wait with known values in registers that a call keeps. */
static STEP long wait_vectors(long me)
{
	static const uint64_t lanes[4] = { VALUE, ~VALUE, VALUE << 8, VALUE >> 8 };
	long n = SYS_read;
	char c;

	__asm__ volatile("movdqu (%[lanes]), %%xmm1\n\t"
			 "movdqu 16(%[lanes]), %%xmm15\n\t"
			 "movq %%xmm1, %%r12\n\t"
			 "syscall"
			 : "+a"(n)
			 : "D"(go[0]), "S"(&c), "d"(1), [lanes] "r"(lanes)
			 : "rcx", "r11", "r12", "xmm1", "xmm15", "memory");
	CHECK_EQ(n, 1);
	return me;
}

static STEP long wait_wide(long me)
{
	static const uint64_t lanes[4] = { VALUE, ~VALUE, VALUE << 8, VALUE >> 8 };
	long n = SYS_read;
	char c;

	if (!__builtin_cpu_supports("avx"))
		return wait_vectors(me) - me + me;
	__asm__ volatile("vmovdqu (%[lanes]), %%ymm7\n\t"
			 "syscall\n\t"
			 "vzeroupper"
			 : "+a"(n)
			 : "D"(go[0]), "S"(&c), "d"(1), [lanes] "r"(lanes)
			 : "rcx", "r11", "xmm7", "memory");
	CHECK_EQ(n, 1);
	return me;
}

static void STEP on_signal(int sig)
{
	wait_read(sig);
}

/* Inside a handler, on the thread's stack or on another one. */
static STEP long wait_handler(long me)
{
	static __thread char room[64 << 10];
	stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) };

	if (me & 16)
		CHECK(!sigaltstack(&stack, NULL));
	pthread_kill(pthread_self(), SIGUSR1);
	return me;
}

typedef long (*wait_fn)(long me);

static const wait_fn waits[] = { wait_cond,  wait_sem,	   wait_read,  wait_poll,
				 wait_mutex, wait_recv,	   wait_epoll, wait_vectors,
				 wait_wide,  wait_handler, wait_write };

static STEP long alpha(long me, int depth);
static STEP long beta(long me, int depth);

static STEP long arrive(long me)
{
	/* The last kind has one thread only. */
	return waits[me == N - 3 ? ARRAY_SIZE(waits) - 1 : me % (ARRAY_SIZE(waits) - 1)](me) - me +
	       me;
}

static STEP long alpha(long me, int depth)
{
	long below = depth == 7		   ? arrive(me) :
		     me >> (depth % 6) & 1 ? alpha(me, depth + 1) :
					     beta(me, depth + 1);

	return below - me + me;
}

static STEP long beta(long me, int depth)
{
	volatile char room[512];
	long below;

	room[me] = me;
	below = depth == 7	      ? arrive(me) :
		me >> (depth % 6) & 1 ? alpha(me, depth + 1) :
					beta(me, depth + 1);
	CHECK_EQ(room[me], me);
	return below;
}

static void *thread(void *arg)
{
	long me = (long)arg;
	char name[16];

	snprintf(name, sizeof(name), "waiter-%ld", me);
	CHECK(!pthread_setname_np(pthread_self(), name));
	return (void *)alpha(me, me % 3);
}

/* Whether all others sleep. */
static bool all_wait(void)
{
	DIR *d = opendir("/proc/self/task");
	int asleep = 0, fd;
	struct dirent *e;

	CHECK(d);
	while ((e = readdir(d))) {
		char path[300], stat[256] = "", *p;

		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%s/stat", e->d_name);
		fd = open(path, O_RDONLY);
		if (fd < 0 || read(fd, stat, sizeof(stat) - 1) <= 0)
			*stat = 0;
		close(fd);
		p = strrchr(stat, ')');
		asleep += p && p[2] == 'S';
	}
	closedir(d);
	return asleep == N - 1;
}

/* The only one that is not always at the same place. */
static void *watcher(void *unused)
{
	char c[4096];
	int i, times;

	CHECK(!pthread_setname_np(pthread_self(), "watcher"));
	pthread_mutex_lock(&held);
	pthread_barrier_wait(&barrier);
	/* One may sleep on its way. */
	for (times = 0; times < 5; times = all_wait() ? times + 1 : 0)
		prog_nap_ms(50);
	prog_ready();
	prog_wait();
	pthread_mutex_lock(&mutex);
	released = true;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	pthread_mutex_unlock(&held);
	for (i = 0; i < N; i++) {
		sem_post(&sem);
		CHECK_EQ(write(go[1], "", 1), 1);
		CHECK_EQ(send(talk[1], "", 1, 0), 1);
	}
	for (i = 0; i < 1 << 20; i += times) {
		times = read(full[0], c, sizeof(c));
		CHECK(times > 0);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };
	pthread_t t[N - 1];
	void *ret;
	long i;

	prog_init(argc, argv);
	CHECK(!pipe(go) && !pipe(full) && !socketpair(AF_UNIX, SOCK_DGRAM, 0, talk));
	poller = epoll_create1(0);
	CHECK(!epoll_ctl(poller, EPOLL_CTL_ADD, go[0], &e));
	CHECK(!sem_init(&sem, 0, 0) && !sigaction(SIGUSR1, &action, NULL));
	CHECK(!pthread_barrier_init(&barrier, NULL, 2));
	prog_thread(&t[N - 2], watcher, NULL);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < N - 2; i++)
		prog_thread(&t[i], thread, (void *)i);
	for (i = 0; i < N - 1; i++) {
		CHECK(!pthread_join(t[i], &ret));
		CHECK_EQ(ret, i < N - 2 ? i : 0);
	}
	prog_pass();
}
