// SPDX-License-Identifier: Apache-2.0
//
// crctl migrate JOB ssh:HOST[:DIR]: without a cluster, by the user's own ssh. First the host is
// asked whether it could; then the job is stopped with a checkpoint, which is streamed there,
// verified and restarted. If that fails, the job is restarted here from the same checkpoint.
//
// Never two copies: whether the job is started there is decided once, by who makes the folder that
// is the ticket. There it is made just before the start. Should the connection break, we ask for
// it: if we get it, nobody starts the job there any more, and it goes on here; if not, what became
// of the start is waited for. When the host cannot be asked, it stays stopped, and we say so.
#include "tools/migrate_ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io.h"
#include "common/rows_json.h"
#include "common/runtime.h"
#include "tools/cluster_rows.h"
#include "tools/crctl.h"
#include "tools/local_verbs.h"
#include "tools/ssh_host.h"

#define ASKED 4 /* times what became of a start, */
#define PAUSE_S 3 /* so long between them */

/* $1 folder of jobs, $2 the job, $3 a file that is here now, $4 where our programs are */
static const char look[] =
	"PATH=$PATH:$4; umask 077; f=$1/$2\n"
	"for p in crrestart crimage tar; do\n"
	"	command -v $p >/dev/null || { echo \"error there is no $p in $PATH\"; exit 0; }\n"
	"done\n"
	"e=$(mkdir -p \"$f\" 2>&1) && [ -w \"$f\" ] || {\n"
	"	echo \"error cannot write to $f: $e\"; exit 0; }\n"
	"find \"$f\" -maxdepth 1 -name \".migrat*\" -mtime +1 -exec rm -rf {} + 2>/dev/null\n"
	"[ -e \"$f/$3\" ] && echo shared\n"
	"df -Pk \"$f\" | { read -r x; read -r x x x free x; echo \"free $free\"; }\n"
	"echo ready\n";

/* $1 folder of jobs, $2 job, $3 number, $4 ticket, $5 our programs, $6 yes: all is there; tar */
static const char go[] =
	"PATH=$PATH:$5; umask 077; f=$1/$2; n=0; in=$f/.migrating-$4; t=$f/.migrate-$4\n"
	"fail() {\n"
	"	rm -rf \"$in\"; [ $n = 0 ] || rm -rf \"$f/$3\"\n"
	"	echo \"error $(printf %s \"$*\" | tr \"\\n\" \" \")\"; exit 0\n"
	"}\n"
	"if [ \"$6\" = no ]; then\n"
	"	e=$(mkdir -p \"$in\" 2>&1 && tar -xof - -C \"$in\" 2>&1) ||\n"
	"		fail \"it cannot be unpacked in $f: $e\"\n"
	"	e=$(crimage verify \"$in/$3\" 2>&1) || fail \"$e\"\n"
	"	[ -e \"$f/$3\" ] && fail \"$f/$3 is there already\"\n"
	"	e=$(mv \"$in/$3\" \"$f/$3\" 2>&1) || fail \"$e\"\n"
	"	n=1; rmdir \"$in\"\n"
	"fi\n"
	"echo copied\n"
	"mkdir \"$t\" 2>/dev/null || fail \"given up\"\n"
	"log=$f.log; at=$(cat \"$log\" 2>/dev/null | wc -c)\n"
	"crrestart --detach \"$f/$3\" </dev/null >>\"$log\" 2>&1; rc=$?\n"
	"echo $rc >\"$t/rc.new\"; mv \"$t/rc.new\" \"$t/rc\"\n"
	"echo \"rc $rc\"\n"
	"[ $rc = 0 ] || fail \"$(tail -c +$((at + 1)) \"$log\" | tail -n 3)\"\n";

/* $1 folder of jobs, $2 job, $3 ticket */
static const char cancel[] =
	"umask 077; f=$1/$2; t=$f/.migrate-$3\n"
	"mkdir -p \"$f\" 2>/dev/null\n"
	"mkdir \"$t\" 2>/dev/null && { echo cancelled; exit 0; }\n"
	"i=0; while [ $i -lt 60 ]; do\n"
	"	[ -f \"$t/rc\" ] && { echo \"rc $(cat \"$t/rc\")\"; exit 0; }\n"
	"	sleep 1; i=$((i + 1))\n"
	"done\n";

struct migration {
	struct cr_ctl *c;
	struct call call;
	struct cr_ssh ssh;
	char *dir; /* the folder of jobs there */
	char folder[CR_PATH_MAX]; /* the job's, here */
	char parent[CR_PATH_MAX], name[CR_NAME_MAX + 1], number[32];
	char ticket[20], here[64], programs[CR_PATH_MAX];
	/* what has been said there */
	bool ready, shared, copied, cancelled, over;
	int rc; /* of crrestart, when that is over */
	uint64_t free_kib, bytes;
	char error[512];
	int64_t began, saved, brought, ended; /* CLOCK_MONOTONIC ns */
};

