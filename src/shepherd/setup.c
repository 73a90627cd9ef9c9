// SPDX-License-Identifier: Apache-2.0
//
// What a shepherd needs before it has a job: where the agent is, the two sockets, the directory.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/io.h"
#include "common/runtime.h"
#include "shepherd/asks.h"
#include "shepherd/setup.h"
#include "shepherd/shepherd.h"

#define LIBRARY "libcairn.so"

int cr_library_path(char out[CR_PATH_MAX], struct cr_err *err)
{
	static const char *const places[] = { "%s/" LIBRARY, "%s/../lib/cairn/" LIBRARY,
					      "%s/../../" LIBRARY };
	char self[CR_PATH_MAX], path[CR_PATH_MAX + 64], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t i;

	self[n < 0 ? 0 : n] = 0;
	slash = strrchr(self, '/');
	if (slash)
		*slash = 0;
	for (i = 0; i < CR_ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), places[i], self);
		if (!access(path, R_OK) && realpath(path, out))
			return 0;
	}
	snprintf(out, CR_PATH_MAX, "%s/%s", PKGLIBDIR, LIBRARY);
	if (!access(out, R_OK))
		return 0;
	return cr_fail(err, CR_EXIT_INTERNAL, 0,
		       "cannot find " LIBRARY " beside %s or in " PKGLIBDIR
		       ": install Cairn completely",
		       self);
}

static int bind_agents(struct cr_shepherd *sh)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t n = strnlen(sh->agent_socket, sizeof(sh->agent_socket) - 1);

	memcpy(addr.sun_path + 1, sh->agent_socket, n);
	return bind(sh->agents, (struct sockaddr *)&addr,
		    offsetof(struct sockaddr_un, sun_path) + 1 + n);
}

/*
 * An abstract socket under a name that nobody can guess; who connects is checked all the same. A
 * restored job's keeps its name, which is in the environment of its processes, if it is free.
 */
static int listen_agents(struct cr_shepherd *sh, struct cr_err *err)
{
	uint64_t random[2];

	sh->agents = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sh->agents < 0 || getrandom(random, sizeof(random), 0) != sizeof(random))
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot listen for agents");
	if (!sh->agent_socket[0] || bind_agents(sh)) {
		snprintf(sh->agent_socket, sizeof(sh->agent_socket), "cairn-%u-%016llx%016llx",
			 geteuid(), (unsigned long long)random[0], (unsigned long long)random[1]);
		if (bind_agents(sh))
			return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot listen for agents");
	}
	if (listen(sh->agents, 1024))
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot listen for agents");
	return cr_asks_listen(sh, err);
}

int cr_shepherd_init(struct cr_shepherd *sh, struct cr_err *err)
{
	char dir[CR_PATH_MAX];
	int ret;

	sh->lock = sh->control = sh->agents = sh->asking = sh->signal_fd = sh->root_fd = -1;
	sh->owner = sh->announced = sh->reach = sh->guard = sh->report = -1;
	sh->host_proc = AT_FDCWD;
	sh->root_status = sh->exit_status = -1;
	sh->began = time(NULL);
	ret = cr_library_path(sh->library, err);
	if (ret)
		return ret;
	if (sh->options.dir[0] == '/')
		snprintf(dir, sizeof(dir), "%s", sh->options.dir);
	else if (!getcwd(dir, sizeof(dir)) ||
		 strlen(dir) + strlen(sh->options.dir) + 2 > sizeof(dir))
		return cr_fail(err, CR_EXIT_IO, ENAMETOOLONG, "%s", sh->options.dir);
	else
		strcat(strcat(dir, "/"), sh->options.dir);
	if (snprintf(sh->directory, sizeof(sh->directory), "%s/%s", dir, sh->name) >=
	    (int)sizeof(sh->directory) - 16)
		return cr_fail(err, CR_EXIT_IO, ENAMETOOLONG, "%s", dir);
	return 0;
}

