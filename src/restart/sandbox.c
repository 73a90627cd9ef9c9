// SPDX-License-Identifier: Apache-2.0
//
// The sandbox: namespaces in which the saved ids are free, and the processes around the job:
//   outer   what the user started; passes signals on, returns the status, follows job control
//   init    pid 1 of the sandbox; reaps, passes on, ends last
//   shepherd  with the saved shepherd's pid, session and group, so that the job's getppid() and
//           orphans find what they knew; runs inner()
// As root without a user namespace; as a user with one that maps nothing but the user.
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "common/ids.h"
#include "common/image_read.h"
#include "common/proc.h"
#include "objects/ipc/sysv.h"
#include "restart/sandbox.h"
#include "restart/restart_ids.h"
#include "restart/restart.h"
#include "restart/root.h"
#include "shepherd/guard.h"
#include "shepherd/shepherd.h"

#define MQUEUE_MAGIC 0x19800202

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* ---- namespaces ---- */

static int sandbox_forbidden(struct cr_err *err, int error)
{
	static const struct {
		const char *path, *bad;
	} settings[] = {
		{ "/proc/sys/user/max_user_namespaces", "0" },
		{ "/proc/sys/user/max_pid_namespaces", "0" },
		{ "/proc/sys/user/max_mnt_namespaces", "0" },
		{ "/proc/sys/user/max_time_namespaces", "0" },
		{ "/proc/sys/user/max_ipc_namespaces", "0" },
		{ "/proc/sys/kernel/unprivileged_userns_clone", "0" },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1" },
	};
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(settings); i++) {
		cr_auto_free char *text = NULL;

		if (cr_slurp(AT_FDCWD, settings[i].path, &text) <= 0 ||
		    strncmp(text, settings[i].bad, 1) || text[1] != '\n')
			continue;
		return cr_fail(
			err, CR_EXIT_NAMESPACE, error,
			"this host forbids the namespaces that a restart needs: %s is %s (an "
			"administrator can change it with sysctl)",
			settings[i].path, settings[i].bad);
	}
	if (cr_in_chroot())
		return cr_fail(
			err, CR_EXIT_NAMESPACE, error,
			"in a chroot the kernel makes no namespaces for an ordinary user, which "
			"a restart needs (a mount on the root directory avoids that)");
	return cr_fail(
		err, CR_EXIT_NAMESPACE, error,
		"this host forbids the namespaces that a restart needs (a seccomp profile, as "
		"in a default Docker container, or a security module)");
}

static int map_user(uid_t uid, gid_t gid, struct cr_err *err)
{
	char text[64];
	int ret;

	cr_write_file("/proc/self/setgroups", "deny");
	snprintf(text, sizeof(text), "%u %u 1", uid, uid);
	ret = cr_write_file("/proc/self/uid_map", text);
	snprintf(text, sizeof(text), "%u %u 1", gid, gid);
	if (!ret)
		ret = cr_write_file("/proc/self/gid_map", text);
	return ret ? sandbox_forbidden(err, -ret) : 0;
}

/* The job's clocks go on where they stood. */
static void set_clocks(const cairn_Job *job)
{
	int64_t mono = job->monotonic_ns - cr_now_ns(CLOCK_MONOTONIC);
	int64_t boot = job->boottime_ns - cr_now_ns(CLOCK_BOOTTIME);
	int64_t s[2], ns[2];
	char text[128];
	int i, ret;

	for (i = 0; i < 2; i++) {
		s[i] = (i ? boot : mono) / 1000000000;
		ns[i] = (i ? boot : mono) % 1000000000;
		if (ns[i] < 0) {
			ns[i] += 1000000000;
			s[i]--;
		}
	}
	snprintf(text, sizeof(text), "1 %lld %lld\n7 %lld %lld\n", (long long)s[0],
		 (long long)ns[0], (long long)s[1], (long long)ns[1]);
	ret = cr_write_file("/proc/self/timens_offsets", text);
	if (ret)
		cr_say("the job's monotonic clock jumps: /proc/self/timens_offsets: %s",
		       strerror(-ret));
}

/*
 * In a child, since what fails halfway cannot be undone: a root without capabilities may make the
 * namespaces, but not say who it is in them.
 */
static int try_user_namespace(struct cr_restart *r, int flags, uid_t uid, gid_t gid,
			      struct cr_err *err)
{
	struct cr_err *why = mmap(NULL, sizeof(*why), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ret;
	pid_t pid;

	if (why == MAP_FAILED)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "mmap");
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWUSER | flags))
			sandbox_forbidden(why, errno);
		else if (!map_user(uid, gid, why) && flags & CLONE_NEWIPC)
			cr_ipc_settings(&r->img, false, why);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	ret = pid < 0 ? cr_fail(err, CR_EXIT_INTERNAL, errno, "fork") : 0;
	if (!ret && why->status) {
		*err = *why;
		ret = -EPERM;
	}
	munmap(why, sizeof(*why));
	return ret;
}

