// SPDX-License-Identifier: Apache-2.0
//
// New programs: from the call until the new program's agent stands ready, the agent's signal is
// blocked (a mask survives exec, a handler does not), and the environment that loads the agent is
// kept even if the application gives another.
// Runs in: the application's threads, also between vfork and exec, so: no allocation.
#include <alloca.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/preload.h"
#include "preload/agent_environment.h"
#include "preload/agent_ids.h"
#include "preload/readable.h"
#include "preload/state.h"
#include "preload/agent_text.h"
#include "preload/wrap_paths.h"
#include "preload/wrappers.h"

#ifndef CLONE_VFORK
#define CLONE_VFORK 0x4000
#define CLONE_VM 0x100
#define CLONE_THREAD 0x10000
#endif

#define PRELOAD "LD_PRELOAD="
#define SOCKET CR_ENV_SOCKET "="
#define SIGNAL CR_ENV_SIGNAL "="

static char own_path[PATH_MAX]; /* of libcairn.so, from LD_PRELOAD at load time */

static void __attribute__((constructor(102))) find_own_path(void)
{
	const char *list = agent_variable("LD_PRELOAD");
	const char *name = list ? strstr(list, "libcairn.so") : NULL;
	const char *from = name, *end;

	if (!name)
		return;
	while (from > list && from[-1] != ':' && from[-1] != ' ')
		from--;
	end = name + strcspn(name, ": ");
	if ((size_t)(end - from) < sizeof(own_path))
		memcpy(own_path, from, end - from);
}

static bool starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/* What must be changed in an environment so that it loads the agent and finds the shepherd. */
struct env_plan {
	size_t n;
	const char *preload; /* value of the application's, or NULL */
	bool socket_ok;
	size_t room; /* bytes for new strings */
	char first[CR_RUNTIME_NAME_MAX]; /* library that the program must have before ours */
	bool bad; /* there is something in it that nobody can read */
};

/* An array of pointers up to the one that is null. */
static bool readable_list(char *const *list)
{
	size_t i;

	for (i = 0; list && list != environ; i++) {
		/* Each page of it once. */
		if ((!i || !((uint64_t)&list[i] % CR_PAGE)) && !agent_readable(&list[i], 8))
			return false;
		if (!list[i])
			break;
	}
	return true;
}

/* A string up to its end, each page of it once. */
static bool readable_string(const char *s)
{
	size_t n = CR_PAGE - (uint64_t)s % CR_PAGE;

	for (; agent_readable(s, 1); s += n, n = CR_PAGE)
		if (strnlen(s, n) < n)
			return true;
	return false;
}

static void plan_env(char *const *env, struct env_plan *plan)
{
	for (; env && env[plan->n]; plan->n++) {
		char *e = env[plan->n];

		/* Nor can the kernel: it refuses. */
		if (env != environ && !readable_string(e)) {
			plan->bad = true;
			break;
		}
		if (starts(e, PRELOAD))
			plan->preload = e + strlen(PRELOAD);
		else if (starts(e, SOCKET))
			plan->socket_ok = !strcmp(e + strlen(SOCKET), cr_agent.config.socket);
	}
	plan->room = strlen(own_path) + (plan->preload ? strlen(plan->preload) : 0) +
		     sizeof(plan->first) + CR_SOCKET_NAME_MAX + 96;
}

/* The new environment in out (n + 5 entries) and text, which begins with LD_PRELOAD. */
static void fill_env(char *const *env, const struct env_plan *plan, char **out, char *text)
{
	size_t i, n = 0;

	for (i = 0; i < plan->n; i++)
		if (!starts(env[i], PRELOAD) && !starts(env[i], SOCKET) && !starts(env[i], SIGNAL))
			out[n++] = env[i];
	out[n++] = text;
	text += strlen(text);
	out[n++] = ++text;
	text = stpcpy(stpcpy(text, SOCKET), cr_agent.config.socket);
	if (cr_agent.config.signal != CR_DEFAULT_SIGNAL) {
		out[n++] = ++text;
		cr_put_number(stpcpy(text, SIGNAL), cr_agent.config.signal);
	}
	out[n] = NULL;
}

/* A program that libc will look for in PATH. */
static void spawn_look_for(const char *file, char *first)
{
	const char *dirs = agent_variable("PATH");
	char path[PATH_MAX];
	size_t n, len = strnlen(file, sizeof(path));

	first[0] = 0;
	if (strchr(file, '/')) {
		cr_preload_first(AT_FDCWD, file, 0, first);
		return;
	}
	for (dirs = dirs ? dirs : "/bin:/usr/bin"; *dirs; dirs += n + (dirs[n] == ':')) {
		n = strcspn(dirs, ":");
		if (n + len + 2 > sizeof(path))
			continue;
		memcpy(path, dirs, n);
		strcpy(stpcpy(path + n, n ? "/" : ""), file);
		if (cr_sys3(SYS_faccessat, AT_FDCWD, path, X_OK))
			continue;
		cr_preload_first(AT_FDCWD, path, 0, first);
		return;
	}
}

