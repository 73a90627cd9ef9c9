/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface of plugins: shared objects, given to crlaunch or crrestart by --plugin, that know
 * something of a job that Cairn does not. A plugin includes this header, exports one symbol,
 * cairn_plugin, and links nothing of Cairn. See cairn-plugin(7); plugins/example.c is one to copy.
 *
 * A plugin is never loaded into the application, nor into the process that watches over the job:
 * each has a process of its own, a child of crlaunch or crrestart with the rights of the user. It
 * is made anew for each checkpoint and each restart, so nothing that a plugin has in its memory
 * outlives one of these; what shall be known later goes into the checkpoint by store(). A plugin
 * that fails, crashes, or does not come back from a hook in time (--plugin-timeout) is named, and
 * the checkpoint or restart is given up; after a checkpoint the job goes on.
 *
 * Hooks return 0, or a negative errno value after fail() has said why. NULL: there is none.
 *
 *   hook             when                                             the job
 *   init             first of all, in each of its processes           runs; not there at a restart
 *   suspend          a checkpoint begins                              runs
 *   checkpoint       all of its processes have been stopped           stands still
 *   claim_fd         Cairn comes to a descriptor                      stands still
 *   claim_mapping    Cairn comes to a shared mapping                  stands still
 *   resume           a checkpoint or restart has gone well so far     runs
 *   failed           in place of resume if it has not                 runs; not there at a restart
 *   path, address    a restart begins: before anything is looked at   not there
 *   restore_fd       a claimed descriptor is wanted                   not there
 *   restore_mapping  a claimed mapping is wanted                      not there
 *   restart          all is in place                                  there, has not run yet
 *
 * Plugins are called in the order in which they were given, but for resume and failed: in the
 * reverse order, those whose suspend (at a restart: restart) has been called. If the process of a
 * plugin was lost in between, failed is called in a new one, which has seen nothing but init.
 * resume and failed are not called after a checkpoint that ended the job. path and address are
 * called in another process than the hooks of the restart that come later.
 *
 * What a hook may call of struct cairn_host:
 *
 *   log, fail                     all
 *   processes                     suspend, checkpoint, claim_*, resume, failed, restart
 *   store                         suspend, checkpoint: of the plugin; claim_*: of that object
 *   load                          suspend, checkpoint, resume (of a checkpoint): what this process
 *                                 has stored; all hooks of a restart: what the checkpoint holds,
 *                                 in restore_* of that object
 *   read_memory, write_memory     suspend, checkpoint, claim_*, resume, failed, restart
 *   get_environment               the same
 *   set_environment               restart
 *
 * All are called from the thread that the hook was called in, before it returns. Besides, a hook
 * may do what a process may: fork, threads, open, wait. Standard output is standard error, standard
 * input is /dev/null, no other descriptor is open, all signals are at their defaults. While the job
 * stands still, waiting for one of its processes is waiting for ever. At a restart, up to and
 * including restore_mapping, ids of processes are still to be given to the job: fork in restart.
 *
 * Ids of processes, sizes, addresses and flags are the kernel's, strings end with a zero byte,
 * what a hook is given is valid until it returns.
 */
#ifndef CAIRN_PLUGIN_H
#define CAIRN_PLUGIN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Rises only if the meaning of something changes; fields are added at the ends of structures. */
#define CAIRN_PLUGIN_ABI 1u

/* What a process of a plugin is for. */
enum cairn_course {
	CAIRN_LAUNCH = 0, /* a job is about to be started: only init is called */
	CAIRN_CHECKPOINT = 1,
	CAIRN_STOP = 2, /* a checkpoint that ends the job */
	CAIRN_CHECK = 3, /* crctl check: as a checkpoint, but nothing is kept */
	CAIRN_RESTART = 4,
};

struct cairn_process {
	int32_t pid; /* for the kernel and /proc, here and now */
	int32_t id; /* as the job knows it: the same after every restart */
};

struct cairn_host {
	uint32_t abi, size; /* of the Cairn that has loaded it: look before using what is new */
	const char *version; /* of Cairn */
	const char *job; /* its name */
	uint32_t course; /* enum cairn_course */
	uint32_t timeout_ms; /* that a hook has; 0 for none */
	void *cairn; /* Cairn's own */

