// SPDX-License-Identifier: Apache-2.0
//
// Starting a member: a child that becomes the job's user and executes crlaunch (a new member) or
// crrestart (from an image). It has a session of its own and none of our descriptors, and lives on
// when we do not. What fails before it runs is told to the coordinator.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/xalloc.h"
#include "node/known.h"
#include "node/message.h"
#include "node/node.h"
#include "node/node_images.h"
#include "node/node_members.h"
#include "node/outbox.h"
#include "node/start.h"

/* Everything that the child needs, got ready before the fork. */
struct plan {
	char folder[CR_PATH_MAX], program[CR_PATH_MAX];
	char image[CR_PATH_MAX + 16], output[CR_PATH_MAX + 16];
	char home[CR_PATH_MAX], user[64];
	const char *cwd;
	CR_LIST(char *) argv;
	CR_LIST(char *) env;
	gid_t groups[256];
	int ngroups;
};

/* The next string of the payload, or NULL at its end. */
static const char *start_next(const char **p, const char *end)
{
	const char *s = *p, *zero = s < end ? memchr(s, 0, end - s) : NULL;

	if (!zero)
		return NULL;
	*p = zero + 1;
	return s;
}

static void start_add(struct plan *plan, bool env, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void start_add(struct plan *plan, bool env, const char *format, ...)
{
	char **to = env ? cr_xlist_add(&plan->env) : cr_xlist_add(&plan->argv);
	va_list ap;

	va_start(ap, format);
	cr_xcheck(vasprintf(to, format, ap) < 0 ? NULL : *to, strlen(format));
	va_end(ap);
}

static void free_plan(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->argv.n; i++)
		free(plan->argv.v[i]);
	for (i = 0; i < plan->env.n; i++)
		free(plan->env.v[i]);
	free(plan->argv.v);
	free(plan->env.v);
	free(plan);
}

/* Which of the environment that comes with a start is ours to say. */
static bool start_ours(const char *s)
{
	static const char *const names[] = { "CR_NODE_SOCKET=", "CR_START=",	    "CR_MEMBER=",
					     "CR_COORDINATOR=", "CR_AGENT_SOCKET=", "CR_KEY=",
					     "NOTIFY_SOCKET=" };
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(names); i++)
		if (!strncmp(s, names[i], strlen(names[i])))
			return true;
	return false;
}

/* What is of this node, not of where the job began. */
static void add_own(struct plan *plan)
{
	static const char *const names[] = { "CR_RUNTIME_DIR", "CR_CRIU", "CR_PODMAN", "CR_RUNC" };
	size_t i;

	for (i = 0; i < CR_ARRAY_SIZE(names); i++)
		if (getenv(names[i]))
			start_add(plan, true, "%s=%s", names[i], getenv(names[i]));
}

static int read_payload(struct plan *plan, const cairn_Start *s, const char *p, size_t len,
			struct cr_err *err)
{
	const char *end = p + len, *one;
	unsigned int i;

	start_add(plan, false, "%s", plan->program);
	for (i = 0; i < s->options; i++)
		if ((one = start_next(&p, end)))
			start_add(plan, false, "%s", one);
	start_add(plan, false, "--");
	if (s->number) {
		start_add(plan, false, "%s", plan->image);
		/* Container runtimes are in sbin. */
		start_add(plan, true,
			  "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin");
		start_add(plan, true, "HOME=%s", plan->home);
		start_add(plan, true, "USER=%s", plan->user);
		if (s->uid == geteuid())
			add_own(plan);
		plan->cwd = "/";
		return 0;
	}
	for (i = 0; i < s->arguments; i++)
		if ((one = start_next(&p, end)))
			start_add(plan, false, "%s", one);
	one = start_next(&p, end);
	if (!s->arguments || !one || *one)
		return cr_fail(err, CR_EXIT_CLUSTER, 0, "the order to start a member is cut short");
	plan->cwd = "/";
	while ((one = start_next(&p, end))) {
		/* The last one is the working directory. */
		if (p == end)
			plan->cwd = one;
		else if (!start_ours(one))
			start_add(plan, true, "%s", one);
	}
	return 0;
}

/* Beside our own program, else where PATH says. */
static void find_program(char out[CR_PATH_MAX], const char *name)
{
	char self[CR_PATH_MAX] = "";
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[len > 0 ? len : 0] = 0;
	snprintf(out, CR_PATH_MAX, "%.4000s/%s", dirname(self), name);
	if (access(out, X_OK))
		snprintf(out, CR_PATH_MAX, "%s", name);
}

static int start_make_plan(struct cr_node_member *m, const cairn_Start *s, const void *payload,
			   size_t len, struct plan *plan, struct cr_err *err)
{
	struct passwd *pw = getpwuid(s->uid);
	int ret = cr_images_folder(m, plan->folder, err);

	if (ret)
		return ret;
	snprintf(plan->home, sizeof(plan->home), "%s", pw ? pw->pw_dir : "/");
	snprintf(plan->user, sizeof(plan->user), "%s", pw ? pw->pw_name : "");
	plan->groups[0] = s->gid;
	plan->ngroups = CR_ARRAY_SIZE(plan->groups);
	if (!pw || getgrouplist(pw->pw_name, s->gid, plan->groups, &plan->ngroups) < 0)
		plan->ngroups = 1;
	find_program(plan->program, s->number ? "crrestart" : "crlaunch");
	snprintf(plan->output, sizeof(plan->output), "%s/output", plan->folder);
	snprintf(plan->image, sizeof(plan->image), "%s/%06u", plan->folder, s->number);
	ret = read_payload(plan, s, payload, len, err);
	if (ret)
		return ret;
	start_add(plan, true, "CR_NODE_SOCKET=%s", m->node->socket);
	start_add(plan, true, "CR_START=%llu:%u:%u:%u", (unsigned long long)m->id.job, m->id.member,
		  m->id.epoch, m->operation);
	cr_xlist_add(&plan->argv);
	cr_xlist_add(&plan->env);
	return 0;
}