static int64_t migrate_now(void)
{
	return cr_now_ns(CLOCK_MONOTONIC);
}

static bool says(const char *line, const char *what, const char **rest)
{
	size_t n = strlen(what);

	*rest = line + n;
	return !strncmp(line, what, n);
}

/* Anything else is what a login shell says of its own accord. */
static void on_line(const char *line, void *arg)
{
	struct migration *m = arg;
	const char *rest;

	if (says(line, "error ", &rest))
		snprintf(m->error, sizeof(m->error), "%s", rest);
	else if (says(line, "free ", &rest))
		m->free_kib = strtoull(rest, NULL, 10);
	else if (says(line, "rc ", &rest))
		m->rc = atoi(rest);
	m->over |= says(line, "rc ", &rest);
	m->shared |= !strcmp(line, "shared");
	m->ready |= !strcmp(line, "ready");
	m->cancelled |= !strcmp(line, "cancelled");
	if (!strcmp(line, "copied")) {
		m->copied = true;
		m->brought = migrate_now();
	}
}

static int there(struct migration *m, const char *script, const char *const *args, int in)
{
	struct cr_ssh_script s = { script, args, in, on_line, m };

	m->error[0] = 0;
	return cr_ssh_run(&m->ssh, &s);
}

/* ---- before anything is stopped ---- */

/* ssh:HOST[:DIR]; the colons of an IPv6 address are in brackets, as in a URL. */
static int read_target(struct migration *m, const char *text)
{
	struct cr_err *err = &m->c->err;
	const char *host, *end;
	bool brackets;

	if (!says(text, "ssh:", &host))
		return cr_fail(err, CR_EXIT_USAGE, 0,
			       "%s is a node of a cluster, which is not set (CR_COORDINATOR); to "
			       "another host: ssh:HOST[:DIR]",
			       text);
	brackets = *host == '[' && strchr(host, ']');
	end = brackets ? strchr(host, ']') : host + strcspn(host, ":");
	host += brackets;
	if (end == host || *host == '-' || (size_t)(end - host) >= sizeof(m->ssh.host))
		return cr_fail(err, CR_EXIT_USAGE, 0, "%s: that is no host", text);
	memcpy(m->ssh.host, host, end - host);
	end += brackets;
	if (*end && (*end != ':' || !end[1]))
		return cr_fail(err, CR_EXIT_USAGE, 0, "%s: after the host comes :DIR", text);
	m->dir = (char *)(*end ? end + 1 : m->parent);
	return 0;
}

static uint64_t sum; /* nftw() has no argument for it */

static int add_size(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	sum += type == FTW_F ? st->st_size : 0;
	return 0;
}

static uint64_t size_of(const char *folder)
{
	sum = 0;
	nftw(folder, add_size, 16, FTW_PHYS);
	return sum;
}

static void split(struct migration *m)
{
	char *slash = strrchr(m->folder, '/');

	snprintf(m->parent, sizeof(m->parent), "%.*s", (int)(slash - m->folder), m->folder);
	snprintf(m->name, sizeof(m->name), "%.*s", CR_NAME_MAX, slash + 1);
	if (!*m->parent)
		strcpy(m->parent, "/");
}

static int find_job(struct migration *m)
{
	char *path = NULL;
	int ret = cr_call_ask(&m->call, cairn_Verb_VERB_STATUS);

	if (ret)
		return ret;
	if (strchr(m->call.job, '/'))
		path = realpath(m->call.job, NULL);
	if (path)
		snprintf(m->folder, sizeof(m->folder), "%s", path);
	else if (!cr_runtime_directory(m->call.job, m->folder))
		ret = cr_fail(&m->c->err, CR_EXIT_NOT_FOUND, 0,
			      "where job %s has its checkpoints is not known: give DIR/NAME",
			      m->call.job);
	free(path);
	if (ret)
		return ret;
	split(m);
	if (*m->call.reply.checkpoint)
		m->bytes = size_of(m->call.reply.checkpoint);
	cr_reach_close(&m->call.to);
	return 0;
}

static void find_programs(struct migration *m)
{
	ssize_t n = readlink("/proc/self/exe", m->programs, sizeof(m->programs) - 1);
	char *slash;

	m->programs[n > 0 ? n : 0] = 0;
	slash = strrchr(m->programs, '/');
	if (slash)
		*slash = 0;
}