void cr_shepherd_attached(struct cr_shepherd *sh)
{
	struct cr_proc_stat st;

	if (cr_proc_stat(sh->host_proc, sh->root, &st))
		return;
	sh->record.attached = sh->root;
	sh->record.attached_start = st.start_time;
	if (sh->owner >= 0)
		cr_owner_note(sh->owner, &sh->record);
}

int cr_shepherd_claim(struct cr_shepherd *sh, struct cr_err *err)
{
	int ret;

	if (sh->owner >= 0)
		return 0;
	/* Better now than at the first checkpoint. */
	ret = cr_mkdir_p(sh->directory, 0700);
	if (!ret && access(sh->directory, W_OK | X_OK))
		ret = -errno;
	if (ret)
		return cr_fail(err, CR_EXIT_IO, -ret,
			       "cannot write checkpoints into %s (choose another place with -d)",
			       sh->directory);
	sh->lock = open(sh->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sh->lock >= 0 && flock(sh->lock, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK)
		return cr_fail(err, CR_EXIT_EXISTS, 0, "%s is being removed by crctl forget",
			       sh->directory);
	if (sh->attached)
		cr_shepherd_attached(sh);
	sh->owner = cr_owner_take(sh->directory, sh->name, &sh->record, err);
	if (sh->owner < 0)
		return sh->owner;
	/* Long before it listens: who asks for a job that is just starting waits for it. */
	sh->announced = cr_runtime_announce(sh->name, sh->directory, err);
	return sh->announced < 0 ? sh->announced : 0;
}

void cr_shepherd_leave(struct cr_shepherd *sh)
{
	cr_runtime_leave(sh->name, sh->announced, sh->socket_path);
	cr_owner_leave(sh->owner, sh->directory);
}

/* For those who know the job by its folder: in another runtime directory, or without any. */
static int listen_reach(struct cr_shepherd *sh, struct cr_err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t n;

	cr_owner_control(sh->agent_socket, addr.sun_path + 1, sizeof(addr.sun_path) - 1);
	n = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(addr.sun_path + 1);
	sh->reach = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sh->reach < 0 || bind(sh->reach, (struct sockaddr *)&addr, n) || listen(sh->reach, 64))
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "cannot listen for crctl");
	return 0;
}

static void note_self(struct cr_shepherd *sh)
{
	snprintf(sh->record.socket, sizeof(sh->record.socket), "%s", sh->socket_path);
	snprintf(sh->record.mark, sizeof(sh->record.mark), "%s", sh->agent_socket);
	cr_owner_note(sh->owner, &sh->record);
}

int cr_shepherd_listen(struct cr_shepherd *sh, struct cr_err *err)
{
	struct rlimit limit;
	int ret = cr_shepherd_claim(sh, err);

	if (ret)
		return ret;
	snprintf(sh->record.born, sizeof(sh->record.born), "%s", sh->agent_socket);
	/* Orphans of the job come to us, not to the system's init. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sh->control = cr_runtime_listen(sh->name, sh->socket_path, err);
	if (sh->control < 0)
		return sh->control;
	/* During a checkpoint we hold a duplicate of every descriptor of the job. */
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	ret = listen_agents(sh, err);
	if (!ret)
		ret = listen_reach(sh, err);
	if (!ret)
		note_self(sh);
	return ret;
}

void cr_shepherd_free(struct cr_shepherd *sh)
{
	cr_close_fd(&sh->lock);
	cr_close_fd(&sh->owner);
	cr_close_fd(&sh->announced);
	cr_close_fd(&sh->reach);
	cr_close_fd(&sh->guard);
	cr_close_fd(&sh->report);
	cr_close_fd(&sh->control);
	cr_close_fd(&sh->agents);
	cr_close_fd(&sh->asking);
	cr_close_fd(&sh->signal_fd);
	cr_close_fd(&sh->root_fd);
}