/* Where a child that cannot go on says why: what it has for output may not be there. */
#define REPORT_FD 3

static void say_and_exit(const char *what)
{
	int error = errno;

	dprintf(REPORT_FD, "%s: %s", what, strerror(error));
	dprintf(2, "crnode: %s: %s\n", what, strerror(error));
	_exit(error == ENOENT ? CR_EXIT_NO_COMMAND : CR_EXIT_CANNOT_RUN);
}

/* In the child: nothing of ours but what is in the plan. */
static void start_become(struct cr_node *n, const cairn_Start *s, struct plan *plan, int report)
{
	struct rlimit files;
	int in, out, sig, oom;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	if (report != REPORT_FD && dup2(report, REPORT_FD) < 0)
		_exit(CR_EXIT_CANNOT_RUN);
	fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
	setsid();
	/* The daemon is better protected than a job. */
	oom = open("/proc/self/oom_score_adj", O_WRONLY);
	if (oom >= 0 && write(oom, "0", 1) < 0)
		close(oom);
	if (n->privileged &&
	    (setgroups(plan->ngroups, plan->groups) || setgid(s->gid) || setuid(s->uid)))
		say_and_exit("cannot become the job's user");
	umask(077);
	in = open("/dev/null", O_RDONLY);
	out = open(plan->output, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (in < 0 || out < 0)
		say_and_exit(plan->output);
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	close_range(REPORT_FD + 1, ~0u, 0);
	umask(022);
	if (chdir(plan->cwd))
		say_and_exit(plan->cwd);
	/* As it was before we raised it for our own connections. */
	if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur > 1024) {
		files.rlim_cur = 1024;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	execvpe(plan->program, plan->argv.v, plan->env.v);
	say_and_exit(plan->program);
}

static int start(struct cr_node_member *m, const cairn_Start *s, const void *payload, size_t len,
		 struct cr_err *err)
{
	struct plan *plan = cr_xcalloc(1, sizeof(*plan));
	int ret = start_make_plan(m, s, payload, len, plan, err);
	int report[2] = { -1, -1 };
	pid_t pid;

	if (!ret && pipe2(report, O_CLOEXEC | O_NONBLOCK))
		ret = cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot start a process");
	if (!ret) {
		pid = fork();
		if (!pid)
			start_become(m->node, s, plan, report[1]);
		close(report[1]);
		cr_close_fd(&m->report);
		m->report = report[0];
		if (pid < 0 || !cr_member_watch(m, &m->launcher, pid, 0))
			ret = cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot start a process");
	}
	free_plan(plan);
	return ret;
}

/* One of an earlier life of this member, which the coordinator has given up. */
static struct cr_node_member *other_life(struct cr_node *n, const cairn_MemberId *id)
{
	struct cr_node_member *m;

	for (m = n->members; m; m = m->next)
		if (m->id.job == id->job && m->id.member == id->member)
			return m;
	return NULL;
}

/* One that has not been started yet, and shall not be any more. */
void cr_start_withdraw(struct cr_node *n, const cairn_MemberId *id)
{
	struct cr_node_member *m = other_life(n, id);
	struct cr_err err = { 0 };

	if (!m || !m->successor.msg.which_body || m->successor.msg.body.start.id.epoch != id->epoch)
		return;
	cr_parcel_free(&m->successor);
	cr_fail(&err, CR_EXIT_CLUSTER, 0, "not started any more");
	cr_outbox_put_failed(n, id, &err);
}

void cr_node_start(struct cr_node *n, const cairn_ClusterMsg *msg, const void *payload, size_t len)
{
	const cairn_Start *s = &msg->body.start;
	struct cr_node_member *m = other_life(n, &s->id);
	struct cr_err err = { 0 };

	/* Told twice, because a link broke; or too late. */
	if (m && m->id.epoch >= s->id.epoch)
		return;
	if (m) {
		m->told = true;
		m->last.state = cairn_MemberState_MEMBER_EXITED;
		cr_member_end(m, 0);
		cr_parcel_fill(&m->successor, msg, payload, len);
		return;
	}
	if (n->lease.over)
		cr_fail(&err, CR_EXIT_CLUSTER, 0, "the node has no lease");
	else if (!n->privileged && s->uid != geteuid())
		cr_fail(&err, CR_EXIT_PERMISSION, 0,
			"crnode runs as user %u and cannot run jobs of %u", geteuid(), s->uid);
	m = err.status ? NULL : cr_node_member(n, &s->id);
	if (m) {
		m->uid = s->uid;
		m->gid = s->gid;
		m->members = s->members;
		m->operation = s->operation;
		snprintf(m->name, sizeof(m->name), "%s", s->name);
		if (start(m, s, payload, len, &err))
			cr_node_member_free(m);
	}
	if (err.status) {
		cr_say("job %s.%llu member %u: %s", s->name, (unsigned long long)s->id.job,
		       s->id.member, err.text);
		cr_outbox_put_failed(n, &s->id, &err);
		return;
	}
	/* A crnode that comes after us must not take it for a stranger. */
	cr_known_write(n);
	cr_say("job %s.%llu member %u epoch %u is started%s", s->name,
	       (unsigned long long)s->id.job, s->id.member, s->id.epoch,
	       s->number ? " from its image" : "");
}
