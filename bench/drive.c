// SPDX-License-Identifier: Apache-2.0
//
// Launches a job, checkpoints it and restarts it again and again, and prints what each time took
// as lines of KEY VALUE: ms, or bytes. Between the times the job does what it is compared with.
// Usage: drive BUILD DIRECTORY ROUNDS [MIB 4k|thp | PROCESSES CHANNELS pipe|socket]
// Environment: BENCH_BACKEND: save with that one, and compare with nothing; keys begin with it
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"

#define STEP_NS 120000000000ll

static struct {
	const char *build, *dir, *mib, *pages, *processes, *channels, *kind, *backend;
	char prefix[48], name[64], board_path[512], images[512], image[600], scratch[512];
	struct board *board;
	pid_t shepherd; /* crlaunch or crrestart */
	int warming; /* rounds that are not yet counted */
} d;

static void sample(const char *key, double value)
{
	if (d.warming > 0)
		return;
	printf("%s.%s %.4f\n", d.prefix, key, value);
	fflush(stdout);
}

static void sleep_us(long us)
{
	nanosleep(&(struct timespec){ us / 1000000, us % 1000000 * 1000 }, NULL);
}

/* Starts one of the commands; its output goes to the descriptor, or to this program's errors. */
static pid_t start(const char *command, const char *const *args, int output)
{
	posix_spawn_file_actions_t actions;
	const char *argv[16];
	char path[512];
	int n = 0, error;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", d.build, command);
	argv[n++] = path;
	while (n < 15 && *args)
		argv[n++] = *args++;
	argv[n] = NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output < 0 ? 2 : output, 1);
	error = posix_spawn(&pid, path, &actions, NULL, (char **)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error) {
		fprintf(stderr, "drive: %s: %s\n", path, strerror(error));
		return -1;
	}
	return pid;
}

static int finish(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* Ends the job and waits for its shepherd. */
static void end_job(void)
{
	const char *args[] = { "kill", d.name, NULL };
	pid_t pid;

	if (d.shepherd <= 0)
		return;
	pid = start("crctl", args, -1);
	if (pid < 0 || finish(pid))
		kill(d.shepherd, SIGKILL);
	finish(d.shepherd);
	d.shepherd = 0;
}

static int fail(const char *what)
{
	fprintf(stderr, "drive: %s: %s failed\n", d.prefix, what);
	end_job();
	return -1;
}

/* Waits until the job has done as told. */
static int order(enum board_order what)
{
	int64_t start = board_now();

	__atomic_store_n(&d.board->order, what, __ATOMIC_SEQ_CST);
	while (d.board->order) {
		sleep_us(1000);
		if (board_now() - start > STEP_NS)
			return fail("an order");
	}
	if (d.board->result[0] < 0) {
		errno = -d.board->result[0];
		perror("drive: an order");
		return -1;
	}
	return 0;
}

/* When the job first saw a time after `from`, 0 if it has not. */
static int64_t first_sign(int64_t from)
{
	int64_t first = 0;

	if (d.processes)
		return d.board->token > from ? board_now() : 0;
	for (int i = 0; i < BOARD_GAPS; i++)
		if (d.board->gaps[i].end > from && (!first || d.board->gaps[i].end < first))
			first = d.board->gaps[i].end;
	return first;
}

static double bytes_written(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	struct stat st;
	double sum = 0;

	while (dir && (e = readdir(dir)))
		if (!fstatat(dirfd(dir), e->d_name, &st, 0) && S_ISREG(st.st_mode))
			sum += st.st_blocks * 512.0;
	if (dir)
		closedir(dir);
	return sum;
}

static int launch(void)
{
	char job[512];
	const char *backend = d.backend ? d.backend : "agent";
	const char *alone[] = { "-n", d.name,	    "-d",  d.images, "--backend", backend, "--",
				job,  d.board_path, d.mib, d.pages,  d.scratch,	  NULL };
	const char *crowd[] = { "-n",	    d.name, "-d", d.images,	"--backend",
				backend,    "--",   job,  d.board_path, d.processes,
				d.channels, d.kind, NULL };
	const char **args = d.processes ? crowd : alone;
	int64_t start_ns = board_now();

	snprintf(job, sizeof(job), "%s/bench/%s", d.build, d.processes ? "crowd" : "job");
	d.board->ready = 0;
	d.shepherd = start("crlaunch", args, -1);
	while (d.shepherd > 0 && !d.board->ready) {
		if (waitpid(d.shepherd, NULL, WNOHANG)) {
			d.shepherd = 0;
			break;
		}
		if (board_now() - start_ns > STEP_NS)
			break;
		sleep_us(1000);
	}
	/* Let the signal's handler and the job's pages come to rest. */
	sleep_us(50000);
	return d.board->ready ? 0 : fail("crlaunch");
}

static double field(const char *json, const char *key)
{
	const char *at = strstr(json, key);

	return at ? atof(at + strlen(key) + 2) : -1;
}

static int checkpoint(void)
{
	const char *args[] = { "checkpoint", d.name, "--json", NULL };
	const char *at;
	char out[4096];
	int p[2], status;
	int64_t from, to;
	ssize_t n;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC))
		return -1;
	d.board->longest = 0;
	from = board_now();
	pid = start("crctl", args, p[1]);
	close(p[1]);
	status = pid < 0 ? -1 : finish(pid);
	to = board_now();
	n = read(p[0], out, sizeof(out) - 1);
	close(p[0]);
	if (status || n <= 0)
		return fail("crctl checkpoint");
	out[n] = 0;
	at = strstr(out, "\"checkpoint\":\"");
	if (!at || sscanf(at + 14, "%599[^\"]", d.image) != 1)
		return fail("the answer of crctl checkpoint");
	sample("wall", (to - from) / 1e6);
	sample("stall", d.board->longest / 1e6);
	/* How long the machine's other users keep the job waiting in as much time. */
	d.board->longest = 0;
	sleep_us((to - from) / 1000);
	sample("quiet", d.board->longest / 1e6);
	sample("said-stall", field(out, "stall_ms"));
	sample("said-wall", field(out, "wall_ms"));
	sample("bytes", bytes_written(d.image));
	return 0;
}

