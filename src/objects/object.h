// SPDX-License-Identifier: Apache-2.0
//
// Kernel objects behind file descriptors. Each kind is one file with both directions and one row
// in registry.c. Hosted code of the shepherd: the agents send their descriptors over, so an object
// is described here, from a duplicate, and made again here, before the processes are.
#pragma once

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/image.h"

/* A descriptor that the shepherd was started with: the outside world, never saved. */
struct cr_slot {
	int fd;
	struct stat st;
	bool tty;
};

#define CR_SLOTS 64

/* What the shepherd itself was started with. */
struct cr_outside {
	struct cr_slot slots[CR_SLOTS];
	unsigned int nslots;
	dev_t tty; /* rdev of its terminal, 0 for none */
	struct rlimit limit; /* RLIMIT_NOFILE, before the shepherd raised its own */
};

void cr_outside_read(struct cr_outside *out);

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

/* A regular file during a save; content is read from fd, a duplicate of ours. */
struct cr_saved_inode {
	cairn_Inode m;
	int fd;
};

struct cr_saved_shared {
	cairn_SharedMemory m;
	int fd; /* -1: known only as a mapping */
};

struct cr_save {
	struct cr_image_writer *writer;
	const struct cr_outside *outside;
	uint64_t file_limit; /* files larger than this keep their own content */
	uint32_t next_id;
	CR_LIST(struct cr_saved_inode) inodes;
	CR_LIST(struct cr_saved_shared) shared;
	CR_LIST(cairn_Pipe) pipes;
};

struct cr_restore {
	const struct cr_image *img;
	const struct cr_outside *outside;
	bool allow_changed;
	/* Parallel to the lists in img; -1 where nothing is open. */
	int *inode_fd;
	int *shared_fd;
	int (*pipe_fd)[2]; /* read end, write end */
};

struct cr_object {
	cairn_ObjectKind kind;
	const char *name;
	bool (*match)(const struct cr_save *s, const struct cr_fd_view *v);
	int (*save)(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		    struct cr_err *err);
	/* Returns a new descriptor, CLOEXEC, or -errno. */
	int (*restore)(struct cr_restore *r, const cairn_Description *d, struct cr_err *err);
};

extern const struct cr_object cr_object_stdio, cr_object_tty, cr_object_path, cr_object_shared,
	cr_object_regular, cr_object_directory, cr_object_device, cr_object_pipe, cr_object_fifo;

/* ---- all kinds: registry.c ---- */

/* Describes what the view shows; CR_EXIT_UNSUPPORTED names what cannot be saved. */
int cr_object_save(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d,
		   struct cr_err *err);

/* Everything collected by saves: contents and records. While the job stands still. */
int cr_objects_finish(struct cr_save *s, struct cr_err *err);
void cr_save_free(struct cr_save *s);

/* Checks and opens what descriptions share (files, pipes, memory), before any of them. */
int cr_objects_prepare(struct cr_restore *r, struct cr_err *err);
int cr_object_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err);

/* Files of /proc exist only once their process does, so that one opens them, at base or above. */
bool cr_object_is_late(const cairn_Description *d);
int cr_object_late(const cairn_Description *d, int base, struct cr_err *err);

/* Who gets signals about it, once all processes exist. */
void cr_object_owner(int fd, const cairn_Description *d);

/* Puts file contents back, when everything else of the restart has succeeded. */
int cr_objects_apply(struct cr_restore *r, struct cr_err *err);
void cr_restore_free(struct cr_restore *r);

/* ---- files: regular.c ---- */

/* The Inode for a file, made at first sight; policies only rise. fd is duplicated. */
cairn_Inode *cr_inode_note(struct cr_save *s, int fd, const struct stat *st, const char *path,
			   bool deleted, cairn_FilePolicy policy);
/* One noted before, or NULL. */
const cairn_Inode *cr_inode_noted(const struct cr_save *s, uint64_t dev, uint64_t inode);
int cr_inode_index(const struct cr_image *img, uint64_t dev, uint64_t inode);
int cr_inodes_store(struct cr_save *s, struct cr_err *err);
int cr_inodes_prepare(struct cr_restore *r, struct cr_err *err);
int cr_inodes_apply(struct cr_restore *r, struct cr_err *err);

/* ---- shared memory: shared_memory.c ---- */

/* The object for an inode of memory; fd may be -1. id is what mappings refer to. */
cairn_SharedMemory *cr_shared_note(struct cr_save *s, int fd, const struct stat *st,
				   const char *name);
bool cr_is_tmpfs(int fd);
int cr_shared_store(struct cr_save *s, struct cr_err *err);
int cr_shared_prepare(struct cr_restore *r, struct cr_err *err);
int cr_shared_index(const struct cr_image *img, uint32_t id);

/* ---- pipes: pipe.c ---- */

/* The Pipe for an inode, its content stored at first sight. */
int cr_pipe_note(struct cr_save *s, const struct cr_fd_view *v, const char *path, uint32_t *id,
		 struct cr_err *err);
int cr_pipes_prepare(struct cr_restore *r, struct cr_err *err);
int cr_pipe_index(const struct cr_image *img, uint32_t id);

/* ---- file locks: lock.c ---- */

/* The locks that show on a descriptor of a process. */
int cr_locks_save(struct cr_save *s, pid_t pid, int number, const cairn_Description *d,
		  struct cr_err *err);
/* By the shepherd: those of a description. By a process: its own, once its descriptors stand. */
int cr_locks_of_description(const struct cr_image *img, const cairn_Description *d, int fd,
			    struct cr_err *err);
int cr_locks_of_process(const struct cr_image *img, const struct cr_process_image *p,
			struct cr_err *err);

/* Opens path again with a description's flags. CR_EXIT_CHANGED when that fails. */
int cr_reopen(const char *path, const cairn_Description *d, struct cr_err *err);
