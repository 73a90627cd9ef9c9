// SPDX-License-Identifier: Apache-2.0
/* Threads blocked without a time limit, one per call, never wake up or see EINTR. */
#include "prog.h"

#include <sys/prctl.h>

#include <linux/futex.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/file.h>
#include <sys/select.h>

static int silent[2], locked;
static sem_t sem;
static int word;
static sigset_t waited;
static pid_t kid;
static atomic_int up;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;

static void do_poll(void)
{
	struct pollfd p = { .fd = silent[0], .events = POLLIN };

	poll(&p, 1, -1);
}

static void do_ppoll(void)
{
	struct pollfd p = { .fd = silent[0], .events = POLLIN };

	ppoll(&p, 1, NULL, &waited);
}

static void do_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(silent[0], &set);
	select(silent[0] + 1, &set, NULL, NULL, NULL);
}

static void do_pselect(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(silent[0], &set);
	pselect(silent[0] + 1, &set, NULL, NULL, NULL, &waited);
}

static void do_futex(void)
{
	syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void do_futex_shared(void)
{
	syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void do_sem(void)
{
	sem_wait(&sem);
}

static void do_mutex(void)
{
	pthread_mutex_lock(&mutex);
}

static void do_rwlock(void)
{
	pthread_rwlock_wrlock(&rw);
}

static void do_cond(void)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&m);
	pthread_cond_wait(&cond, &m);
}

static void do_pause(void)
{
	pause();
}

static void do_sigsuspend(void)
{
	sigsuspend(&waited);
}

static void do_sigwaitinfo(void)
{
	siginfo_t si;

	sigwaitinfo(&waited, &si);
}

static void do_read(void)
{
	char c;

	(void)!read(silent[0], &c, 1);
}

static void do_waitpid(void)
{
	int status;

	waitpid(kid, &status, 0);
}

static void do_waitid(void)
{
	siginfo_t si;

	waitid(P_PID, kid, &si, WEXITED | WNOWAIT);
}

static void do_flock(void)
{
	int fd = open(prog_path("lock"), O_RDWR);

	flock(fd, LOCK_EX);
}

static void do_setlkw(void)
{
	struct flock l = { .l_type = F_WRLCK };
	int fd = open(prog_path("lock2"), O_RDWR);

	fcntl(fd, F_SETLKW, &l);
}

static void do_open(void)
{
	(void)!open(prog_path("fifo"), O_RDONLY);
}

static void do_sleep(void)
{
	sleep(100000);
}

static void do_clock_nanosleep(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += 100000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static const struct call {
	const char *name;
	void (*fn)(void);
} calls[] = {
	{ "poll", do_poll }, { "ppoll", do_ppoll }, { "select", do_select },
	{ "pselect", do_pselect }, { "futex", do_futex }, { "shared futex", do_futex_shared },
	{ "sem_wait", do_sem }, { "mutex", do_mutex }, { "rwlock", do_rwlock },
	{ "cond", do_cond }, { "pause", do_pause }, { "sigsuspend", do_sigsuspend },
	{ "sigwaitinfo", do_sigwaitinfo }, { "read", do_read }, { "waitpid", do_waitpid },
	{ "waitid", do_waitid }, { "flock", do_flock }, { "F_SETLKW", do_setlkw },
	{ "open of a FIFO", do_open }, { "sleep", do_sleep },
	{ "clock_nanosleep", do_clock_nanosleep },
};

static void *thread(void *arg)
{
	const struct call *c = arg;

	atomic_fetch_add(&up, 1);
	errno = 0;
	c->fn();
	prog_fail(__FILE__, __LINE__, "%s returned", c->name);
}

/* Holds the locks that others wait for, as a process of its own. */
static void child(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	struct flock l = { .l_type = F_WRLCK };
	int fd = prog_file("lock2", 1, 1, O_RDWR);

	locked = prog_file("lock", 1, 1, O_RDWR);
	CHECK(!flock(locked, LOCK_EX) && !fcntl(fd, F_SETLKW, &l));
	prog_mark("locked");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	pthread_t t;
	size_t i;

	prog_init(argc, argv);
	sigemptyset(&waited);
	sigaddset(&waited, SIGUSR2);
	CHECK(!sigprocmask(SIG_BLOCK, &waited, NULL));
	CHECK(!pipe(silent) && !sem_init(&sem, 0, 0) && !mkfifo(prog_path("fifo"), 0600));
	kid = prog_fork();
	if (!kid)
		child();
	prog_await("locked");
	pthread_mutex_lock(&mutex);
	pthread_rwlock_rdlock(&rw);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		prog_thread(&t, thread, (void *)&calls[i]);
	while (atomic_load(&up) < (int)ARRAY_SIZE(calls))
		prog_nap();
	prog_nap_ms(50);
	prog_ready();
	prog_wait();
	/* Whoever was to be woken by the checkpoint has had the time to say so. */
	prog_nap_ms(100);
	if (prog_has("result"))
		_exit(1);
	prog_put("result", "PASS\n");
	/* The child ends with us: ended before, it would wake those that wait for it. */
	_exit(0);
}
