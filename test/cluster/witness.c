/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks from the host at the processes of all nodes of a lab, every few milliseconds, for two
 * copies of one member that live at the same time:
 *
 *   witness FILE [GRACE_MS]     FILE: the third argument of the members of msgs to look for
 *
 * A copy counts unless it has ended, is stopped or frozen; one that was frozen may live for
 * GRACE_MS (0) after it is thawed, since nobody can end a process that does not run. Children of
 * one shepherd, or one of the other, are one life: a member and the writer of its checkpoint. Each
 * interval is a line "member I: PID and PID, MS ms, until TIME"; on SIGTERM it ends, with 1 if
 * there was any.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COPIES_MAX 64
#define MEMBERS_MAX 16

struct copy {
	int pid, parent, member;
	double free_since; /* when it was last frozen or stopped, 0: never */
	unsigned int seen;
	bool alive;
};

static struct copy copies[COPIES_MAX];
static int n_copies;
static double since[MEMBERS_MAX];
static volatile sig_atomic_t over;

static void end(int sig)
{
	(void)sig;
	over = 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Of the wall clock, to find it in logs. */
static double today(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static ssize_t read_file(int pid, const char *name, char *text, size_t len)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, len - 1);
	close(fd);
	if (n >= 0)
		text[n] = '\0';
	return n;
}

/* Which member it is a copy of, -1: of none. */
static int member_of(int pid, const char *file)
{
	char line[4096], comm[32], *arg[4];
	ssize_t n = read_file(pid, "cmdline", line, sizeof(line));
	char *p = line, *base;
	int i;

	for (i = 0; i < 4; i++) {
		if (p >= line + n)
			return -1;
		arg[i] = p;
		p += strlen(p) + 1;
	}
	/* Writers of checkpoints are copies that have another name. */
	if (read_file(pid, "comm", comm, sizeof(comm)) <= 0 || strcmp(comm, "msgs\n"))
		return -1;
	base = strrchr(arg[0], '/');
	if (strcmp(base ? base + 1 : arg[0], "msgs") || strcmp(arg[3], file) ||
	    !isdigit((unsigned char)arg[1][0]))
		return -1;
	i = atoi(arg[1]);
	return i < MEMBERS_MAX ? i : -1;
}

/* The bits behind a line's name in a status file. */
static unsigned long bits(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoul(at + strlen(name), NULL, 16) : 0;
}

/* Whether its cgroup of a controller is; where they are mounted is as on most hosts. */
static bool frozen_in(const char *lines, const char *controller, const char *format,
		      const char *sign)
{
	char path[512], text[256] = "";
	const char *at = strstr(lines, controller);
	int fd;

	if (!at)
		return false;
	at += strlen(controller);
	snprintf(path, sizeof(path), format, (int)strcspn(at, "\n"), at);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strstr(text, sign);
}

static bool frozen(int pid)
{
	char lines[4096];

	if (read_file(pid, "cgroup", lines, sizeof(lines)) <= 0)
		return false;
	return frozen_in(lines, ":freezer:", "/sys/fs/cgroup/freezer%.*s/freezer.state",
			 "FROZEN") ||
	       frozen_in(lines, "0::", "/sys/fs/cgroup%.*s/cgroup.events", "frozen 1");
}

/*
 * Whether it can run: not ended, stopped or in a frozen cgroup, and without a SIGKILL that it has
 * been sent and that the kernel has not come to yet.
 */
static bool runs(int pid, int *parent)
{
	char text[4096], *state, *at;

	if (read_file(pid, "status", text, sizeof(text)) <= 0)
		return false;
	at = strstr(text, "PPid:\t");
	*parent = at ? atoi(at + 6) : 0;
	state = strstr(text, "State:\t");
	if (!state || strchr("ZXTt", state[7]))
		return false;
	if ((bits(text, "SigPnd:\t") | bits(text, "ShdPnd:\t")) & 1ul << (SIGKILL - 1))
		return false;
	return state[7] != 'D' || !frozen(pid);
}

static struct copy *copy_of(int pid)
{
	int i;

	for (i = 0; i < n_copies; i++)
		if (copies[i].pid == pid)
			return &copies[i];
	return NULL;
}

/* Processes come and go slowly as against the rounds: only now and then all are looked at. */
static void look_for_new(const char *file)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int pid, member;

	while (d && (e = readdir(d))) {
		pid = atoi(e->d_name);
		if (pid <= 0 || copy_of(pid) || n_copies == COPIES_MAX)
			continue;
		member = member_of(pid, file);
		if (member >= 0)
			copies[n_copies++] = (struct copy){ .pid = pid, .member = member };
	}
	closedir(d);
}

static void look(const char *file, double grace)
{
	int i;

	for (i = 0; i < n_copies; i++) {
		struct copy *c = &copies[i];

		if (member_of(c->pid, file) != c->member) {
			*c = copies[--n_copies];
			i--;
			continue;
		}
		c->alive = runs(c->pid, &c->parent);
		if (!c->alive)
			c->free_since = now();
		else if (c->free_since && now() - c->free_since < grace)
			c->alive = false;
		/* What is seen only once may be on the way to become a writer. */
		if (!c->seen++)
			c->alive = false;
	}
}

static bool one_life(const struct copy *a, const struct copy *b)
{
	char comm[32];

	if (a->parent == b->pid || b->parent == a->pid)
		return true;
	return a->parent == b->parent && read_file(a->parent, "comm", comm, sizeof(comm)) > 0 &&
	       !strncmp(comm, "cr", 2);
}

/* Returns whether an interval has ended. */
static bool judge(bool last)
{
	static int pids[MEMBERS_MAX][2];
	bool found = false;
	int member, i, n;

	for (member = 0; member < MEMBERS_MAX; member++) {
		const struct copy *first = NULL;

		for (i = n = 0; i < n_copies; i++) {
			if (copies[i].member != member || !copies[i].alive)
				continue;
			if (!first) {
				first = &copies[i];
				n = 1;
			} else if (!one_life(first, &copies[i]) && n++ && !since[member]) {
				since[member] = now();
				pids[member][0] = first->pid;
				pids[member][1] = copies[i].pid;
			}
		}
		if (since[member] && (n < 2 || last)) {
			printf("member %d: %d and %d, %.0f ms, until %.3f\n", member,
			       pids[member][0], pids[member][1], now() - since[member], today());
			fflush(stdout);
			since[member] = 0;
			found = true;
		}
	}
	return found;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	double grace = argc > 2 ? atof(argv[2]) : 0;
	bool found = false;
	int round;

	if (argc < 2)
		return 2;
	signal(SIGTERM, end);
	for (round = 0; !over; round++) {
		if (round % 5 == 0)
			look_for_new(argv[1]);
		look(argv[1], grace);
		found |= judge(false);
		nanosleep(&pause, NULL);
	}
	found |= judge(true);
	return found;
}
