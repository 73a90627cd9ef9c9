// SPDX-License-Identifier: Apache-2.0
/* What test/cli/api.sh has a job do with cairn.h; its first argument says which of these. */
#include <cairn/cairn.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A line into a file that is not open for longer: it is in no image. */
static void tell(const char *format, ...)
{
	FILE *f = fopen("log", "ae");
	va_list ap;

	va_start(ap, format);
	vfprintf(f, format, ap);
	va_end(ap);
	fclose(f);
}

static void await(const char *name)
{
	while (access(name, F_OK))
		usleep(10000);
}

static int checkpoint(const char *who)
{
	int ret = cairn_checkpoint();

	tell("%s %d %d %s\n", who, ret, cairn_restarts(), cairn_error());
	return ret;
}

/* Each time that there is a file go.N. */
static int story(void)
{
	char name[32];
	int i;

	for (i = 1;; i++) {
		snprintf(name, sizeof(name), "go.%d", i);
		await(name);
		if (!access("end", F_OK))
			return 0;
		checkpoint("story");
	}
}

static int held(void)
{
	cairn_disable();
	tell("held\n");
	await("leave");
	tell("leaves\n");
	cairn_enable();
	await("end");
	return 0;
}

/* Two processes: one is in a section for ever, the other asks. */
static int beside(void)
{
	pid_t pid = fork();

	if (!pid) {
		cairn_disable();
		tell("held\n");
		await("end");
		_exit(0);
	}
	await("log");
	checkpoint("beside");
	await("end");
	waitpid(pid, NULL, 0);
	return 0;
}

static void on_signal(int sig)
{
	checkpoint("handler");
}

/* In a handler, at any place of a program that asks itself. */
static int handler(void)
{
	struct cairn_job_info job = { .size = sizeof(job) };

	signal(SIGUSR1, on_signal);
	tell("ready\n");
	while (access("end", F_OK))
		if (cairn_job(&job))
			tell("cairn_job: %s\n", cairn_error());
	return 0;
}

static int descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void *asks(void *arg)
{
	struct cairn_job_info job = { .size = sizeof(job) };

	for (;;)
		if (cairn_job(&job))
			tell("cairn_job: %s\n", cairn_error());
	return NULL;
}

/* A fork while another thread asks: the child has nothing of that. */
static int forks(void)
{
	int before = descriptors(), i, status, bad = 0;
	pthread_t t;

	pthread_create(&t, NULL, asks, NULL);
	for (i = 0; i < 300; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(descriptors() != before ||
			      cairn_job(&(struct cairn_job_info){ .size = 8 }));
		waitpid(pid, &status, 0);
		bad += status != 0;
	}
	tell("forks %d\n", bad);
	return 0;
}

static int fails(void)
{
	checkpoint("fails");
	return 0;
}

static pthread_barrier_t at_once;

static void *together_thread(void *arg)
{
	int i;

	for (i = 0; i < 10; i++) {
		pthread_barrier_wait(&at_once);
		if (cairn_checkpoint())
			tell("together: %s\n", cairn_error());
	}
	return NULL;
}

/* Eight threads of each of two processes, ten times. */
static int together(void)
{
	struct cairn_job_info job = { .size = sizeof(job) };
	pthread_t t[8];
	pid_t pid;
	int i;

	pid = fork();
	pthread_barrier_init(&at_once, NULL, 8);
	for (i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, together_thread, NULL);
	for (i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	cairn_job(&job);
	tell("together %u\n", job.checkpoint);
	return 0;
}

/* A struct of another size: what it has room for, and the rest untouched. */
static int sizes(void)
{
	struct {
		uint32_t size, restarts, checkpoint;
		char after[8];
	} small = { .size = 12, .after = "behind" };
	struct {
		struct cairn_job_info info;
		char after[64];
	} large = { .info.size = sizeof(large) };
	uint32_t none = 0;

	int ret = cairn_job((struct cairn_job_info *)&small);

	tell("small %d %u %s\n", ret, small.size, small.after);
	ret = cairn_job(&large.info);
	tell("large %d %d %s\n", ret, large.info.size == sizeof(large.info), large.info.name);
	tell("none %d\n", cairn_job((struct cairn_job_info *)&none));
	return 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

/* The best of some tries; what a section costs, and a system call. */
static int bench(void)
{
	double section = 1e9, call = 1e9, from;
	int try, i;

	for (try = 0; try < 20; try++) {
		from = now();
		for (i = 0; i < 100000; i++) {
			cairn_disable();
			cairn_enable();
		}
		if (now() - from < section)
			section = now() - from;
		from = now();
		for (i = 0; i < 100000; i++)
			syscall(SYS_getppid);
		if (now() - from < call)
			call = now() - from;
	}
	tell("bench %s: %.1f ns, a system call %.1f ns\n", section < call ? "less" : "more",
	     section * 1e4, call * 1e4);
	return 0;
}

static int alone(void)
{
	struct cairn_job_info job = { .size = sizeof(job) };

	printf("%d %d %d %d %d %d\n", cairn_checkpoint(), cairn_disable(), cairn_enable(),
	       cairn_restarts(), cairn_await_restart(0, -1), cairn_job(&job));
	puts(cairn_error());
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} what[] = {
	{ "alone", alone },	  { "story", story }, { "held", held },	  { "beside", beside },
	{ "handler", handler },	  { "forks", forks }, { "fails", fails }, { "sizes", sizes },
	{ "together", together }, { "bench", bench },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(what) / sizeof(*what); i++)
		if (!strcmp(argv[1], what[i].name))
			return what[i].run();
	return 100;
}