/* Whether they see this folder as theirs shows by a file in it. */
static int make_mark(struct migration *m, char path[CR_PATH_MAX])
{
	unsigned char random[8];
	uint64_t number;
	cr_auto_fd fd = -1;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return cr_fail(&m->c->err, CR_EXIT_INTERNAL, 0, "no random numbers");
	memcpy(&number, random, sizeof(number));
	snprintf(m->ticket, sizeof(m->ticket), "%016" PRIx64, number);
	if (snprintf(path, CR_PATH_MAX, "%s/.migrate-mark-%s", m->folder, m->ticket) >= CR_PATH_MAX)
		return cr_fail(&m->c->err, CR_EXIT_IO, ENAMETOOLONG, "%s", m->folder);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? cr_fail(&m->c->err, CR_EXIT_IO, errno, "%s", path) : 0;
}

static int ask_host(struct migration *m)
{
	const char *args[] = { m->dir, m->name, NULL, m->programs, NULL };
	char path[CR_PATH_MAX];
	int ret = make_mark(m, path);

	if (ret)
		return ret;
	args[2] = strrchr(path, '/') + 1;
	ret = there(m, look, args, -1);
	unlink(path);
	if (!m->ready)
		return cr_fail(&m->c->err, CR_EXIT_CLUSTER, 0, "%s: %s; job %s goes on here",
			       m->ssh.host,
			       *m->error ? m->error : "no answer by ssh (it says why above)",
			       m->name);
	if (!m->shared && m->free_kib && m->free_kib < m->bytes >> 10)
		return cr_fail(&m->c->err, CR_EXIT_IO, 0,
			       "%s: %s has room for %" PRIu64 " MiB, and the last checkpoint of %s "
			       "has %" PRIu64 " MiB; it goes on here",
			       m->ssh.host, m->dir, m->free_kib >> 10, m->name,
			       (m->bytes >> 20) + 1);
	return 0;
}

/* ---- stop, copy, start ---- */

static int stop_job(struct migration *m)
{
	const char *slash;
	int ret;

	m->began = migrate_now();
	m->call.intent = cairn_Intent_INTENT_STOP;
	ret = cr_call_ask(&m->call, cairn_Verb_VERB_OPERATE);
	if (ret)
		return ret;
	/* Where it is can be another folder than was thought, if it has lost that. */
	slash = strrchr(m->call.reply.checkpoint, '/');
	if (!slash || slash[1] < '0' || slash[1] > '9')
		return cr_fail(&m->c->err, CR_EXIT_INTERNAL, 0, "job %s has no checkpoint",
			       m->name);
	snprintf(m->number, sizeof(m->number), "%.31s", slash + 1);
	snprintf(m->folder, sizeof(m->folder), "%.*s", (int)(slash - m->call.reply.checkpoint),
		 m->call.reply.checkpoint);
	ret = cr_call_await_end(&m->call);
	m->saved = m->brought = migrate_now();
	m->bytes = size_of(m->call.reply.checkpoint);
	return ret;
}

/* The stream of what is to be there, or -1. */
static int begin_tar(struct migration *m, pid_t *pid)
{
	char *argv[] = { "tar", "-C", m->folder, "-cf", "-", m->number, NULL };
	int p[2], fds[3] = { -1, -1, STDERR_FILENO }, ret;

	if (pipe2(p, O_CLOEXEC))
		return -1;
	fds[1] = p[1];
	ret = cr_ssh_spawn(argv, fds, pid);
	close(p[1]);
	if (!ret)
		return p[0];
	close(p[0]);
	return -1;
}

static void start_there(struct migration *m)
{
	const char *args[] = { m->dir, m->name, m->number, m->ticket, m->programs, "no", NULL };
	pid_t tar = 0;
	int in = -1;

	if (m->shared)
		args[5] = "yes";
	else
		in = begin_tar(m, &tar);
	if (!m->shared && in < 0) {
		snprintf(m->error, sizeof(m->error), "tar cannot be started here");
		return;
	}
	there(m, go, args, in);
	if (in >= 0) {
		close(in);
		cr_ssh_wait(tar);
	}
	if (!m->over && !*m->error)
		snprintf(m->error, sizeof(m->error), "ssh has ended before it was over");
}

/* After what is not known: 0: not there, 1: it runs there, -1: nobody knows. */
static int decide(struct migration *m)
{
	const char *args[] = { m->dir, m->name, m->ticket, NULL };
	char error[sizeof(m->error)];
	int i;

	snprintf(error, sizeof(error), "%s", m->error);
	for (i = 0; i < ASKED && !m->over && !m->cancelled; i++) {
		if (i)
			sleep(PAUSE_S);
		there(m, cancel, args, -1);
	}
	snprintf(m->error, sizeof(m->error), "%s", error);
	if (m->over)
		return !m->rc;
	return m->cancelled ? 0 : -1;
}