/*
 * Declares `env` as the environment to use instead of `given`; lives until the caller returns.
 * look notes in `first` what the program needs.
 */
#define KEEP_ENV(given, env, look)                                                         \
	char *const *env = given;                                                          \
	struct env_plan plan_ = { 0 };                                                     \
	if (cr_agent.active && own_path[0] && readable_list(given)) {                      \
		char *first = plan_.first, *text_;                                         \
		look;                                                                      \
		plan_env(given, &plan_);                                                   \
		text_ = alloca(plan_.room);                                                \
		strcpy(text_, PRELOAD);                                                    \
		cr_preload_list(text_ + strlen(PRELOAD), own_path, plan_.preload, first);  \
		if (!plan_.bad &&                                                          \
		    (!plan_.socket_ok || !plan_.preload ||                                 \
		     strcmp(text_ + strlen(PRELOAD), plan_.preload))) {                    \
			char **out_ = alloca((plan_.n + 5) * sizeof(*out_));               \
			fill_env(given, &plan_, out_, text_);                              \
			env = out_;                                                        \
		}                                                                          \
	}

/* Calls with the signal blocked; for exec that means: only a failure comes back. */
#define BLOCKED(call)                         \
	({                                    \
		int was_ = cr_signal_block(); \
		__typeof__(call) ret_ = call; \
		cr_signal_restore(was_);      \
		ret_;                         \
	})

CR_WRAPPER int execve(const char *path, char *const argv[], char *const envp[])
{
	KEEP_ENV(envp, env, cr_preload_first(AT_FDCWD, agent_program(path), 0, first));
	cr_wrappers_resolve();
	return BLOCKED(cr_real.execve(agent_program(path), argv, env));
}

CR_WRAPPER int execvpe(const char *file, char *const argv[], char *const envp[])
{
	KEEP_ENV(envp, env, spawn_look_for(agent_program(file), first));
	cr_wrappers_resolve();
	return BLOCKED(cr_real.execvpe(agent_program(file), argv, env));
}

CR_WRAPPER int fexecve(int fd, char *const argv[], char *const envp[])
{
	KEEP_ENV(envp, env, cr_preload_first(fd, "", AT_EMPTY_PATH, first));
	cr_wrappers_resolve();
	return BLOCKED(cr_real.fexecve(fd, argv, env));
}

CR_WRAPPER int execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
	KEEP_ENV(envp, env, cr_preload_first(fd, agent_program(path), flags, first));
	cr_wrappers_resolve();
	return BLOCKED(cr_real.execveat(fd, agent_program(path), argv, env, flags));
}

CR_WRAPPER int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

CR_WRAPPER int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

/* The arguments of execl and its kin as an array `argv`, `ap` standing behind their NULL. */
#define COLLECT(first)                                  \
	va_list ap;                                     \
	size_t n_ = 1, i_;                              \
	va_start(ap, first);                            \
	while (va_arg(ap, char *))                      \
		n_++;                                   \
	va_end(ap);                                     \
	char **argv = alloca((n_ + 1) * sizeof(*argv)); \
	va_start(ap, first);                            \
	argv[0] = (char *)first;                        \
	for (i_ = 1; i_ <= n_; i_++)                    \
	argv[i_] = va_arg(ap, char *)

CR_WRAPPER int execl(const char *path, const char *arg, ...)
{
	COLLECT(arg);
	va_end(ap);
	return execve(path, argv, environ);
}

CR_WRAPPER int execlp(const char *file, const char *arg, ...)
{
	COLLECT(arg);
	va_end(ap);
	return execvpe(file, argv, environ);
}

CR_WRAPPER int execle(const char *path, const char *arg, ...)
{
	char *const *env;

	COLLECT(arg);
	env = va_arg(ap, char *const *);
	va_end(ap);
	return execve(path, argv, env);
}

/* A spawned child takes the mask of its attributes, if they have one: add the signal to a copy. */
static const posix_spawnattr_t *blocked_attr(const posix_spawnattr_t *attr, posix_spawnattr_t *copy)
{
	short flags = 0;
	sigset_t mask;

	if (!attr || !cr_agent.active)
		return attr;
	CR_REAL(posix_spawnattr_getflags)(attr, &flags);
	if (!(flags & POSIX_SPAWN_SETSIGMASK))
		return attr;
	*copy = *attr;
	CR_REAL(posix_spawnattr_getsigmask)(attr, &mask);
	sigaddset(&mask, cr_agent.config.signal);
	CR_REAL(posix_spawnattr_setsigmask)(copy, &mask);
	return copy;
}

