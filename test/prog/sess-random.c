// SPDX-License-Identifier: Apache-2.0
/*
 * Trees of processes that a seed has made: forks, siblings, sessions, groups, deaths that leave
 * orphans, zombies, sessions and groups without a leader, and child subreapers. Everyone keeps its
 * parent, group and session. CR_SEED chooses other trees, CR_TREES how many.
 */
#include "prog.h"
#include <sys/prctl.h>

#define ROOM 24
#define STEPS 60

enum { NONE, FORK, SIBLING, SESSION, GROUP, SUBREAPER, DIE, REAP, NOTE };

struct node {
	atomic_int command, arg, result;
	pid_t pid, ppid, pgid, sid;
	int parent; /* slot; -1: whoever adopts orphans */
	bool alive, zombie, subreaper;
};

static struct shared {
	struct node v[ROOM];
	int n;
	atomic_int seen; /* how many have found everything right in the end */
} *sh;

static uint64_t state;

static unsigned int dice(unsigned int sides)
{
	state++;
	return prog_noise(state) % sides;
}

static void check(int me)
{
	const struct node *d = &sh->v[me];
	int i;

	CHECK_EQ(getpid(), d->pid);
	CHECK_EQ(getppid(), d->ppid);
	CHECK_EQ(getpgrp(), d->pgid);
	CHECK_EQ(getsid(0), d->sid);
	for (i = 0; i < sh->n; i++) {
		const struct node *z = &sh->v[i];
		siginfo_t info;

		if (!z->zombie || z->parent != me)
			continue;
		CHECK_EQ(getpgid(z->pid), z->pgid);
		CHECK_EQ(getsid(z->pid), z->sid);
		CHECK(!waitid(P_PID, z->pid, &info, WEXITED | WNOWAIT | WNOHANG));
		CHECK_EQ(info.si_pid, z->pid);
		CHECK_EQ(info.si_status, 7);
	}
}

static void live(int me);

static int born(int slot, unsigned long flags)
{
	pid_t pid = flags ? syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0) : fork();

	if (!pid)
		live(slot);
	return pid;
}

static int obey(int me, int command, int arg)
{
	switch (command) {
	case FORK:
		return born(arg, 0);
	case SIBLING:
		return born(arg, CLONE_PARENT);
	case SESSION:
		return setsid();
	case GROUP:
		return setpgid(0, arg);
	case SUBREAPER:
		return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	case DIE:
		_exit(7);
	case REAP:
		return waitpid(arg, NULL, 0);
	default:
		sh->v[me].pid = getpid();
		sh->v[me].ppid = getppid();
		sh->v[me].pgid = getpgrp();
		sh->v[me].sid = getsid(0);
		return 0;
	}
}

static void live(int me)
{
	struct node *d = &sh->v[me];
	int command, idle = 0;

	while (idle % 32 || !prog_has("noted")) {
		command = d->command;
		if (command) {
			d->result = obey(me, command, d->arg);
			d->command = NONE;
			idle = 0;
		}
		/* Trees that are done leave the processor to those that are being made. */
		prog_nap_ms(++idle > 1000 ? 20 : 1);
	}
	while (!prog_done()) {
		check(me);
		prog_nap_ms(50);
	}
	check(me);
	sh->seen++;
	/* Nobody is adopted before all have looked. */
	prog_await("seen");
	_exit(0);
}

static int tell(int who, int command, int arg)
{
	struct node *d = &sh->v[who];

	d->arg = arg;
	d->command = command;
	while (d->command) {
		if (prog_has("result"))
			_exit(1);
		prog_nap_ms(1);
	}
	return d->result;
}

static struct node *fresh(void)
{
	struct node *d = &sh->v[sh->n];

	memset(d, 0, sizeof(*d));
	d->parent = -1;
	return d;
}

/* The living one that adopts who loses slot as its parent; -1: somebody outside of the tree. */
static int adopter(int slot)
{
	int up = sh->v[slot].parent;

	while (up >= 0 && !(sh->v[up].alive && sh->v[up].subreaper))
		up = sh->v[up].parent;
	return up;
}