/* ---- its end ---- */

static int restart_here(struct migration *m, char why[256])
{
	char program[CR_PATH_MAX + 16], path[CR_PATH_MAX + 40], log[CR_PATH_MAX + 8];
	char *argv[] = { program, "--detach", path, NULL };
	cr_auto_free char *text = NULL;
	cr_auto_fd fd = -1;
	struct stat st = { 0 };
	pid_t pid;
	int ret;

	snprintf(program, sizeof(program), "%s/crrestart", m->programs);
	if (access(program, X_OK))
		strcpy(program, "crrestart");
	snprintf(path, sizeof(path), "%s/%s", m->folder, m->number);
	snprintf(log, sizeof(log), "%s.log", m->folder);
	fd = cr_open_log(log);
	if (fd >= 0)
		fstat(fd, &st);
	ret = cr_ssh_spawn(argv, (int[]){ -1, fd, fd }, &pid);
	if (!ret)
		ret = cr_ssh_wait(pid);
	*why = 0;
	if (ret && fd >= 0 && cr_slurp(AT_FDCWD, log, &text) > st.st_size)
		snprintf(why, 256, "%s", text + st.st_size);
	why[strcspn(why, "\n")] = 0;
	return ret;
}

static int migrate_failed(struct migration *m)
{
	bool own = m->over && m->rc >= CR_EXIT_STOPPED && m->rc <= CR_EXIT_NO_COMMAND;
	int status = own ? m->rc : CR_EXIT_CLUSTER;
	char why[256];

	if (!restart_here(m, why))
		return cr_fail(&m->c->err, status, 0,
			       "job %s was not moved to %s: %s; it goes on here, in the "
			       "background, from %s/%s",
			       m->name, m->ssh.host, m->error, m->folder, m->number);
	return cr_fail(&m->c->err, status, 0,
		       "job %s was not moved to %s: %s; and it could not be restarted here: %s "
		       "(crrestart %s/%s)",
		       m->name, m->ssh.host, m->error, *why ? why : "see above", m->folder,
		       m->number);
}

static void print_moved(const struct migration *m)
{
	struct cr_json j = CR_JSON_TIGHT(stdout);
	cairn_MoveRow row = { .member = -1, .stage = cairn_MoveStage_MOVE_DONE };

	snprintf(row.job, sizeof(row.job), "%s", m->name);
	gethostname(row.from, sizeof(row.from) - 1);
	snprintf(row.to, sizeof(row.to), "%.63s", m->ssh.host);
	row.stop_ms = (m->saved - m->began) / 1000000;
	row.copy_ms = (m->brought - m->saved) / 1000000;
	row.start_ms = (m->ended - m->brought) / 1000000;
	row.down_ms = row.stop_ms + row.copy_ms + row.start_ms;
	row.bytes = m->shared ? 0 : m->bytes;
	row.number = atoi(m->number);
	if (m->c->json)
		cr_json_message(&j, NULL, &cr_json_move, &row, &cr_json_crctl);
	else
		cr_row_move(&row);
}

static int migrate(struct migration *m)
{
	int ret, runs;

	/* From here on there is something to be put right if it fails. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	ret = stop_job(m);
	if (ret)
		return ret;
	start_there(m);
	runs = m->over ? !m->rc : decide(m);
	m->ended = migrate_now();
	if (runs < 0)
		return cr_fail(&m->c->err, CR_EXIT_TIMEOUT, 0,
			       "whether job %s runs on %s is not known: %s, and it does not answer "
			       "any more. Look there (crctl list). If it does not run, start it "
			       "here: crrestart %s/%s",
			       m->name, m->ssh.host, m->error, m->folder, m->number);
	if (!runs)
		return migrate_failed(m);
	print_moved(m);
	return 0;
}

int cr_local_migrate(struct cr_ctl *c)
{
	static struct migration m;
	int ret;

	m.c = c;
	m.call = (struct call){ .job = c->of[0], .err = &c->err };
	m.call.to = (struct cr_reached){ .fd = -1, .pidfd = -1 };
	m.ssh.command = c->ssh;
	ret = read_target(&m, c->of[1]);
	if (!ret)
		ret = find_job(&m);
	find_programs(&m);
	if (!ret)
		ret = ask_host(&m);
	if (!ret)
		ret = migrate(&m);
	cr_reach_close(&m.call.to);
	free(m.call.processes);
	return ret;
}
