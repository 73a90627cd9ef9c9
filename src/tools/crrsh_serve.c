// SPDX-License-Identifier: Apache-2.0
//
// The part of crrsh that runs the command, in a member of the job that was started for it. It
// connects back to the one that was called, which proves itself as we do, by a key that only this
// call has. If the connection ends before the command, the command is ended.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "net/address.h"
#include "net/link.h"
#include "net/trust.h"
#include "rsh.pb.h"
#include "tools/crrsh.h"
#include "tools/crrsh_relay.h"
#include "tools/crrsh_serve.h"

/* A command that is not wanted any more gets so long to end. */
#define END_SECONDS 5

struct server {
	struct cr_rsh_relay relay;
	const struct cr_rsh_options *o;
	struct event_base *base;
	struct cr_trust *trust;
	struct event *child, *last;
	struct cr_err *err;
	char addresses[1024];
	char *next; /* address to try */
	pid_t pid; /* of the command: also its group and session */
	int status;
	bool up, exited, told;
};

static void try_next(struct server *s);

/* Its words as one line, as ssh does it. */
static char *crrsh_serve_join(char *const *words)
{
	size_t len = 1, i;
	char *line;

	for (i = 0; words[i]; i++)
		len += strlen(words[i]) + 1;
	line = calloc(1, len);
	for (i = 0; line && words[i]; i++) {
		if (i)
			strcat(line, " ");
		strcat(line, words[i]);
	}
	return line;
}

static void crrsh_serve_become(char *line, const int ends[3])
{
	const char *home = getenv("HOME");
	int i;

	setsid();
	for (i = 0; i < 3; i++)
		dup2(ends[i], i);
	close_range(3, ~0u, 0);
	signal(SIGPIPE, SIG_DFL);
	if (home && chdir(home))
		cr_say("cannot go to %s: %s", home, strerror(errno));
	execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	cr_say("cannot execute /bin/sh: %s", strerror(errno));
	_exit(CR_EXIT_CANNOT_RUN);
}

static int crrsh_serve_run(struct server *s)
{
	int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	char *line = crrsh_serve_join(s->o->command);
	int i, ret = line ? 0 : -ENOMEM;

	for (i = 0; i < 3 && !ret; i++)
		ret = pipe2(pipes[i], O_CLOEXEC) ? -errno : 0;
	s->pid = ret ? -1 : fork();
	if (!s->pid)
		crrsh_serve_become(line, (int[]){ pipes[0][0], pipes[1][1], pipes[2][1] });
	if (s->pid < 0)
		ret = cr_fail(s->err, CR_EXIT_INTERNAL, ret ? -ret : errno, "cannot run a command");
	for (i = 0; i < 3; i++) {
		close(pipes[i][!!i]);
		if (ret)
			close(pipes[i][!i]);
		else if (i)
			cr_rsh_relay_from(&s->relay, i, pipes[i][0]);
		else
			cr_rsh_relay_to(&s->relay, i, pipes[i][1]);
	}
	free(line);
	return ret;
}

/* When it has ended and nobody holds its output any more, as with ssh. */
static void tell_end(struct cr_rsh_relay *r)
{
	struct server *s = r->arg;
	cairn_Shell m = { .kind = cairn_ShellKind_SHELL_ENDED, .status = s->status };

	if (!s->exited || s->told || r->streams[1].fd >= 0 || r->streams[2].fd >= 0)
		return;
	s->told = true;
	cr_link_send(r->link, &m, NULL, 0);
}

static void on_child(evutil_socket_t sig, short what, void *arg)
{
	struct server *s = arg;
	int status;

	if (s->exited || waitpid(s->pid, &status, WNOHANG) != s->pid)
		return;
	s->exited = true;
	s->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (s->up)
		tell_end(&s->relay);
	else
		event_base_loopbreak(s->base);
}

/* ---- the link ---- */

static void crrsh_serve_on_up(struct cr_link *l, void *arg)
{
	struct server *s = arg;
	cairn_Shell m = { .kind = cairn_ShellKind_SHELL_FAILED };
	int none = 0;

	s->up = true;
	/* Its reader may be blocked for as long as it likes. */
	setsockopt(cr_link_fd(l), IPPROTO_TCP, TCP_USER_TIMEOUT, &none, sizeof(none));
	cr_rsh_relay_start(&s->relay, s->base, l);
	s->relay.over = tell_end;
	s->relay.arg = s;
	if (!crrsh_serve_run(s))
		return;
	m.status = s->err->status;
	snprintf(m.error, sizeof(m.error), "%s", s->err->text);
	cr_link_send(l, &m, NULL, 0);
}

