// SPDX-License-Identifier: Apache-2.0
//
// The contract of a kind of kernel objects behind file descriptors: what all kinds find of a save
// and of a restart, and the hooks that they are called by. Each kind is one file with both
// directions, a shape (objects/shape) and a row in kinds.def. Hosted code of the shepherd: the
// agents send their descriptors over, so an object is described here, from a duplicate, and made
// again here, before the processes are.
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "common/image.h"

/* common: addresses.h, gather.h, ids.h; plugin/plugin.h; outside.h, policy.h, shape.h; below */
struct cr_addresses;
struct cr_home;
struct cr_gather;
struct cr_ids;
struct cr_plugins;
struct cr_outside;
struct cr_file_rules;
struct cr_object;
struct cr_shape;

/* A duplicate of a descriptor of the job. */
struct cr_fd_view {
	int fd;
	pid_t pid;
	int number; /* in the process */
	int flags; /* F_GETFL */
	struct stat st;
	char link[CR_PATH_MAX]; /* /proc/self/fd/N; " (deleted)" is taken off */
	bool deleted;
};

/* A file during a save; fd is a duplicate of ours. */
struct cr_saved_inode {
	cairn_Inode m;
	int fd;
	bool named; /* m.path leads to it */
	bool leased; /* to open it would break somebody's lease */
	uint32_t links;
};

struct cr_saved_shared {
	cairn_SharedMemory m;
	int fd; /* -1: known only as a mapping */
};

/* An open file description during a save; fd is our duplicate, open until all are described. */
struct cr_saved_description {
	cairn_Description m;
	int fd;
	pid_t locks_of; /* whose locks on it have been looked at last */
};

/* Who has a description at which number. */
struct cr_holder {
	pid_t pid;
	int number;
	uint32_t description;
	bool cloexec;
};

/* A process of the job, for what the kernel notes only a pid of. */
struct cr_party {
	pid_t pid;
	uid_t uid;
};

/* From an agent: a queue that its process made; without a name, what it wants to be told by fd. */
struct cr_mqueue_note {
	pid_t pid;
	int fd;
	uint64_t value;
	char name[256];
};

/* A SysV object at a restart: kind is h for shm, e for sem, s for msg. */
struct cr_ipc_id {
	char kind;
	int saved, now;
};

/* At a restart: a namespace for a host name of its own, by its saved number. */
struct cr_hostname {
	uint64_t uts;
	int fd;
};

#define CR_KINDS 64

struct cr_save {
	const struct cr_object *const *kinds; /* all of them: kinds.h */
	struct cr_image_writer *writer;
	struct cr_gather *gather; /* with the other members of the job; NULL: there are none */
	const struct cr_outside *outside;
	uint64_t file_limit; /* files larger than this keep their own content */
	const struct cr_file_rules *rules;
	struct cr_plugins *plugins; /* NULL: there are none */
	bool tcp_repair; /* TCP connections to the outside are to live on */
	bool stopping; /* the job is to end with this checkpoint */
	bool ended; /* and has */
	const struct cr_addresses *addresses; /* that the job does not see as they are, or NULL */
	CR_LIST(struct cr_home) homes; /* for the image: addresses of the host of the launch */
	uint32_t next_id;
	CR_LIST(struct cr_saved_description *) descriptions;
	CR_LIST(struct cr_saved_description *) sorted; /* by inode, then as kcmp orders them */
	CR_LIST(struct cr_holder) holders;
	CR_LIST(struct cr_remark) remarks;
	CR_LIST(struct cr_party) parties;
	CR_LIST(int) known[3]; /* SysV ids that processes know: memory, semaphores, queues */
	int64_t began; /* CLOCK_REALTIME seconds: when the job did */
	bool own_ipc; /* the job has an ipc namespace of its own */
	bool has_ipc; /* some object of it was noted */
	CR_LIST(struct cr_mqueue_note) mqueues;
	CR_LIST(int) sets; /* SysV semaphores that a process's end may undo */
	void *state[CR_KINDS]; /* of each kind, its own */
	CR_LIST(char *) watched; /* paths of inotify watches, past and present */
	CR_LIST(struct cr_saved_inode) inodes;
	CR_LIST(struct cr_saved_shared) shared;
	CR_LIST(cairn_Pipe) pipes;
};

