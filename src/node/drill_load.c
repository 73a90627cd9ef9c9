// SPDX-License-Identifier: Apache-2.0
//
// The burdens of drills: CPUs kept busy, memory taken, a disk filled. Each is a process of its own
// that can do no harm beyond its time: it has an alarm, dies with its parent, is the first that the
// OOM killer takes, and what it has are pages and files without names, which go with it. Of memory
// and disk a reserve is left, and given back to whoever needs it meanwhile.
#include "node/drill_load.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/io.h"
#include "common/xalloc.h"
#include "node/gauges.h"

#define PIECE (16ull << 20)
#define MEMORY_RESERVE (128ull << 20) /* at least, or so much of all: */
#define MEMORY_PART 10
#define DISK_RESERVE (32ull << 20)
#define DISK_PART 20
#define LOOK_US 100000

static void drill_say(int to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void drill_say(int to, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(to, format, args);
	va_end(args);
}

/* Of the caller, and of all that it forks: each for itself. */
static void be_bounded(unsigned int ms, pid_t parent)
{
	struct itimerval t = { .it_value = { ms / 1000, ms % 1000 * 1000 + 1 } };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGALRM, SIG_DFL);
	setitimer(ITIMER_REAL, &t, NULL);
}

static void begin_alone(const struct cr_drill_load *load, pid_t parent, int report)
{
	const struct sched_param usual = { 0 };
	sigset_t none;
	int fd, i;

	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	be_bounded(load->ms, parent);
	/* The store's lock and all links are crnode's alone. */
	dup2(report, 3);
	close_range(4, ~0u, 0);
	sched_setscheduler(0, SCHED_OTHER, &usual);
	fd = open("/proc/self/oom_score_adj", O_WRONLY);
	if (fd >= 0 && write(fd, "1000", 4) > 0)
		close(fd);
}

/* ---- CPUs ---- */

static void burn(void)
{
	volatile unsigned long n = 0;

	for (;;)
		n++;
}

static void load_cpus(const struct cr_drill_load *load)
{
	pid_t first = getpid();
	cpu_set_t set;
	int i, n = 1;

	if (!sched_getaffinity(0, sizeof(set), &set))
		n = CPU_COUNT(&set);
	for (i = 1; i < n; i++)
		if (!fork()) {
			close(3);
			be_bounded(load->ms, first);
			burn();
		}
	drill_say(3, "%d CPUs are kept busy\n", n);
	burn();
}

/* ---- memory ---- */

static void load_memory(const struct cr_drill_load *load)
{
	int root = open(load->host_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct cr_gauges g;
	double reserve;
	size_t n = 0, most;
	void **pieces;

	cr_gauges_read(root, 0, &g);
	reserve = g.memory_bytes / MEMORY_PART;
	if (reserve < MEMORY_RESERVE)
		reserve = MEMORY_RESERVE;
	if (isnan(g.memory_available) || g.memory_available < reserve + 2 * PIECE) {
		drill_say(3, "!%.0f MiB of memory are available, of which %.0f stay free\n",
			  g.memory_available / (1 << 20), reserve / (1 << 20));
		return;
	}
	/* Before it is: that takes a second for each few gigabytes. */
	drill_say(3, "%.0f MiB of memory are taken, %.0f MiB stay free\n",
		  (g.memory_available - reserve) / (1 << 20), reserve / (1 << 20));
	most = (g.memory_available - reserve) / PIECE + 1;
	pieces = cr_xcalloc(most, sizeof(*pieces));
	while (n < most && g.memory_available > reserve + PIECE) {
		pieces[n] = mmap(NULL, PIECE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (pieces[n] == MAP_FAILED)
			break;
		n++;
		cr_gauges_read(root, 0, &g);
	}
	for (;; usleep(LOOK_US)) {
		cr_gauges_read(root, 0, &g);
		while (n && g.memory_available < reserve * 3 / 4) {
			munmap(pieces[--n], PIECE);
			g.memory_available += PIECE;
		}
	}
}

/* ---- the store's disk ---- */

static double room(int fd, double *of)
{
	struct statvfs s;

	if (fstatvfs(fd, &s))
		return 0;
	*of = (double)s.f_blocks * s.f_frsize;
	return (double)s.f_bavail * s.f_frsize;
}

static int unnamed(const char *folder)
{
	char path[PATH_MAX];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || snprintf(path, sizeof(path), "%s/.drill-XXXXXX", folder) >= PATH_MAX)
		return fd;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int grow(int fd, off_t at)
{
	static const char zeros[1 << 16];
	size_t done;

	if (!fallocate(fd, 0, at, PIECE))
		return 0;
	if (errno != EOPNOTSUPP)
		return -1;
	for (done = 0; done < PIECE; done += sizeof(zeros))
		if (pwrite(fd, zeros, sizeof(zeros), at + done) != sizeof(zeros))
			return -1;
	return 0;
}

static void load_disk(const struct cr_drill_load *load)
{
	int fd = unnamed(load->store);
	double all = 0, left = fd < 0 ? 0 : room(fd, &all), reserve = all / DISK_PART;
	off_t n = 0;

	if (reserve < DISK_RESERVE)
		reserve = DISK_RESERVE;
	if (fd < 0 || left < reserve + 2 * PIECE) {
		drill_say(3, "!%.0f MiB of the store's disk are free, of which %.0f stay so\n",
			  left / (1 << 20), reserve / (1 << 20));
		return;
	}
	for (; left > reserve + PIECE && !grow(fd, n); n += PIECE)
		left = room(fd, &all) - PIECE;
	left = room(fd, &all);
	drill_say(3, "%llu MiB of the store's disk are taken, %.0f MiB are left\n",
		  (unsigned long long)n >> 20, left / (1 << 20));
	for (;; usleep(LOOK_US))
		while (n && room(fd, &all) < reserve * 3 / 4) {
			n -= PIECE;
			if (ftruncate(fd, n))
				return;
		}
}

/* ---- */

int cr_drill_load(const struct cr_drill_load *load, pid_t *pid, int *report)
{
	static void (*const kinds[])(const struct cr_drill_load *l) = {
		[cairn_DrillKind_DRILL_CPU] = load_cpus,
		[cairn_DrillKind_DRILL_MEM] = load_memory,
		[cairn_DrillKind_DRILL_DISK] = load_disk,
	};
	pid_t parent = getpid();
	int p[2];

	if (pipe2(p, O_CLOEXEC))
		return -errno;
	*pid = fork();
	if (!*pid) {
		begin_alone(load, parent, p[1]);
		kinds[load->kind](load);
		_exit(1);
	}
	close(p[1]);
	*report = p[0];
	if (*pid > 0)
		return 0;
	close(p[0]);
	return -errno;
}
