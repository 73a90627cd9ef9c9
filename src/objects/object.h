// SPDX-License-Identifier: Apache-2.0
//
// Kernel objects behind file descriptors. Each kind is one file with both directions and one row
// in registry.c. Hosted code of the shepherd: the agents send their descriptors over, so an object
// is described here, from a duplicate, and made again here, before the processes are.
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/gather.h"
#include "common/ids.h"
#include "common/image.h"
#include "objects/policy.h"
#include "objects/reach.h"

/* common/proc.h, plugin/plugin.h */
struct cr_map;
struct cr_plugins;

/* common/addresses.h */
struct cr_addresses;
struct cr_home;

/* A descriptor that the shepherd was started with: the outside world, never saved. */
struct cr_slot {
	int fd;
	struct stat st;
	bool tty;
};

#define CR_SLOTS 64
#define CR_STANDARD 3 /* input, output, error */

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

/* For crctl check: what prevents a checkpoint, or would come back different. */
struct cr_remark {
	bool prevents;
	char text[768];
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

/* What the kernel knows a process or thread of the image by; 0 for one that is not born yet. */
static inline pid_t cr_restored_pid(const struct cr_restore *r, pid_t id)
{
	return r->virtual_ids ? cr_id_real(r->ids, CR_ID_PROCESS, id) : id;
}

/* In the shepherd, before there are processes: what had an id has another without namespaces. */
static inline void cr_restored_as(struct cr_restore *r, enum cr_id_kind kind, int id, int now)
{
	if (r->virtual_ids)
		cr_ids_add(r->ids, kind, id, now);
}

static inline bool cr_has_members(const struct cr_gather *g)
{
	return g && g->members > 1;
}

/* Who opens a description at a restart, and when. */
enum cr_when {
	CR_EARLY, /* the shepherd, before there are processes */
	CR_LATE, /* the shepherd, when all processes exist */
	CR_OWN, /* each process for itself */
};

struct cr_object {
	cairn_ObjectKind kind;
	const char *name;
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
	/* Once per restart, in the shepherd, before any description. */
	int (*prepare)(struct cr_restore *r, struct cr_err *err);
	/* In the first process that holds it, when its descriptors stand at their numbers. */
	int (*settle)(struct cr_restore *r, const cairn_Description *d, int fd,
		      const struct cr_process_image *p, struct cr_err *err);
	void (*free_save)(struct cr_save *s);
	/* In the shepherd, when all else is done and no file will be touched any more. */
	int (*last)(struct cr_restore *r, const cairn_Description *d, int fd, struct cr_err *err);
	void (*free_restore)(struct cr_restore *r);
};

extern const struct cr_object cr_object_stdio, cr_object_tty, cr_object_path, cr_object_shared,
	cr_object_regular, cr_object_directory, cr_object_device, cr_object_pipe, cr_object_fifo,
	cr_object_eventfd, cr_object_signalfd, cr_object_timerfd, cr_object_epoll, cr_object_pidfd,
	cr_object_inotify, cr_object_userfaultfd;
extern const struct cr_object cr_object_sysv;
extern const struct cr_object cr_object_unix;
extern const struct cr_object cr_object_mqueue;
extern const struct cr_object cr_object_inet, cr_object_netlink, cr_object_raw;
extern const struct cr_object cr_object_pty;
extern const struct cr_object cr_object_namespace;
extern const struct cr_object cr_object_plugin;

/* ---- a save: save.c ---- */

/* Shows what fd, a duplicate of a process's descriptor number, is. -errno if it is closed. */
int cr_fd_view_read(struct cr_fd_view *v, int fd, pid_t pid, int number);

/*
 * The description behind a view, described at first sight. v->fd is taken over. Also for those
 * that are in no process's table, such as in flight. CR_EXIT_UNSUPPORTED names what cannot be
 * saved.
 */
int cr_description_note(struct cr_save *s, struct cr_fd_view *v, uint32_t *id, struct cr_err *err);
/* Fills *err for what no row matches. */
int cr_refuse(const struct cr_fd_view *v, struct cr_err *err);
struct cr_saved_description *cr_description_noted(const struct cr_save *s, uint32_t id);
/* Another one of the same inode than d, or NULL. */
const cairn_Description *cr_description_sibling(const struct cr_save *s, const struct stat *st,
						const cairn_Description *d);

/* For crctl check: what will come back different. */
void cr_remark(struct cr_save *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Everything collected by saves: contents and records. While the job stands still. */
int cr_objects_finish(struct cr_save *s, struct cr_err *err);
/* Closes the duplicates, when the job may go on. */
void cr_save_close(struct cr_save *s);
void cr_save_free(struct cr_save *s);

/* ---- what the kernel tells: fdinfo.c ---- */

/* The text about a duplicate, malloced; the number behind a key, false if there is no such key. */
int cr_fdinfo(int fd, char **text);
bool cr_fdinfo_number(const char *text, const char *key, int base, uint64_t *out);
int cr_fdinfo_fail(const struct cr_fd_view *v, const char *what, struct cr_err *err);
/* What restore() of an object without a name returns: fd with its flags, or the failure. */
int cr_restored_anon(int fd, const cairn_Description *d, const char *what, struct cr_err *err);

/*
 * Lets a fork go on that waits to be reported (UFFD_FEATURE_EVENT_FORK): our own of a stopped
 * process, whose monitor stands still. Does nothing to other descriptors.
 */
void cr_uffd_answer(int fd);
/* Whether an address is in a range that a userfaultfd is about: which pages are there matters. */
bool cr_uffd_covers(const struct cr_save *s, pid_t pid, uint64_t start);

/* ---- namespaces: namespace.c ---- */

#define CR_NAMESPACES 10
#define CR_NAMESPACE_UTS (CR_NAMESPACES - 1)
extern const char *const cr_namespaces[CR_NAMESPACES]; /* as in /proc/PID/ns */

/* The number of a process's, or with pid 0 of ours; 0 if it cannot be told. */
uint64_t cr_namespace_number(pid_t pid, size_t kind);
bool cr_is_namespace(const struct cr_fd_view *v);
/* The path of one that the job is in; false for any other, and for what is none. */
bool cr_namespace_path(const struct cr_save *s, const struct cr_fd_view *v, char *path,
		       size_t size);
/* Opens what such a path was noted for, with the flags of the description. */
int cr_namespace_open(struct cr_restore *r, const cairn_Description *d, struct cr_err *err);
/* The namespace that was made for a saved one with a host name of its own; -1: it is no such. */
int cr_hostname_fd(const struct cr_restore *r, uint64_t uts);
/* In a process of the restart. */
int cr_hostname_enter(const struct cr_restore *r, const cairn_Process *p, struct cr_err *err);

/* ---- inotify: inotify.c, watch_path.c, inotify_queue.c ---- */

/* A path that a process has watched once, as its agent tells. */
void cr_watched(struct cr_save *s, const char *path);

/* A watch during a save, and the inode that it is for; path is filled in when it is found. */
struct cr_watch {
	cairn_InotifyWatch m;
	uint64_t dev, inode;
	pid_t pid;
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle; /* no bytes if the kernel shows none */
};

/* Where the files of n watches are now; those that cannot be found stay without. */
void cr_find_watched(const struct cr_save *s, struct cr_watch *w, size_t n);

/* Reads all events of an instance; malloced, and their size. */
int cr_inotify_take(int fd, char **events, size_t *size);
/* An instance that has no watches, and into which events are put, to be read like any others. */
struct cr_inotify_queue {
	int fd, dir, spare, file[2];
	int flags; /* F_GETFL */
	int next_wd; /* what the next watch would have been called */
	size_t junk, above; /* at its head, of our own; more than fits */
	unsigned int serial;
	bool overflow; /* the job shall hear that events were lost */
	char path[CR_PATH_MAX];
};

/* Tried with another instance, before anything is read. */
int cr_inotify_possible(int fd);
int cr_inotify_begin(struct cr_inotify_queue *q, int fd, struct cr_err *err);
int cr_inotify_put(struct cr_inotify_queue *q, const char *events, size_t size);
/* Also after a failure. */
void cr_inotify_end(struct cr_inotify_queue *q);
/* Adds a watch under a number; path may be one of /proc/self/fd. */
int cr_inotify_add(int fd, const char *path, uint32_t mask, int wd);
/* The number that the next watch shall have. */
int cr_inotify_next(int fd, int wd);

/* ---- a restart: registry.c ---- */

/* The row for a view, or NULL; for a description of the image. */
const struct cr_object *cr_object_for(const struct cr_save *s, const struct cr_fd_view *v);
const struct cr_object *cr_object_of(cairn_ObjectKind kind);
int cr_objects_each_finish(struct cr_save *s, struct cr_err *err);
void cr_objects_each_free(struct cr_save *s);

/* Checks and opens what descriptions share (files, pipes, memory), then what can be open early. */
int cr_objects_prepare(struct cr_restore *r, struct cr_err *err);

/* Borrowed: the descriptor of a description, restored now if it is not yet. Or -errno. */
int cr_restored_fd(struct cr_restore *r, uint32_t id, struct cr_err *err);
int cr_description_index(const struct cr_image *img, uint32_t id);

/* In the shepherd, once all processes exist: what could not be opened before. */
int cr_objects_late(struct cr_restore *r, struct cr_err *err);

/* In a process: a late or own description, at base or above. Waits for the shepherd. */
int cr_object_take(struct cr_restore *r, size_t index, struct cr_err *err);

/* In a process whose descriptors stand. */
int cr_objects_settle(struct cr_restore *r, const struct cr_process_image *p, struct cr_err *err);

/* The first number under which the process has a description, or -1. */
int cr_first_number(const struct cr_image *img, pid_t pid, uint32_t id);

/* Who gets signals about it, once all processes exist. */
void cr_object_owner(const struct cr_restore *r, int fd, const cairn_Description *d);

/* Puts file contents back, when everything else of the restart has succeeded. */
int cr_objects_apply(struct cr_restore *r, struct cr_err *err);
void cr_restore_free(struct cr_restore *r);

/* ---- files: inode.c while saving, regular.c at a restart ---- */

/*
 * The Inode for a file, made at first sight; policies only rise. fd is duplicated. Other kinds than
 * regular files have one only if they are deleted. It is the m of a cr_saved_inode.
 */
cairn_Inode *cr_inode_note(struct cr_save *s, int fd, const struct stat *st, const char *path,
			   bool deleted, cairn_FilePolicy policy);
/* One noted before, or NULL. */
/*
 * What programs keep beside a file and would take for newer truth than the file put back: goes into
 * the image with the file, or is set aside at a restart if it was not there. Ends with NULL.
 */
extern const char *const cr_companions[];
const cairn_Inode *cr_inode_noted(const struct cr_save *s, uint64_t dev, uint64_t inode);
/* The same for a mapping, as /proc/PID/maps shows it. */
const cairn_Inode *cr_inode_mapped(const struct cr_save *s, const char *path, bool deleted,
				   uint64_t dev, uint64_t inode);
int64_t cr_stat_ns(const struct timespec *t);
int cr_inode_index(const struct cr_image *img, uint64_t dev, uint64_t inode);
int cr_inodes_store(struct cr_save *s, struct cr_err *err);
/* Directories above what is made again if it is missing. */
int cr_folders_note(struct cr_save *s, const char *below, struct cr_err *err);
/* Makes those that are missing; false if one is not of the image or cannot be made. */
bool cr_folders_make(struct cr_restore *r, const char *below);
void cr_folders_give_up(struct cr_restore *r);
/* Whether a file is as its policy wants it; changes nothing. */
int cr_inode_check(const struct cr_restore *r, const cairn_Inode *m, struct cr_err *err);
int cr_inodes_prepare(struct cr_restore *r, struct cr_err *err);
int cr_inodes_apply(struct cr_restore *r, struct cr_err *err);
/* Removes again what cr_inodes_prepare() has put where nothing was. */
void cr_inodes_give_up(struct cr_restore *r);
/* Opens the file of an Inode; flags as for open(2). -errno. */
int cr_inode_open(const struct cr_restore *r, size_t index, int flags);

/* ---- what has no name: ghost.c; contents: content.c ---- */

/* What NFS makes of a file unlinked while it is open: a name that goes with its last user. */
bool cr_silly_renamed(int fd, const char *path);
/* Whether a process runs it. */
bool cr_is_program(const struct cr_image *img, const cairn_Inode *m);

int cr_ghosts_make(struct cr_restore *r, struct cr_err *err);
int cr_content_reserve(struct cr_restore *r, const cairn_Inode *m, int fd, struct cr_err *err);
int cr_content_put(struct cr_restore *r, const cairn_Inode *m, int fd, struct cr_err *err);
void cr_inode_times(const cairn_Inode *m, int fd);
void cr_inode_attributes(struct cr_restore *r, const cairn_Inode *m, int fd);

/* ---- shared memory: shared_memory.c ---- */

/* The object for an inode of memory; fd may be -1. id is what mappings refer to. */
cairn_SharedMemory *cr_shared_note(struct cr_save *s, int fd, const struct stat *st,
				   const char *name);
bool cr_is_tmpfs(int fd);
int cr_shared_store(struct cr_save *s, struct cr_err *err);
int cr_shared_prepare(struct cr_restore *r, struct cr_err *err);
int cr_shared_apply(struct cr_restore *r, struct cr_err *err);
int cr_shared_index(const struct cr_image *img, uint32_t id);

/* ---- SysV IPC: sysv.c, sysv_*.c ---- */

/* The segment with this id, which a process has attached; dev is that of the mapping. */
cairn_SharedMemory *cr_segment_attached(struct cr_save *s, int id, dev_t dev);
/* Record and content. */
int cr_segment_store(struct cr_save *s, cairn_SharedMemory *m, struct cr_err *err);

/* Whether an image needs an ipc namespace. */
bool cr_ipc_in_image(const struct cr_image *img);
/* Sets the limits of the job's ipc namespace in this one. An error: what it has will not fit. */
int cr_ipc_settings(const struct cr_image *img, bool tell, struct cr_err *err);
/* The id that a saved object has now, or -ENOENT. */
int cr_ipc_id_now(const struct cr_restore *r, char kind, int saved);

/*
 * Bytes that it maps; attaches it at a free place. What stays of it are the mappings from the first
 * of the n on that come from the same attachment. 0 or -errno.
 */
uint64_t cr_segment_length(const cairn_SharedMemory *m);
int cr_segment_attach(const struct cr_restore *r, const cairn_SharedMemory *m, uint64_t at,
		      const cairn_Vma *v, size_t n);

/* In a process: what its end shall undo. */
int cr_semaphores_of_process(const struct cr_restore *r, const struct cr_process_image *p,
			     struct cr_err *err);

/* In a process whose descriptors stand: whom its POSIX message queues notify. */
int cr_mqueues_of_process(const struct cr_restore *r, const struct cr_process_image *p,
			  struct cr_err *err);

/* ---- what plugins have claimed: plugin.c ---- */

/* 1 if one has, 0 if none, -errno. known: Cairn could do it by itself. */
int cr_claim_fd(struct cr_save *s, const struct cr_fd_view *v, cairn_Description *d, bool known,
		struct cr_err *err);
int cr_claim_mapping(struct cr_save *s, pid_t pid, const struct cr_map *v, bool known,
		     struct cr_err *err);
/* The SharedMemory of a claimed mapping that start is in, 0 if it is in none. */
uint32_t cr_claimed_mapping(const struct cr_save *s, pid_t pid, uint64_t start);
int cr_plugins_store(struct cr_save *s, struct cr_err *err);
/* When descriptions are open: descriptors for the mappings. */
int cr_claims_prepare(struct cr_restore *r, struct cr_err *err);

/* ---- pipes: pipe.c ---- */

/* The Pipe for an inode, its content stored at first sight. */
int cr_pipe_note(struct cr_save *s, const struct cr_fd_view *v, const char *path, uint32_t *id,
		 struct cr_err *err);
int cr_pipes_prepare(struct cr_restore *r, struct cr_err *err);
int cr_pipe_index(const struct cr_image *img, uint32_t id);

/* ---- terminals of the job's own: pty.c ---- */

/* Whether fd, a terminal, is the one that the shepherd's session has. */
bool cr_is_own_terminal(int fd);
/* Once all is noted: refuses those whose other side is not in the job. */
int cr_ptys_check(struct cr_save *s, struct cr_err *err);
/* Whether a pty of the job is the controlling terminal of a session. */
bool cr_pty_leads(const struct cr_save *s, pid_t session);

/* At a restart: the pty that is now what number was; -1 for none. */
int cr_pty_number(const struct cr_restore *r, uint32_t number);
/* In the process that has just started session: takes its controlling terminal, if it has one. */
int cr_pty_lead(const struct cr_restore *r, pid_t session);
/* Whether it has one, and an own descriptor of it; the saved foreground group. */
bool cr_pty_of(const struct cr_restore *r, pid_t session, int *fd, pid_t *foreground);

/* ---- stdio.c ---- */

/* What a process shall have at a number: fd, or of our standard ones that of this number. */
int cr_standard_fd(const struct cr_restore *r, const cairn_Description *d, int number, int fd);

/* ---- lease.c ---- */

/* By the shepherd, last of all: O_ASYNC, and leases. */
void cr_set_by_number(struct cr_restore *r);

/* ---- file locks: lock.c ---- */

/* The locks that show on a descriptor of a process. */
int cr_locks_save(struct cr_save *s, pid_t pid, int tid, int number, struct cr_saved_description *d,
		  struct cr_err *err);
/* By the shepherd: those of a description that nobody of the job has taken. By a process: those of
 * descriptions that it took, whether it has them or not, and its own, once its descriptors
 * stand. */
int cr_locks_of_description(const struct cr_image *img, const cairn_Description *d, int fd,
			    struct cr_err *err);
int cr_locks_by_process(struct cr_restore *r, pid_t pid, struct cr_err *err);
int cr_locks_of_process(const struct cr_image *img, const struct cr_process_image *p,
			struct cr_err *err);

/* Files of a process in /proc exist only once it does: kernels.c. */
bool cr_is_kernels(const char *path);
/* Behind the number of a path of a process in /proc, else NULL. */
const char *cr_proc_rest(const char *path);
/*
 * Which process such a path is about now, if it still is one: of the job, or init, which is there
 * always. Else *there becomes false, and somebody must stand in.
 */
pid_t cr_proc_pid(const struct cr_restore *r, const char *path, bool *there);
enum cr_when cr_when_of_path(const cairn_Description *d);
int cr_reopen_proc(struct cr_restore *r, const cairn_Description *d, struct cr_err *err);

/* Opens what d, which may have lost its name, leads to; with the flags of how. */
int cr_reopen_any(struct cr_restore *r, const cairn_Description *d, const cairn_Description *how,
		  struct cr_err *err);

/*
 * Opens path again with a description's flags, if it is of the description's kind; or at, where
 * that is no -1. CR_EXIT_CHANGED when that fails.
 */
int cr_reopen(struct cr_restore *r, int at, const char *path, const cairn_Description *d,
	      struct cr_err *err);

/* ---- on whose behalf: rights.c ---- */

/* Finds it out, for all; 0 or -ENOMEM. */
int cr_rights_find(struct cr_restore *r);
/* For cr_on_behalf(). */
struct cr_behalf cr_behalf_of_description(const struct cr_restore *r, const cairn_Description *d);
struct cr_behalf cr_behalf_of_inode(const struct cr_restore *r, size_t index);
struct cr_behalf cr_behalf_of_process(const struct cr_process_image *p);
void cr_rights_free(struct cr_restore *r);