static int restart(void)
{
	const char *args[] = { d.image, NULL };
	int64_t from = board_now(), first;

	d.shepherd = start("crrestart", args, -1);
	while (d.shepherd > 0 && !(first = first_sign(from))) {
		if (waitpid(d.shepherd, NULL, WNOHANG)) {
			d.shepherd = 0;
			break;
		}
		if (board_now() - from > STEP_NS)
			break;
		sleep_us(500);
	}
	if (d.shepherd <= 0 || !first)
		return fail("crrestart");
	sample("restart", (first - from) / 1e6);
	return 0;
}

static int compare(enum board_order what, const char *key, const char *key2)
{
	if (order(what))
		return -1;
	sample(key, d.board->result[0] / (what == BOARD_HUGE ? 1.0 : 1e6));
	if (key2)
		sample(key2, d.board->result[1] / 1e6);
	return 0;
}

static int measure(int rounds)
{
	bool compared = d.mib && !d.backend;
	int i;

	if (launch())
		return -1;
	/* From the third on there is an older checkpoint to remove, and memory that was in use. */
	d.warming = 2;
	for (i = -d.warming; i < rounds; i++, d.warming--) {
		if (checkpoint())
			return -1;
		if (compared && (compare(BOARD_FORK, "fork", NULL) ||
				 compare(BOARD_WRITE, "write", "write-fsync") ||
				 compare(BOARD_HUGE, "huge-before", NULL)))
			return -1;
		sleep_us(20000);
	}
	end_job();
	d.warming = 1;
	for (i = -d.warming; i < rounds; i++, d.warming--) {
		sleep_us(20000);
		if (restart())
			return -1;
		if (compared &&
		    (compare(BOARD_COPY, "copy", NULL) || compare(BOARD_HUGE, "huge-after", NULL)))
			return -1;
		end_job();
	}
	return 0;
}

int main(int argc, char **argv)
{
	int fd, rounds;

	if (argc != 4 && argc != 6 && argc != 7)
		return 2;
	d.build = argv[1];
	d.dir = argv[2];
	rounds = atoi(argv[3]);
	d.mib = argc == 6 ? argv[4] : NULL;
	d.pages = argc == 6 ? argv[5] : NULL;
	d.processes = argc == 7 ? argv[4] : NULL;
	d.channels = argc == 7 ? argv[5] : NULL;
	d.kind = argc == 7 ? argv[6] : NULL;
	if (d.processes)
		snprintf(d.prefix, sizeof(d.prefix), "crowd-%s-%s", d.processes, d.kind);
	else if (d.mib)
		snprintf(d.prefix, sizeof(d.prefix), "%s-%s", d.mib, d.pages);
	else
		snprintf(d.prefix, sizeof(d.prefix), "tiny");
	snprintf(d.name, sizeof(d.name), "bench-%s", d.prefix);
	d.backend = getenv("BENCH_BACKEND");
	if (d.backend)
		snprintf(d.prefix, sizeof(d.prefix), "%.12s/%.30s", d.backend, d.name + 6);
	snprintf(d.board_path, sizeof(d.board_path), "%.400s/board-%.60s", d.dir, d.name + 6);
	snprintf(d.images, sizeof(d.images), "%s/images", d.dir);
	snprintf(d.scratch, sizeof(d.scratch), "%s/images/scratch", d.dir);
	mkdir(d.images, 0700);
	fd = open(d.board_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, BOARD_SIZE)) {
		perror(d.board_path);
		return 1;
	}
	d.board = mmap(NULL, BOARD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (d.board == MAP_FAILED)
		return 1;
	return measure(rounds) ? 1 : 0;
}
