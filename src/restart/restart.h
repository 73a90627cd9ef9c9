// SPDX-License-Identifier: Apache-2.0
//
// A restart, from an opened image to a running job. Order: check.c says whether it can be done,
// capsule.c makes the namespaces, tree.c the processes in them, layout.c and plan.c turn each into
// the saved one, restorer.c does the last part.
#pragma once

#include "common/ids.h"
#include "common/image.h"
#include "objects/core/object.h"
#include "restart/restorer.h"
#include "shepherd/shepherd.h"

struct cr_environment; /* common/environment.h */

/* How a process comes to its parent. */
enum cr_birth_way {
	CR_BIRTH_CHILD, /* made by it, or by who ends at once and leaves it to the shepherd */
	CR_BIRTH_ORPHAN, /* made by one in between that ends, for the shepherd */
	CR_BIRTH_ADOPTED, /* the same, for a parent that adopts orphans as long as that takes */
};

#define CR_BY_SHEPHERD (-1)

/* How a process is made: births.c decides. */
struct cr_birth {
	int maker; /* index of a process, CR_BY_SHEPHERD, or behind all: a founder */
	bool early; /* before its maker begins a session */
	enum cr_birth_way way;
	uint32_t turn; /* of those adopted, from 1 */
	uint32_t before; /* how many processes are there when it is its turn */
};

/* Stands in for the leader of a session that is gone, while its members are made. */
struct cr_founder {
	pid_t session;
	int place; /* index of the process that makes it, or CR_BY_SHEPHERD */
};

struct cr_births {
	struct cr_birth *v; /* of each process */
	CR_LIST(struct cr_founder) founders;
	uint32_t turns;
};

struct cr_restart {
	struct cr_shepherd *sh;
	struct cr_stages stages;
	struct cr_err *err; /* of the stages */
	struct cr_image img;
	struct cr_births births;
	struct cr_restore objects;
	struct cr_restart_page *page;
	struct cr_progress *progress; /* behind it, of each process in the image's order */
	cr_pids pids; /* of the job's processes, sorted */
	cr_pids taken; /* every id that the job uses, sorted */
	cr_pids sharers; /* whose children share their descriptors with them, sorted */
	size_t page_room; /* of the page and what follows it: */
	struct cr_ids *ids;
	struct cr_environment *environment;
	bool drop_caps; /* inside a user namespace of ours: the job had none */
	bool own_terminal; /* the job's session is the one that we were started in */
	bool member; /* of a cluster's job: nothing of it may outlive its shepherd */
	bool apart; /* this process is not the shepherd any more */
	bool bare; /* no capsule after all: the backend cannot work in a user's */
};

/* ---- check.c: everything that can be known before anything is made ---- */
int cr_restart_check(const struct cr_image *img, bool allow_changed, struct cr_err *err);

/* Takes what the job surely does not use out of what its CPU had: beyond its baseline, ignored. */
int cr_restart_cpu(struct cr_image *img, const char *ignored, struct cr_err *err);

/* What no checksum covers must be zero. */
int cr_pack_check(const struct cr_image *img, struct cr_err *err);

/* The agent backend's: maps paths, checks, and moves the image into shared memory. */
int cr_agent_check(struct cr_restart *r, struct cr_err *err);

/* ---- map.c: --map and plugins' paths, before anything looks at one; plugins may be NULL ---- */
int cr_restart_map(struct cr_image *img, const struct cr_path_maps *maps,
		   struct cr_plugins *plugins, struct cr_file_rules *rules, struct cr_err *err);

/* ---- plugins.c ---- */

/* In crrestart: which plugins there are, and what they and --map change in the image. */
int cr_restart_change(struct cr_restart *r, struct cr_err *err);
/* In the capsule, before anything is made. */
int cr_restart_plugins(struct cr_restart *r, struct cr_err *err);
/* When all is in place and nothing has run. */
int cr_restart_plugins_ready(struct cr_restart *r, struct cr_err *err);

/* One path of at most room bytes. */
int cr_map_path(const struct cr_path_maps *maps, char *path, size_t room, struct cr_err *err);

/* ---- ids.c ---- */

/* Makes the control page and the table behind it, with the ids that are to come. */
int cr_restart_ids(struct cr_restart *r, struct cr_err *err);

/* The id that the kernel knows a process of the image by. */
pid_t cr_real(const struct cr_restart *r, pid_t id);

/* clone of a process that is to be seen as id. */
pid_t cr_clone_as(struct cr_restart *r, pid_t id, uint64_t flags, int exit_signal);

/* When all are born: completes the table, for the shepherd and programs that the job executes. */
int cr_restart_ids_settle(struct cr_restart *r, struct cr_err *err);

/* ---- root.c ---- */

/* In a mount namespace of our own: nothing that is mounted here shows outside. 0 or -errno. */
int cr_cut_off_mounts(void);

/* Whether the root directory is a folder that nothing is mounted on, as in a plain chroot. */
bool cr_in_chroot(void);

/* ---- capsule.c ---- */