CR_WRAPPER int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
			   const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	unsigned int life = agent_life;
	posix_spawnattr_t copy;
	int error;

	KEEP_ENV(envp, env, cr_preload_first(AT_FDCWD, agent_program(path), 0, first));
	cr_wrappers_resolve();
	attr = blocked_attr(attr, &copy);
	error = BLOCKED(cr_real.posix_spawn(pid, agent_program(path), actions, attr, argv, env));
	if (!error && pid)
		*pid = agent_made(life, *pid);
	return error;
}

CR_WRAPPER int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			    const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	unsigned int life = agent_life;
	posix_spawnattr_t copy;
	int error;

	KEEP_ENV(envp, env, spawn_look_for(agent_program(file), first));
	cr_wrappers_resolve();
	attr = blocked_attr(attr, &copy);
	error = BLOCKED(cr_real.posix_spawnp(pid, agent_program(file), actions, attr, argv, env));
	if (!error && pid)
		*pid = agent_made(life, *pid);
	return error;
}

/* As POSIX has it. libc's own would keep its child's start and our signal out of our reach. */
CR_WRAPPER int system(const char *command)
{
	const char *argv[] = { "sh", "-c", command, NULL };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old_int, old_quit;
	sigset_t chld, old_mask, defaults;
	posix_spawnattr_t attr;
	int status = -1, error;
	pid_t pid;

	if (!command)
		return system("exit 0") == 0;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigaction(SIGINT, &ignore, &old_int);
	sigaction(SIGQUIT, &ignore, &old_quit);
	sigprocmask(SIG_BLOCK, &chld, &old_mask);
	sigemptyset(&defaults);
	if (old_int.sa_handler != SIG_IGN)
		sigaddset(&defaults, SIGINT);
	if (old_quit.sa_handler != SIG_IGN)
		sigaddset(&defaults, SIGQUIT);
	CR_REAL(posix_spawnattr_init)(&attr);
	CR_REAL(posix_spawnattr_setsigmask)(&attr, &old_mask);
	CR_REAL(posix_spawnattr_setsigdefault)(&attr, &defaults);
	CR_REAL(posix_spawnattr_setflags)(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	error = posix_spawn(&pid, "/bin/sh", NULL, &attr, (char *const *)argv, environ);
	CR_REAL(posix_spawnattr_destroy)(&attr);
	if (error)
		status = W_EXITCODE(127, 0);
	else
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGQUIT, &old_quit, NULL);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	return status;
}

/* A child that shares memory must not be woken: it would answer for its parent. */
CR_WRAPPER int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	void *tls;
	pid_t *parent, *child;
	va_list ap;

	va_start(ap, arg);
	parent = va_arg(ap, pid_t *);
	tls = va_arg(ap, void *);
	child = va_arg(ap, pid_t *);
	va_end(ap);
	cr_wrappers_resolve();
	if (!(flags & CLONE_VM) || flags & CLONE_THREAD)
		return AGENT_MADE(cr_real.clone(fn, stack, flags, arg, parent, tls, child));
	return AGENT_MADE(BLOCKED(cr_real.clone(fn, stack, flags, arg, parent, tls, child)));
}

/* ---- vfork: returns twice on one stack, so the wrapper keeps nothing there ---- */

static __thread int vfork_was_blocked __attribute__((tls_model("initial-exec")));
static __thread unsigned int vfork_life __attribute__((tls_model("initial-exec")));

static void __attribute__((used)) cr_vfork_enter(void)
{
	vfork_was_blocked = cr_signal_block();
	vfork_life = agent_life;
}

static long __attribute__((used)) cr_vfork_leave(long pid)
{
	cr_signal_restore(vfork_was_blocked);
	if (pid >= 0)
		return agent_made(vfork_life, pid);
	errno = -pid;
	return -1;
}

CR_WRAPPER __attribute__((naked)) pid_t vfork(void)
{
	__asm__("sub $8, %%rsp\n\t"
		"call cr_vfork_enter\n\t"
		"add $8, %%rsp\n\t"
		/* The return address: a register survives the call, the stack may not. */
		"pop %%rdi\n\t"
		"mov %0, %%eax\n\t"
		"syscall\n\t"
		"push %%rdi\n\t"
		"test %%rax, %%rax\n\t"
		"jnz 1f\n\t"
		"ret\n" /* the child: blocked until its new program's agent is ready */
		"1:\n\t"
		"sub $8, %%rsp\n\t"
		"mov %%rax, %%rdi\n\t"
		"call cr_vfork_leave\n\t"
		"add $8, %%rsp\n\t"
		"ret"
		:
		: "i"(SYS_vfork));
}