static int unshare_all(struct cr_restart *r, struct cr_err *err)
{
	int flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWTIME;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int ret;

	/* Otherwise the job keeps what it may share with others outside. */
	if (cr_ipc_in_image(&r->img))
		flags |= CLONE_NEWIPC;
	if (uid || unshare(flags)) {
		ret = try_user_namespace(r, flags, uid, gid, err);
		if (!ret && unshare(CLONE_NEWUSER | flags))
			ret = sandbox_forbidden(err, errno);
		if (!ret)
			ret = map_user(uid, gid, err);
		if (ret)
			return ret;
		r->drop_caps = uid != 0;
	}
	r->sh->own_ipc = flags & CLONE_NEWIPC;
	set_clocks(&r->img.job);
	return 0;
}

/* ---- ids of the shepherd ---- */

/* This process joins a group whose leader is gone. */
static void join_lost_group(struct cr_restart *r, pid_t group)
{
	int p[2];
	pid_t leader;
	char c;

	if (pipe2(p, O_CLOEXEC))
		return;
	leader = cr_clone_as(r, group, 0, SIGCHLD);
	if (!leader) {
		setpgid(0, 0);
		close(p[1]);
		while (read(p[0], &c, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	if (leader > 0) {
		setpgid(leader, leader);
		setpgid(0, leader);
	}
	close(p[0]);
	close(p[1]);
	if (leader > 0)
		waitpid(leader, NULL, 0);
}

/* In a sandbox 1 is its own init's, and what was of an outer namespace shows as 0. */
static pid_t lowest_made(const struct cr_restart *r)
{
	return r->objects.virtual_ids ? 0 : 1;
}

static bool alone_in_group(void)
{
	pid_t group = getpgrp(), self = getpid();
	struct cr_proc_stat st;
	cr_pids pids = { 0 };
	bool alone = true;
	size_t i;

	/* Our parent's other children are who a shell would have put into our group. */
	cr_proc_children(AT_FDCWD, getppid(), &pids);
	for (i = 0; i < pids.n; i++)
		if (pids.v[i] != self && !cr_proc_stat(AT_FDCWD, pids.v[i], &st) &&
		    st.pgrp == group)
			alone = false;
	free(pids.v);
	return alone && group == self;
}

/* In the shepherd: its saved group, and the terminal for it. */
static void take_group(struct cr_restart *r, int tty, bool may_group)
{
	pid_t group = r->img.job.shepherd_pgid;
	sigset_t ttou, old;

	if (!may_group || group <= lowest_made(r))
		return;
	if (cr_real(r, group) == getpid())
		setpgid(0, 0);
	else if (cr_real(r, group) != getpgrp())
		join_lost_group(r, group);
	if (tty < 0)
		return;
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &old);
	tcsetpgrp(tty, getpgrp());
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void run_shepherd(struct cr_restart *r, int tty, bool may_group,
			 int (*inner)(struct cr_restart *r))
{
	sigset_t set;

	/* Signals for the job wait until the shepherd's loop takes them. */
	cr_passed_set(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	prctl(PR_SET_NAME, "crrestart");
	/* Of a sandbox the kernel ends all with its init. */
	if (r->objects.virtual_ids)
		cr_guarded_by_parent(r->sh);
	take_group(r, tty, may_group);
	if (r->objects.virtual_ids) {
		r->ids->clock[0] = r->img.job.monotonic_ns - cr_now_ns(CLOCK_MONOTONIC);
		r->ids->clock[1] = r->img.job.boottime_ns - cr_now_ns(CLOCK_BOOTTIME);
		/* What was not made for the job is as the caller has it. */
		cr_ids_born(r->ids, CR_ID_PROCESS, r->img.job.shepherd_pgid, getpgrp());
		cr_ids_born(r->ids, CR_ID_PROCESS, r->img.job.shepherd_sid, getsid(0));
	}
	exit(inner(r));
}

/* Makes the shepherd as a child of this process, pid 1 or the outer one. */
static pid_t make_shepherd(struct cr_restart *r, int tty, bool may_group,
			   int (*inner)(struct cr_restart *r))
{
	const cairn_Job *job = &r->img.job;
	pid_t pid, leader;
	int status;

	if (tty < 0 && job->shepherd_sid > lowest_made(r) &&
	    job->shepherd_sid != job->shepherd_pid) {
		/* Its session's leader is no part of the job: one stands in for it. */
		leader = cr_clone_as(r, job->shepherd_sid, 0, SIGCHLD);
		if (!leader) {
			setsid();
			pid = cr_clone_as(r, job->shepherd_pid, CLONE_PARENT, 0);
			if (!pid)
				run_shepherd(r, tty, true, inner);
			_exit(pid < 0 ? errno : 0);
		}
		if (leader < 0)
			return -1;
		if (waitpid(leader, &status, 0) != leader || status) {
			errno = WIFSIGNALED(status) ? EINTR : WEXITSTATUS(status);
			return -1;
		}
		return cr_real(r, job->shepherd_pid);
	}
	if (tty < 0 && job->shepherd_sid == 1)
		setsid();
	pid = cr_clone_as(r, job->shepherd_pid, 0, SIGCHLD);
	if (!pid) {
		if (tty < 0 && job->shepherd_sid == job->shepherd_pid)
			setsid();
		run_shepherd(r, tty, may_group || tty < 0, inner);
	}
	return pid;
}

/* ---- init ---- */

/* Where the host shows its message queues, the sandbox shows the job's. */
static void show_mqueues(void)
{
	struct statfs fs;

	if (!statfs("/dev/mqueue", &fs) && fs.f_type == MQUEUE_MAGIC)
		mount("mqueue", "/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

static void sandbox_init(struct cr_restart *r, int tty, bool may_group,
			 int (*inner)(struct cr_restart *r)) __attribute__((noreturn));

static void sandbox_init(struct cr_restart *r, int tty, bool may_group,
			 int (*inner)(struct cr_restart *r))
{
	struct cr_err err = { 0 };
	sigset_t set, old;
	struct pollfd above = { .fd = r->sh->report };
	pid_t shepherd, pid;
	siginfo_t info;
	int status, ret;

	prctl(PR_SET_NAME, "cairn-init");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It was gone before that. */
	if (poll(&above, 1, 0) == 1 && above.revents & POLLERR)
		_exit(128 + SIGKILL);
	ret = cr_cut_off_mounts();
	if (ret)
		cr_fail(&err, CR_EXIT_NAMESPACE, -ret,
			"cannot cut the job's mounts off from the host's");
	else if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		cr_fail(&err, CR_EXIT_NAMESPACE, errno,
			"cannot mount /proc for the job (is it masked, as in a container?)");
	if (err.status) {
		cr_err_print(&err);
		_exit(err.status);
	}
	if (r->sh->own_ipc)
		show_mqueues();
	if (r->sh->own_ipc && cr_ipc_settings(&r->img, true, &err)) {
		cr_err_print(&err);
		_exit(err.status);
	}
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, &old);
	shepherd = make_shepherd(r, tty, may_group, inner);
	if (shepherd < 0) {
		cr_fail(&err, CR_EXIT_NAMESPACE, errno, "cannot make a process with pid %d",
			r->img.job.shepherd_pid);
		cr_err_print(&err);
		_exit(err.status);
	}
	for (;;) {
		if (sigwaitinfo(&set, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD && kill(shepherd, info.si_signo))
			continue;
		while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL)) > 0) {
			if (pid != shepherd)
				continue;
			/* Nothing outlives it: the kernel ends with us who is left. */
			if (!WIFSTOPPED(status))
				_exit(cr_shepherd_status(status));
			cr_wake_shepherd(shepherd);
		}
	}
}

/* Without a sandbox. See shepherd/guard.c. */
static void guard(struct cr_restart *r, int tty, bool may_group, pid_t outer,
		  int (*inner)(struct cr_restart *r)) __attribute__((noreturn));

static void guard(struct cr_restart *r, int tty, bool may_group, pid_t outer,
		  int (*inner)(struct cr_restart *r))
{
	pid_t shepherd;

	cr_guard_begin();
	shepherd = make_shepherd(r, tty, may_group, inner);
	if (shepherd < 0) {
		cr_say("cannot make a process for the shepherd: %s", strerror(errno));
		_exit(CR_EXIT_INTERNAL);
	}
	cr_close_fd(&r->sh->report);
	_exit(cr_guard_keep(shepherd, outer));
}

static int find_tty(const struct cr_restart *r)
{
	unsigned int i;

	if (!r->img.job.termios.size)
		return -1;
	for (i = 0; i < r->sh->outside.nslots; i++)
		if (r->sh->outside.slots[i].tty &&
		    tcgetsid(r->sh->outside.slots[i].fd) == getsid(0))
			return r->sh->outside.slots[i].fd;
	return -1;
}

/*
 * A mount over something in /proc, as containers have to hide it, makes the kernel refuse a new
 * /proc to whoever is root in a user namespace only. Asked of a child, which has all else as well.
 */
static bool proc_is_masked(struct cr_restart *r)
{
	cr_auto_free char *mounts = NULL;
	struct cr_err none = { 0 };
	int status = 0;
	pid_t pid;

	if (cr_slurp(AT_FDCWD, "/proc/self/mountinfo", &mounts) <= 0 || !strstr(mounts, " /proc/"))
		return false;
	pid = fork();
	if (!pid) {
		if (unshare_all(r, &none))
			_exit(0);
		pid = fork();
		if (!pid) {
			_exit(cr_cut_off_mounts() || mount("proc", "/proc", "proc", 0, NULL));
		}
		waitpid(pid, &status, 0);
		_exit(WEXITSTATUS(status));
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status);
}

static int separate(struct cr_restart *r, struct cr_err *why)
{
	if (proc_is_masked(r))
		return cr_fail(why, CR_EXIT_NAMESPACE, 0,
			       "/proc is masked, as in a container, and cannot be mounted for the "
			       "job");
	return unshare_all(r, why);
}

int cr_sandbox_try(struct cr_restart *r, struct cr_err *why)
{
	struct cr_err found = { 0 };
	pid_t pid;
	int p[2];

	if (pipe2(p, O_CLOEXEC))
		return cr_fail(why, CR_EXIT_INTERNAL, errno, "pipe");
	pid = fork();
	if (!pid) {
		separate(r, &found);
		_exit(cr_write_all(p[1], &found, sizeof(found)) != 0);
	}
	close(p[1]);
	if (pid < 0 || read(p[0], &found, sizeof(found)) != sizeof(found))
		cr_fail(&found, CR_EXIT_INTERNAL, pid < 0 ? errno : EIO,
			"cannot try to make namespaces");
	close(p[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (found.status)
		*why = found;
	return found.status ? -EPERM : 0;
}

static int isolate(struct cr_restart *r, struct cr_err *err)
{
	enum cr_ids_option ids = r->sh->options.ids;
	struct cr_err why = { 0 };
	int ret;

	if (ids == CR_IDS_VIRTUAL) {
		r->objects.virtual_ids = true;
		return 0;
	}
	ret = separate(r, &why);
	if (!ret)
		return 0;
	if (ids == CR_IDS_EXACT) {
		*err = why;
		return ret;
	}
	cr_say("ids will be virtual: %s", why.text);
	r->objects.virtual_ids = true;
	return 0;
}

/* Whether somebody of a group is there; 0 is one that cannot be seen from here. */
static bool sandbox_lives(pid_t group)
{
	return group > 0 && (!kill(-group, 0) || errno == EPERM);
}

int cr_sandbox(struct cr_restart *r, int (*inner)(struct cr_restart *r), struct cr_err *err)
{
	int tty = find_tty(r), p[2], ret;
	bool may_group = tty >= 0 && alone_in_group() && tcgetpgrp(tty) == getpgrp();
	pid_t outer, pid;
	sigset_t set;

	r->own_terminal = tty >= 0;
	if (pipe2(p, O_CLOEXEC))
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "pipe");
	ret = cr_restart_ids(r, err);
	if (!ret)
		ret = isolate(r, err);
	if (ret)
		return ret;
	/* Before the fork, so that none is lost in between. */
	sigfillset(&set);
	sigdelset(&set, SIGTTIN);
	sigdelset(&set, SIGTTOU);
	sigprocmask(SIG_SETMASK, &set, NULL);
	fflush(NULL);
	r->sh->report = p[1];
	if (r->objects.virtual_ids)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	else
		r->sh->host_proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	outer = getpid();
	pid = fork();
	if (!pid) {
		close(p[0]);
		if (r->objects.virtual_ids)
			guard(r, tty, may_group, outer, inner);
		sandbox_init(r, tty, may_group, inner);
	}
	if (pid <= 0)
		return sandbox_forbidden(err, errno);
	cr_close_fd(&r->sh->report);
	cr_image_free(&r->img);
	ret = cr_outer(pid, tty, p[0], tty < 0);
	/* A shell has taken it back already if the job was stopped before it ended. */
	if (may_group && !sandbox_lives(tcgetpgrp(tty))) {
		sigfillset(&set);
		sigprocmask(SIG_SETMASK, &set, NULL);
		tcsetpgrp(tty, getpgrp());
	}
	return ret;
}