	/* A line on standard error of crlaunch or crrestart, with the plugin's name before it. */
	void (*log)(const struct cairn_host *host, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
	/*
	 * Says what went wrong, for the user: what, which, what to do. Returns -error, or -EIO if
	 * error is 0; a positive error is spelled out after the text. The first call counts.
	 */
	int (*fail)(const struct cairn_host *host, int error, const char *format, ...)
		__attribute__((format(printf, 3, 4)));
	/* The processes of the job, parents first. NULL if they cannot be told, *n is 0 then. */
	const struct cairn_process *(*processes)(const struct cairn_host *host, size_t *n);
	/* Keeps len bytes, at most CAIRN_STORE_MAX, in the checkpoint, in place of earlier ones. */
	int (*store)(const struct cairn_host *host, const void *data, size_t len);
	/* What was kept; NULL if nothing was. */
	const void *(*load)(const struct cairn_host *host, size_t *len);
	/*
	 * Memory of a process of the job: all len bytes, or -errno. -EPERM where the system keeps
	 * processes from reading each other's (Yama, or the process has privileges of its own).
	 */
	int (*read_memory)(const struct cairn_host *host, int32_t pid, uint64_t address, void *to,
			   size_t len);
	int (*write_memory)(const struct cairn_host *host, int32_t pid, uint64_t address,
			    const void *from, size_t len);
	/* A variable that the process was started with: its length; -ENOENT; -ERANGE: no room. */
	int (*get_environment)(const struct cairn_host *host, int32_t pid, const char *key,
			       char *value, size_t room);
	/*
	 * What getenv() will find in a process, or in all of them for pid 0; NULL removes it, and
	 * all that begin as key does if that ends in an asterisk. What is said last counts.
	 * /proc/PID/environ shows on what it was started with. -ENOSPC: more than fits (60 KiB).
	 */
	int (*set_environment)(const struct cairn_host *host, int32_t pid, const char *key,
			       const char *value);
};

#define CAIRN_STORE_MAX (16u << 20)

/* An open file description. Several descriptors may lead to it, in several processes. */
struct cairn_fd {
	int fd; /* claim_fd: a duplicate, closed by Cairn; restore_fd: -1 */
	int32_t pid; /* where Cairn came to it first; in restore_fd 0 */
	int32_t number; /* there; -1: in flight in a socket */
	uint32_t flags; /* fcntl(F_GETFL) */
	uint32_t mode; /* of stat(2): its kind and mode; in restore_fd 0 */
	uint64_t dev, inode, rdev;
	const char *path; /* what /proc/PID/fd/N leads to */
};

struct cairn_mapping {
	int32_t pid; /* restore_mapping: id, as the process may not be there yet */
	uint32_t prot, flags; /* of mmap(2); flags: MAP_SHARED */
	uint64_t start, end;
	uint64_t offset; /* in what is mapped */
	uint64_t dev, inode;
	const char *path; /* as /proc/PID/maps shows it */
};

/* Of claims */
#define CAIRN_CLAIMED 1
#define CAIRN_NOT_MINE 0

/* struct cairn_plugin.flags: claim_* are also asked about what Cairn can save by itself. */
#define CAIRN_CLAIM_FIRST 1u

struct cairn_plugin {
	uint32_t abi; /* CAIRN_PLUGIN_ABI */
	uint32_t size; /* sizeof(struct cairn_plugin) */
	const char *name; /* a-z, 0-9 and -, at most 31; by it a checkpoint knows the plugin */
	const char *version;
	uint32_t flags, reserved;

	/* options: what was given behind FILE:, or "". */
	int (*init)(const struct cairn_host *host, const char *options);
	int (*suspend)(const struct cairn_host *host);
	int (*checkpoint)(const struct cairn_host *host);
	int (*resume)(const struct cairn_host *host);
	int (*failed)(const struct cairn_host *host);
	int (*restart)(const struct cairn_host *host);
	/*
	 * Whether it will be restored by this plugin: CAIRN_CLAIMED, CAIRN_NOT_MINE or -errno. It
	 * is asked about what Cairn cannot save, before anyone says so, unless CAIRN_CLAIM_FIRST.
	 */
	int (*claim_fd)(const struct cairn_host *host, const struct cairn_fd *fd);
	/*
	 * A new descriptor, or -errno. Cairn moves it to all places, sets what F_SETFL can set and
	 * the owner, and closes it in the plugin.
	 */
	int (*restore_fd)(const struct cairn_host *host, const struct cairn_fd *fd);
	/* The same for a shared mapping that has no content which Cairn could save. */
	int (*claim_mapping)(const struct cairn_host *host, const struct cairn_mapping *mapping);
	/*
	 * A descriptor to be mapped there with the saved protection, from *offset on (the saved one
	 * if it is left alone), or -errno. Closed as above.
	 */
	int (*restore_mapping)(const struct cairn_host *host, const struct cairn_mapping *mapping,
			       uint64_t *offset);
	/*
	 * An absolute path of the checkpoint: of a program, library, open file, folder. 1 with
	 * another in to (room bytes), 0, or -errno.
	 */
	int (*path)(const struct cairn_host *host, const char *from, char *to, size_t room);
	/* An IPv4 or IPv6 address of a socket, changed in place: 1 if it was, 0, or -errno. */
	int (*address)(const struct cairn_host *host, struct sockaddr *address, socklen_t len);
};

/* The one symbol that a plugin has. */
#if defined(__GNUC__)
#define CAIRN_EXPORT __attribute__((visibility("default")))
#else
#define CAIRN_EXPORT
#endif

extern CAIRN_EXPORT const struct cairn_plugin cairn_plugin;

#ifdef __cplusplus
}
#endif

#endif
