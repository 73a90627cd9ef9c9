// SPDX-License-Identifier: Apache-2.0
//
// What /proc says of a process. Hosted code. All return 0 or -errno (-ESRCH: it is gone).
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/io.h"

struct cr_proc_status {
	char state;
	int tgid, ppid, tracer, threads;
	int ns_pid; /* in its innermost pid namespace */
	unsigned int uid, umask;
	unsigned int uids[4], gids[4]; /* real, effective, saved, for files */
	unsigned int groups[1024], ngroups;
	uint64_t caught, blocked, rss;
	uint64_t pending; /* for the process or its main thread */
	uint64_t caps[5]; /* inheritable, permitted, effective, bounding, ambient */
	int no_new_privs, seccomp, filters;
	char name[16];
};

struct cr_proc_stat {
	char comm[16];
	char state;
	int ppid, pgrp, session, tty_nr, tpgid, threads;
	uint64_t start_time, start_code, end_code, start_stack;
	uint64_t start_data, end_data, start_brk, arg_start, arg_end, env_start, env_end;
	int exit_code, exit_signal;
};

/* One mapping; flags are known only from smaps. */
struct cr_map {
	uint64_t start, end, offset, inode, dev;
	uint32_t prot;
	bool shared, deleted;
	bool no_reserve, grows_down, locked, lock_on_fault, dont_fork, wipe_on_fork, huge, no_huge;
	bool droppable;
	bool uffd_missing, uffd_wp, uffd_minor;
	bool dont_dump, mergeable, sequential, random, may_write;
	uint8_t key; /* protection key */
	char *path; /* "" for none; a trailing " (deleted)" is taken off */
};

struct cr_maps {
	struct cr_map *v;
	size_t n, room;
	uint64_t fingerprint; /* of the text of maps, 0 from smaps */
};

int cr_pids_add(cr_pids *to, pid_t id);

/* All of a process has ended; its main thread alone may do so before the others. */
bool cr_proc_ended(const struct cr_proc_stat *st);

/* Whether there is such a process that still runs; one that nobody has waited for does not. */
bool cr_proc_runs(pid_t pid);

int cr_proc_status(int proc, pid_t pid, struct cr_proc_status *out);
int cr_proc_stat(int proc, pid_t pid, struct cr_proc_stat *out);
int cr_proc_children(int proc, pid_t pid, cr_pids *out);
void cr_proc_thread_children(int proc, pid_t pid, pid_t tid, cr_pids *out);
/* To read the numbers of, such as fd or task; NULL with errno. */
DIR *cr_proc_dir(int proc, pid_t pid, const char *leaf);
int cr_proc_threads(int proc, pid_t pid, cr_pids *out);
/* Kills all whom find() adds, and again until it finds nobody alive: one may just be forking. */
void cr_proc_kill(void (*find)(cr_pids *out, const void *arg), const void *arg);
int cr_proc_maps(pid_t pid, bool smaps, struct cr_maps *out);
void cr_maps_free(struct cr_maps *maps);

/* Where the thread sleeps in the kernel, "" if it does not say. */
void cr_proc_wchan(pid_t pid, pid_t tid, char *out, size_t len);

/* Command line with spaces, or [comm]. */
void cr_proc_command(int proc, pid_t pid, char *out, size_t len);

/* A link of /proc/PID, such as cwd; out has CR_PATH_MAX bytes. */
int cr_proc_link(pid_t pid, const char *name, char *out);