static void crrsh_serve_on_message(struct cr_link *l, const void *msg, const void *payload,
				   size_t len, void *arg)
{
	struct server *s = arg;
	const cairn_Shell *m = msg;

	if (m->kind == cairn_ShellKind_SHELL_DATA && m->stream == 0)
		cr_rsh_relay_put(&s->relay, 0, payload, len);
	else if (m->kind == cairn_ShellKind_SHELL_UNREAD)
		cr_rsh_relay_unread(&s->relay, m->stream);
	else if (m->kind == cairn_ShellKind_SHELL_SIGNAL && s->pid > 0 && !s->exited)
		kill(-s->pid, m->signal);
}

static void crrsh_serve_on_drained(struct cr_link *l, void *arg)
{
	struct server *s = arg;

	cr_rsh_relay_drained(&s->relay);
}

static void crrsh_serve_on_last(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	kill(-s->pid, SIGKILL);
	event_base_loopbreak(s->base);
}

static void crrsh_serve_on_down(struct cr_link *l, const struct cr_err *why, void *arg)
{
	struct timeval patience = { .tv_sec = END_SECONDS };
	struct server *s = arg;

	if (!s->up) {
		/* The last one's reason is told, if no other address is better. */
		*s->err = *why;
		try_next(s);
		return;
	}
	s->up = false;
	if (s->exited || s->pid <= 0) {
		event_base_loopbreak(s->base);
		return;
	}
	cr_fail(s->err, CR_EXIT_CLUSTER, 0,
		"whoever called crrsh is gone: the command is ended (%s)", why->text);
	kill(-s->pid, SIGHUP);
	kill(-s->pid, SIGTERM);
	evtimer_add(s->last, &patience);
}

static const struct cr_link_handler handler = {
	.type = cairn_Shell_fields,
	.size = sizeof(cairn_Shell),
	.up = crrsh_serve_on_up,
	.message = crrsh_serve_on_message,
	.drained = crrsh_serve_on_drained,
	.down = crrsh_serve_on_down,
};

static void try_next(struct server *s)
{
	struct sockaddr_storage to;
	struct cr_err why = { 0 };
	const char *one;
	socklen_t len;

	while ((one = strsep(&s->next, ","))) {
		if (cr_address_parse(one, &to, &len, &why)) {
			*s->err = why;
			continue;
		}
		if (cr_link_connect(s->base, (struct sockaddr *)&to, len, s->trust, &handler, s))
			return;
	}
	if (!s->err->status)
		cr_fail(s->err, CR_EXIT_USAGE, 0, "--serve needs an address");
	event_base_loopbreak(s->base);
}

static int crrsh_serve_read_key(unsigned char key[CR_TRUST_KEY_BYTES], struct cr_err *err)
{
	const char *text = getenv(CR_RSH_KEY_ENV);
	unsigned int byte, i;

	for (i = 0; text && i < CR_TRUST_KEY_BYTES && sscanf(text + 2 * i, "%2x", &byte) == 1; i++)
		key[i] = byte;
	unsetenv(CR_RSH_KEY_ENV);
	if (i == CR_TRUST_KEY_BYTES)
		return 0;
	return cr_fail(err, CR_EXIT_USAGE, 0,
		       "--serve is for crrsh itself, which sets " CR_RSH_KEY_ENV);
}

int cr_rsh_serve(const struct cr_rsh_options *o, struct cr_err *err)
{
	struct server s = { .o = o, .err = err };
	unsigned char key[CR_TRUST_KEY_BYTES];

	if (crrsh_serve_read_key(key, err) ||
	    cr_trust_secret(key, "this call of crrsh", &s.trust, err))
		return err->status;
	signal(SIGPIPE, SIG_IGN);
	snprintf(s.addresses, sizeof(s.addresses), "%s", o->serve);
	s.next = s.addresses;
	s.base = cr_rsh_base();
	s.child = s.base ? evsignal_new(s.base, SIGCHLD, on_child, &s) : NULL;
	s.last = s.base ? evtimer_new(s.base, crrsh_serve_on_last, &s) : NULL;
	if (!s.child || !s.last || evsignal_add(s.child, NULL)) {
		cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "crrsh");
		return err->status;
	}
	try_next(&s);
	event_base_dispatch(s.base);
	if (s.exited && s.told)
		cr_err_clear(err);
	return err->status ? err->status : s.status;
}