/*
 * Makes the namespaces, and in them a process with the saved shepherd's ids, in which inner(r) is
 * called; its value is the exit status. The outer process stays, passes signals on and returns the
 * status.
 */
int cr_capsule(struct cr_restart *r, int (*inner)(struct cr_restart *r), struct cr_err *err);

/* Whether the namespaces could be made, as a child finds out. */
int cr_capsule_try(struct cr_restart *r, struct cr_err *why);

/* ---- pids.c ---- */

/* From the image, before any of the others. */
int cr_collect_ids(struct cr_restart *r, struct cr_err *err);

bool cr_has_process(const struct cr_restart *r, pid_t pid);

/* Whether another process has the same table of descriptors. */
bool cr_shares_files(const struct cr_restart *r, const struct cr_process_image *p);

/* The nth id that is nobody's in the job; 0 if there is none. */
pid_t cr_spare_id(const struct cr_restart *r, size_t n);

/* ---- births.c ---- */

/* Who makes whom; fails for a tree that cannot be. */
int cr_births_plan(struct cr_births *b, const struct cr_image *img, struct cr_err *err);
void cr_births_free(struct cr_births *b);

/* ---- tree.c ---- */

/* The agent backend's: every process is made, in place and waiting. */
extern const struct cr_stage cr_agent_restart_stages[];

/* An undo: they hear how it went, when the job runs. */
void cr_restart_plugins_over(void *restart);

/* Lets them run. An error: one could not; the caller ends the others. */
int cr_restart_go(struct cr_restart *r, struct cr_err *err);

/* ---- failure.c: no restart ends without a message ---- */

struct cr_progress *cr_progress_of(const struct cr_restart *r, const struct cr_process_image *p);
void cr_progress_made(const struct cr_restart *r, const struct cr_process_image *p);
void cr_progress_over(const struct cr_restart *r, const struct cr_process_image *p);
/* Notes the first failure for the shepherd, in whichever process. */
void cr_restart_note(struct cr_restart *r, pid_t pid, const struct cr_err *err);
int cr_restart_killed(struct cr_err *err, const char *what, pid_t pid, int sig);
/* In the shepherd: what has been noted. */
int cr_restart_failure(struct cr_restart *r, struct cr_err *err);
/* Waits until all have come to a stage, or left the restorer; or somebody never will. */
int cr_restart_await(struct cr_restart *r, enum cr_rendezvous stage, struct cr_err *err);
int cr_restart_await_over(struct cr_restart *r, struct cr_err *err);

/* ---- in the processes being restored ---- */

/* Notes the first failure for the shepherd and ends the process. */
void cr_restart_die(struct cr_restart *r, pid_t pid, const struct cr_err *err)
	__attribute__((noreturn));
void cr_meet_arrive(struct cr_restart *r, enum cr_rendezvous stage);
/* Waits until all have arrived; ends the process if the restart is given up. */
void cr_meet_await(struct cr_restart *r, enum cr_rendezvous stage);

/* plan.c: turns this process into p; returns only on failure. */
int cr_become(struct cr_restart *r, const struct cr_process_image *p, struct cr_err *err);

/* ---- layout.c: room in two address spaces at once ---- */

struct cr_span {
	uint64_t start, end;
};

struct cr_layout {
	struct cr_span *v;
	size_t n, room;
	size_t next; /* span below which the latest place was found, */
	uint64_t next_at; /* and where that ends */
	struct cr_span vdso[3]; /* of this process: vdso, vvar, vvar_vclock */
};

/* What this process maps and what p shall map, sorted. */
int cr_layout_read(struct cr_layout *l, const struct cr_process_image *p);

/* A place of len bytes that neither uses and whose address is like modulo 2 MiB; 0 for none. */
uint64_t cr_layout_find(struct cr_layout *l, uint64_t len, uint64_t like);

/* ---- memory.c: contents ---- */

/* A mapping made at a temporary place, to be moved to its own. */
struct cr_island {
	uint64_t at, target, len;
	const cairn_Vma *vma;
};

typedef CR_LIST(struct cr_island) cr_islands;

int cr_memory_build(struct cr_restart *r, const struct cr_process_image *p, struct cr_layout *l,
		    cr_islands *islands, struct cr_err *err);

/* aio.c: the ring of an AIO context, from its saved content, at a place. */
int cr_aio_make(const cairn_Vma *v, int content, uint64_t at, struct cr_err *err);

/* How a mapping is made. */
int cr_map_flags(const cairn_Vma *v);

/* Opens the file of a mapping. */
int cr_open_mapped(struct cr_restart *r, const cairn_Vma *v, struct cr_err *err);

/* vdso.c: whether the saved vdso is the live one, byte for byte. */
int cr_vdso_read(struct cr_restart *r, const struct cr_process_image *p, const cairn_Vma *v,
		 void **saved, struct cr_err *err);
unsigned int cr_vdso_patch(void *saved, size_t len, const void *live, size_t live_len,
			   uint64_t live_at);