struct cr_restore {
	const struct cr_object *const *kinds; /* all of them: kinds.h */
	const struct cr_image *img;
	struct cr_gather *gather; /* as at a save */
	const struct cr_outside *outside;
	bool allow_changed;
	bool tcp_repair; /* take up TCP connections to the outside */
	const struct cr_file_rules *rules;
	struct cr_plugins *plugins; /* NULL: there are none */
	bool virtual_ids; /* no namespace is ours: ids are translated */
	struct cr_ids *ids; /* by this table */
	struct cr_addresses *addresses; /* filled in where there are others; all zero before */
	int base; /* numbers from here up to end are no descriptor's of the job, and ours */
	int end;
	int *description_fd; /* parallel to img->descriptions, at base or above; -1: not open */
	void *state[CR_KINDS]; /* of each kind, its own */
	CR_LIST(struct cr_ipc_id) ipc_ids; /* what became of them; the same without virtual_ids */
	CR_LIST(struct cr_ipc_id) ipc_held; /* made only to be in the way: sysv_make.c */
	CR_LIST(struct cr_hostname) hostnames;
	/* Parallel to the lists in img; -1 where nothing is open. */
	int *inode_fd;
	int *shared_fd;
	uint64_t *claim_offset; /* parallel to shared: where a claimed mapping begins now */
	int (*pipe_fd)[2]; /* read end, write end */
	int (*late)[2]; /* parallel to descriptions: sockets to hand late ones over */
	pid_t *first; /* parallel to descriptions: pid of the first process that holds it, or 0 */
	/* Parallel to descriptions and inodes: by whose rights they are opened; NULL: by ours. */
	const struct cr_process_image **description_of, **inode_of;
};

/* Who opens a description at a restart, and when. */
enum cr_when {
	CR_EARLY, /* the shepherd, before there are processes */
	CR_LATE, /* the shepherd, when all processes exist */
	CR_OWN, /* each process for itself */
};

/*
 * How what a cr_shape tells of is saved and restored. One without restore() is of no description:
 * what several kinds share, such as files, or what has none. NULL for match(): the shape's link
 * tells.
 */
struct cr_object {
	const struct cr_shape *shape;
	enum cr_when when;
	bool (*match)(const struct cr_save *s, const struct cr_fd_view *v);
	int (*save)(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		    struct cr_err *err);
	/* Returns a new descriptor, CLOEXEC, or -errno. */
	int (*restore)(struct cr_restore *r, const cairn_Description *d, struct cr_err *err);

	/* The rest may be NULL. */

	/* Instead of when, if it differs from one description to the next. */
	enum cr_when (*when_of)(const cairn_Description *d);
	/* Once per save, when all processes' descriptors are noted; may note more of them. */
	int (*finish)(struct cr_save *s, struct cr_err *err);
	/* Once per save, when all have finished: what descriptions share, content and records. */
	int (*store)(struct cr_save *s, struct cr_err *err);
	/* Once per restart, in the shepherd, before anything else: what descriptions share. */
	int (*begin)(struct cr_restore *r, struct cr_err *err);
	/* Once per restart, in the shepherd, before any description. */
	int (*prepare)(struct cr_restore *r, struct cr_err *err);
	/* In the first process that holds it, when its descriptors stand at their numbers. */
	int (*settle)(struct cr_restore *r, const cairn_Description *d, int fd,
		      const struct cr_process_image *p, struct cr_err *err);
	/* For each description that has been opened, of whatever kind it is, in whoever did it. */
	int (*opened)(struct cr_restore *r, const cairn_Description *d, int fd, struct cr_err *err);
	void (*free_save)(struct cr_save *s);
	/*
	 * Once per restart, in the shepherd, when everything else has succeeded: what begin() has
	 * made is finished. From the last row to the first.
	 */
	int (*apply)(struct cr_restore *r, struct cr_err *err);
	/* In the shepherd, when all else is done and no file will be touched any more. */
	int (*last)(struct cr_restore *r, const cairn_Description *d, int fd, struct cr_err *err);
	void (*free_restore)(struct cr_restore *r);
	/*
	 * For --check, in nobody's stead: *err tells what of it cannot be had here. Not 0: which
	 * prevents a restart. lacks: one word for what that is.
	 */
	int (*examine)(const struct cr_restore *r, const cairn_Description *d, struct cr_err *err);
	const char *lacks;
};