static void die(int who)
{
	struct node *d = &sh->v[who];
	int heir = adopter(who), i;
	siginfo_t info;

	d->arg = 0;
	d->command = DIE;
	if (d->parent >= 0)
		while (getpgid(d->pid) >= 0 && !prog_has("result")) {
			char path[64], stat[512], *p;

			snprintf(path, sizeof(path), "/proc/%d/stat", d->pid);
			if (prog_slurp(path, stat, sizeof(stat)) <= 0)
				break;
			p = strrchr(stat, ')');
			if (p && p[2] == 'Z')
				break;
			prog_nap_ms(1);
		}
	else if (who)
		while (getpgid(d->pid) >= 0 && !prog_has("result"))
			prog_nap_ms(1);
	else
		CHECK(!waitid(P_PID, d->pid, &info, WEXITED | WNOWAIT));
	d->alive = false;
	d->zombie = d->parent >= 0;
	if (!who)
		waitpid(d->pid, NULL, 0);
	for (i = 0; i < sh->n; i++) {
		if (i == who || sh->v[i].parent != who)
			continue;
		sh->v[i].parent = heir;
		/* Outside, someone reaps it. */
		if (heir < 0)
			sh->v[i].zombie = false;
	}
}

static void make_sibling(int who)
{
	struct node *d = &sh->v[who], *n = fresh();
	int pid;

	/* Of who is nobody's in the tree, the parent would not expect it. */
	if (d->parent < 0)
		return;
	n->parent = d->parent;
	n->alive = true;
	pid = tell(who, SIBLING, sh->n);
	CHECK(pid > 0);
	n->pid = pid;
	sh->n++;
}

static void make_child(int who)
{
	struct node *n = fresh();
	int pid;

	n->parent = who;
	n->alive = true;
	pid = tell(who, FORK, sh->n);
	CHECK(pid > 0);
	n->pid = pid;
	sh->n++;
}

static void step(void)
{
	int who = dice(sh->n), other = dice(sh->n), i;
	struct node *d = &sh->v[who];
	unsigned int what = dice(100);

	if (d->zombie && what < 30 && sh->v[d->parent].alive) {
		CHECK_EQ(tell(d->parent, REAP, d->pid), d->pid);
		d->zombie = false;
	}
	if (!d->alive)
		return;
	if (what < 40 && sh->n < ROOM)
		make_child(who);
	else if (what < 45 && sh->n < ROOM && !getenv("CR_NO_SIBLINGS"))
		make_sibling(who);
	else if (what < 60)
		tell(who, SESSION, 0);
	else if (what < 70)
		tell(who, GROUP, 0);
	else if (what < 82)
		/* Whether there is such a group in its session, the kernel says. */
		tell(who, GROUP, sh->v[other].pid);
	else if (what < 87) {
		tell(who, SUBREAPER, 0);
		d->subreaper = true;
	} else if (who || dice(4) == 0) {
		for (i = 0; i < sh->n && (i == who || !sh->v[i].alive); i++)
			;
		if (i < sh->n)
			die(who);
	}
}

static void make_tree(uint64_t seed)
{
	struct node *root;
	pid_t pid;
	int i;

	state = seed * 1000003;
	root = fresh();
	root->alive = true;
	sh->n = 1;
	pid = prog_fork();
	if (!pid)
		live(0);
	root->pid = pid;
	for (i = 0; i < STEPS; i++)
		step();
	for (i = 0; i < sh->n; i++) {
		struct node *d = &sh->v[i];

		if (d->alive)
			tell(i, NOTE, 0);
		else if (d->zombie) {
			d->pgid = getpgid(d->pid);
			d->sid = getsid(d->pid);
		}
	}
}

static int alive(void)
{
	int n = 0, i;

	for (i = 0; i < sh->n; i++)
		n += sh->v[i].alive;
	return n;
}

int main(int argc, char **argv)
{
	uint64_t seed = getenv("CR_SEED") ? strtoull(getenv("CR_SEED"), NULL, 10) : 1;
	int trees = getenv("CR_TREES") ? atoi(getenv("CR_TREES")) : 8, i;
	struct shared *v;

	prog_init(argc, argv);
	v = prog_map(trees * sizeof(*v), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	for (i = 0; i < trees; i++) {
		sh = &v[i];
		make_tree(seed * 100 + i);
	}
	prog_mark("noted");
	prog_ready();
	prog_wait();
	for (i = 0; i < trees; i++)
		for (sh = &v[i]; sh->seen < alive(); prog_nap())
			if (prog_has("result"))
				exit(1);
	prog_mark("seen");
	for (i = 0; i < trees; i++)
		if (v[i].v[0].alive)
			waitpid(v[i].v[0].pid, NULL, 0);
	prog_pass();
}
