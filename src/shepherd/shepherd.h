// SPDX-License-Identifier: Apache-2.0
//
// The shepherd: parent of a job's processes on this node. crlaunch is the shepherd of a new job,
// crrestart of a restored one; everything below is the same for both.
#pragma once

#include <event2/event.h>
#include <sys/types.h>
#include <sys/user.h>
#include <termios.h>

#include "agent.pb.h"
#include "common/ids.h"
#include "common/agent_config.h"
#include "common/image.h"
#include "common/owner.h"
#include "common/proc.h"
#include "common/wire.h"
#include "objects/core/object.h"
#include "objects/core/outside.h"
#include "operation.pb.h"
#include "plugin/plugin.h"
#include "shepherd/backend.h"
#include "shepherd/cluster.h"
#include "shepherd/options.h"
#include "shepherd/stages.h"

enum cr_member_state {
	CR_MEMBER_NEW, /* found in the tree */
	CR_MEMBER_CALLED, /* its signal is sent */
	CR_MEMBER_CONNECTED, /* its agent has come */
	CR_MEMBER_STOPPED,
	CR_MEMBER_ZOMBIE, /* ended, not yet waited for by its parent */
	CR_MEMBER_GONE,
};

/* Ours of an open file description, while the job stands still. */
struct cr_duplicate {
	int fd; /* -1 as soon as the description has it */
	uint32_t id; /* of the description, when it has been described */
};

struct cr_member_fd {
	int number;
	bool cloexec;
	struct cr_duplicate *duplicate;
};

/* A thread of a stopped process, while its agent works: trace.c. */
struct cr_traced {
	pid_t tid;
	bool held; /* stands where it was seized */
	bool inside; /* in the agent's handler */
	bool whole; /* regs are the application's */
	bool returning; /* its handler has ended */
	bool gone;
	uint64_t mask;
	struct user_regs_struct regs;
};

/* A process of the job during a checkpoint. */
struct cr_member {
	struct cr_member *next, *next_writer; /* in the tables of the checkpoint */
	pid_t pid;
	pid_t tid; /* a thread that lives, for /proc: the main one may have ended */
	enum cr_member_state state;
	bool waits, begun; /* has said Hello; has been answered */
	bool shares_files; /* its table of descriptors, with another process */
	bool seen; /* in the latest look at the tree */
	bool looked; /* at its namespaces */
	bool left_out; /* of a check: it cannot be stopped, and goes on */
	int sock;
	int64_t called_ns;
	bool unblocked; /* by us, for this checkpoint */
	bool chrooted; /* its agent may be without a /proc */
	int64_t blocked_ns; /* since when its main thread is seen to block our signal */
	pid_t late; /* thread that its agent waits for */
	CR_LIST(struct cr_traced) traced; /* its threads, if job control has stopped it */
	int stop_signal; /* that did */
	bool stop_seen; /* its parent has been told by a wait */
	cairn_ProcessCore core;
	cairn_Process process;
	CR_LIST(cairn_Thread) threads;
	CR_LIST(cairn_PendingSignal) pending;
	CR_LIST(cairn_PosixTimer) timers;
	CR_LIST(struct cr_member_fd) fds;
	struct cr_maps before; /* its layout when the checkpoint began, with flags */
	struct cr_maps layout; /* while it stood still */
	CR_LIST(struct cr_map) sysv; /* attachments and claimed mappings: the writer has them not */
	CR_LIST(cairn_SemaphoreUndo) undos;
	cairn_Attributes *attributes;
	struct cr_filter_state filters; /* what its agent knows; magic 0: not read */
	uint64_t filters_at; /* where in it, 0 if not known */
	int64_t bad_stack_ns; /* since when its main thread cannot take a signal */
	pid_t section; /* thread that has disabled checkpoints, and so it went on */
	CR_LIST(cairn_Range) keep; /* MADV_DONTFORK and MADV_WIPEONFORK ranges */
	int writer; /* socket of its writer */
	pid_t writer_pid;
	uint64_t own_start, own_end; /* the writer's own memory */
	bool writer_started; /* it has been given the pack */
	bool writer_done;
	struct event *writer_event;
	struct cr_shepherd *shepherd;
};

#define CR_MEMBER_BUCKETS 256

struct cr_checkpoint {
	struct cr_shepherd *sh;
	struct cr_stages stages;
	struct cr_image_writer writer;
	struct cr_save save;
	struct cr_err err;
	CR_LIST(struct cr_member *) members;
	unsigned int expected, arrived; /* members: that are to stand still, and that do */
	unsigned int writing; /* whose writers are at work */
	struct cr_member *by_pid[CR_MEMBER_BUCKETS], *by_writer[CR_MEMBER_BUCKETS];
	CR_LIST(struct cr_duplicate *) duplicates; /* in the order of kcmp */
	int epoll; /* of the agents' connections, while they are stopped */
	cairn_Job job;
	cairn_Intent intent;
	bool running; /* members have been let go */
	bool cut; /* everyone stands still: who asks from now on asks for the next */
	bool hold; /* everyone stands still until all is written: memory is short */
	bool spare_cache; /* what is written shall not stay in memory */
	bool held; /* committed here; the job stands still until it is everywhere */
	int64_t begin_ns, stop_ns; /* it; the standing still; CLOCK_MONOTONIC */
	int64_t stall_ns; /* how long that was */
	int client; /* crctl's connection that waits for it, or -1 */
	int thread_pipe[2];
	struct event *commit_event;
	void *backend_state; /* of the save */
	bool committed;
	cairn_Manifest manifest;
};

/* A crctl that wants a checkpoint while another is being made. */
struct cr_waiting {
	int client;
	cairn_Intent intent;
};

/*
 * A program that the shepherd runs for itself: its child, and no part of the job.
 */
struct cr_helper {
	pid_t pid;
	void (*ended)(struct cr_shepherd *sh, int status, void *arg);
	void *arg;
};

struct cr_shepherd {
	const struct cr_backend *backend;
	char unsaved[1400]; /* why nothing can save the job, which runs all the same; else "" */
	void *backend_state; /* its own */
	bool attached; /* the job's processes are not children of ours: who ends them, tells */
	CR_LIST(struct cr_helper) helpers;
	struct cr_cluster cluster;
	int64_t began; /* CLOCK_REALTIME seconds */
	CR_LIST(struct cr_waiting) waiting;
	unsigned int callers; /* of crctl, whose requests have not come */
	struct cr_options options;
	char name[CR_NAME_MAX + 1];
	char directory[CR_PATH_MAX]; /* absolute: options.dir/name */
	char socket_path[CR_PATH_MAX];
	char agent_socket[96];
	char library[CR_PATH_MAX];
	char command[256];
	int lock; /* the directory, shared: it is not forgotten while we run */
	int owner; /* who holds it, writes into the directory */
	struct cr_owner record; /* of that */
	int announced; /* in the runtime directory */
	int control, agents; /* listening */
	int reach; /* like control, under a name that does not hang on the runtime directory */
	int guard; /* pidfd of who ends the job if we are killed; -1: the kernel does */
	int report; /* to outer, the process that the user started; -1 for none */
	int host_proc; /* /proc of the host's pid namespace, or AT_FDCWD */
	bool virtual_ids; /* restored without namespaces */
	struct cr_plugins plugins;
	struct cr_ids *ids; /* of a job whose ids are not the kernel's, or were not: else NULL */
	struct cr_addresses *addresses; /* of a member that was restarted: else NULL */
	pid_t root;
	int root_fd; /* pidfd of the root of an attached job, else -1 */
	struct event *root_event; /* of that */
	uint64_t filters_at; /* cr_agent_filters in the library; 0: not looked up */
	int filters; /* seccomp filters that we have ourselves, and so has the job */
	bool own_ipc; /* the job has an ipc namespace of its own */
	bool root_was_stopped; /* by job control, when it was saved: it comes back so */
	int root_status; /* wait status; -1 while it runs */
	bool ended; /* the last process has */
	int exit_status; /* -1: the root's */
	struct cr_outside outside;
	struct event_base *base;
	struct event *control_event, *signal_event, *interval_event, *stop_event;
	struct event *agent_event, *reach_event, *guard_event;
	int signal_fd;
	struct cr_checkpoint *checkpoint;
	bool starved; /* a writer of the last checkpoint was killed */
	int64_t last_stall_ns, last_wall_ns;
	struct cr_stages last_stages; /* of the last checkpoint, however it ended */
	char last_path[CR_PATH_MAX];
	uint32_t last_number; /* of the last committed checkpoint */
	uint32_t restarts; /* of the job, up to this life */
	int asking; /* listening, for what processes of the job ask */
	struct event *asks_event;
	struct cr_asker *askers;
	struct cr_ask *asks;
	unsigned int nasks;
	bool asks_begun; /* what they ask for begins in a moment */
	char last_error[1024];
	char failure[256]; /* the first process of the job that died by a signal; else "" */
	int failed_by; /* that signal */
	uint32_t pinned; /* checkpoints up to this one are from before: they stay */
	bool ending; /* the job is being ended: deaths are no failures */
	struct cr_watched *watched;
	struct cr_wire wire;
	cairn_AgentMsg in;
	cairn_ShepherdMsg out;
};

/* Of a SIGCONT that is for the shepherd itself, which somebody has stopped. */
#define CR_WAKE_ONLY 0x77616b65

/* ---- setup.c ---- */
int cr_shepherd_init(struct cr_shepherd *sh, struct cr_err *err);
/*
 * Takes the name and the directory for this job alone, and keeps them for as long as the shepherd
 * or a guard of it lives. Once; listen does it otherwise.
 */
int cr_shepherd_claim(struct cr_shepherd *sh, struct cr_err *err);
int cr_shepherd_listen(struct cr_shepherd *sh, struct cr_err *err);
/* Notes the root of a job that is attached: it is nobody's child here, and nothing marks it. */
void cr_shepherd_attached(struct cr_shepherd *sh);
/* Nothing of the job lives: its name and its directory are anybody's. */
void cr_shepherd_leave(struct cr_shepherd *sh);
void cr_shepherd_free(struct cr_shepherd *sh);
int cr_library_path(char out[CR_PATH_MAX], struct cr_err *err);

/* ---- run.c: until the last process has ended; the exit status ---- */
int cr_shepherd_run(struct cr_shepherd *sh);
void cr_kill_job(struct cr_shepherd *sh);

/* The last process of a job that is attached has ended; status as of wait, -1: not known. */
void cr_shepherd_ended(struct cr_shepherd *sh, int status);

/* Attached: waits for the end of sh->root_fd, whatever was waited for before. */
void cr_watch_root(struct cr_shepherd *sh);

/*
 * Starts a program for the shepherd's own use, in a session of its own, with all descriptors
 * closed but fds[0..2] as 0 to 2 (-1: /dev/null). ended is called from the loop.
 */
int cr_helper_start(struct cr_shepherd *sh, char *const argv[], const int fds[3],
		    void (*ended)(struct cr_shepherd *sh, int status, void *arg), void *arg,
		    pid_t *pid, struct cr_err *err);

/* Whether it was one that has ended; tells who started it. */
bool cr_helper_ended(struct cr_shepherd *sh, pid_t pid, int status);

/* Every process below another one, in tree order. */
void cr_job_pids(int proc, pid_t self, cr_pids *out);

/* Every process of the job, as sh->host_proc numbers them; helpers are left out. */
void cr_tree_pids(struct cr_shepherd *sh, cr_pids *out);
/* The same of a job that is not below us. */
void cr_root_pids(struct cr_shepherd *sh, cr_pids *out);

/* ---- deaths.c: processes that die by a signal ---- */
struct cr_watched;
/* One has ended, by a wait status; name as far as known. */
void cr_death(struct cr_shepherd *sh, pid_t pid, const char *name, int status);
/* Watches over those that a checkpoint has seen; those that it has found dead count. */
void cr_deaths_watch(struct cr_shepherd *sh, const struct cr_checkpoint *c);
/* Whether it got the signal that ended it for what it had done itself. */
bool cr_crashed(int status);
/* At the end, of the first process: nobody else may tell whose end a status is. */
void cr_death_tell(const struct cr_shepherd *sh);
/* Ends all its processes, which are no failures then. */
void cr_end_job(struct cr_shepherd *sh);

/* ---- control.c ---- */
void cr_control_accept(int fd, short what, void *shepherd);
void cr_control_finished(struct cr_shepherd *sh, struct cr_checkpoint *c);

/* Starts the checkpoint that was asked for first while another was being made, in a moment. */
void cr_control_next(struct cr_shepherd *sh);

/* Whether a child of the shepherd's or of theirs is of the job. */
bool cr_of_job(int proc, pid_t pid, pid_t self);

/* ---- asks.c: what processes of the job ask by cairn.h ---- */
struct cr_asker;
struct cr_ask;
int cr_asks_listen(struct cr_shepherd *sh, struct cr_err *err);
int cr_asks_begin(struct cr_shepherd *sh);
/* Answers whoever has come; also while the job is being stopped. */
void cr_asks_look(struct cr_shepherd *sh);
/* Everyone stands still: this is the checkpoint of those who have asked. */
void cr_asks_cut(struct cr_shepherd *sh, struct cr_checkpoint *c);
void cr_asks_finished(struct cr_shepherd *sh, struct cr_checkpoint *c);
/* What the coordinator says of a checkpoint that was asked for, and of those before. */
void cr_asks_told(struct cr_shepherd *sh, uint32_t number, const struct cr_err *err);
/* Begins what is asked for and has not begun. */
void cr_asks_next(struct cr_shepherd *sh);

/* ---- members.c ---- */
struct cr_member *cr_member_find(const struct cr_checkpoint *c, pid_t pid);
struct cr_member *cr_member_add(struct cr_shepherd *sh, struct cr_checkpoint *c, pid_t pid);
void cr_member_writer(struct cr_checkpoint *c, struct cr_member *m, pid_t pid);
void cr_member_settle(struct cr_checkpoint *c, struct cr_member *m, enum cr_member_state state);
void cr_member_free(struct cr_member *m);

/* ---- duplicates.c ---- */

/* Takes fd; NULL if there is no memory. */
struct cr_duplicate *cr_duplicate_keep(struct cr_checkpoint *c, int fd);
void cr_duplicates_close(struct cr_checkpoint *c);
void cr_duplicates_free(struct cr_checkpoint *c);
/* That there is no descriptor left. */
int cr_duplicates_full(struct cr_checkpoint *c);
/* Whether a restart has numbers for all that the job has open. */
int cr_check_room(struct cr_checkpoint *c);

/* Looks at the tree; how many processes were not known. */
int cr_members_look(struct cr_shepherd *sh, struct cr_checkpoint *c);

/* ---- stop.c ---- */
int cr_stop_job(struct cr_shepherd *sh, struct cr_checkpoint *c);
/* Of a check: one that cannot be stopped goes on. */
void cr_leave_out(struct cr_checkpoint *c, struct cr_member *m);
void cr_let_go(struct cr_shepherd *sh, struct cr_checkpoint *c);
int cr_member_failure(struct cr_shepherd *sh, struct cr_member *m, const cairn_Failure *f,
		      struct cr_err *err);
int cr_send_member(struct cr_shepherd *sh, int sock, const int *fds, int nfds);
/* What a stopped one was asked: 1 for a message in sh->in, 0 after the last, -EPROTO for none. */
int cr_hear_member(struct cr_shepherd *sh, struct cr_member *m);

/* ---- unblock.c: threads that block our signal behind libc's back ---- */
/*
 * Takes the signal, which waits for the thread already, out of its mask. True if it was there; then
 * a checkpoint puts it back.
 */
bool cr_unblock(pid_t pid, pid_t tid, uint64_t bit);
/* The same without waiting for it; and what is to be done now and then until the job stands. */
void cr_unblock_soon(pid_t pid, pid_t tid, uint64_t bit);
void cr_unblock_on(void);
/* reap() does the rest. */
void cr_unblock_end(void);
/* Whether it is for this that a thread is seized. */
bool cr_unblocking(pid_t tid);
/* Lets go what was seized and has stopped so, with the signal it was to have. False: not seized. */
bool cr_unseize(pid_t tid, int status);

/* ---- trace.c: processes that job control has stopped, and that must not notice ---- */
/* Seizes one and gets it ready to be called; again: it was called before. */
int cr_rouse(struct cr_shepherd *sh, struct cr_member *m, bool again, struct cr_err *err);
/* Lets those of its threads that have been called go into the handler. */
void cr_rouse_on(struct cr_shepherd *sh, struct cr_member *m);
/* Before Go: keeps it from running on. After: leads it out to where it was, and lets go. */
void cr_hold(struct cr_member *m);
void cr_release(struct cr_member *m);
/* Waits until a seized thread stops; its wait status, or -1 if it is gone or takes too long. */
int cr_await_stop(pid_t tid, int64_t ns);

/* ---- agent_save.c: the agent backend ---- */
extern const struct cr_stage cr_agent_stages[];

/* ---- archive_save.c: what backends other than the agent have in common ---- */
/* How many processes and threads the job has now, into the manifest. */
void cr_count_job(struct cr_shepherd *sh, struct cr_checkpoint *c);

/*
 * The job and the host as they are now, as records. What is to stand beside them is written by the
 * caller afterwards, and last of all the folder dir, by a thread: CR_LATER.
 */
int cr_save_job(struct cr_shepherd *sh, struct cr_checkpoint *c);
int cr_save_folder(struct cr_shepherd *sh, struct cr_checkpoint *c, const char *dir);

/* ---- describe.c: while the job stands still ---- */
/* What a checkpoint says of the job as a whole, and of the host; for all backends. */
void cr_describe_shepherd(const struct cr_shepherd *sh, cairn_Job *job);
void cr_describe_host(const struct cr_shepherd *sh, struct cr_checkpoint *c);
int cr_describe_job(struct cr_shepherd *sh, struct cr_checkpoint *c);
/* What a process runs: program.c. */
int cr_describe_program(struct cr_checkpoint *c, struct cr_member *m);
int cr_write_state(struct cr_shepherd *sh, struct cr_checkpoint *c);

/* ---- corpse.c: processes that die meanwhile ---- */
/* One that is a zombie now: refuses it, if it was killed by what calls it. */
int cr_died_when_called(struct cr_checkpoint *c, const struct cr_member *m);
/* None of those who have stopped has died since. */
int cr_check_alive(struct cr_shepherd *sh, struct cr_checkpoint *c);

/* ---- filters.c: what an agent knows, and seccomp filters ---- */
/* Before each call of a process, as it may execute another program at any time. */
void cr_read_agent(struct cr_shepherd *sh, struct cr_member *m);
/* What its agent has noted that makes it unsafe to call it. */
int cr_check_agent(struct cr_shepherd *sh, struct cr_member *m, const struct cr_proc_status *st,
		   struct cr_err *err);
/* Its main thread's alternate stack: -EAGAIN if it cannot be written now. */
int cr_check_stack(struct cr_member *m, const struct cr_proc_status *st, struct cr_err *err);
int cr_check_filters(struct cr_shepherd *sh, struct cr_member *m, const struct cr_proc_status *st,
		     struct cr_err *err);
int cr_describe_filters(struct cr_shepherd *sh, struct cr_member *m,
			const struct cr_proc_status *st, struct cr_err *err);

/* ---- attributes.c ---- */
int cr_describe_attributes(struct cr_member *m, const struct cr_proc_status *st,
			   struct cr_err *err);
void cr_describe_deadline(cairn_Thread *t);

/* ---- pending.c: signals that wait for a process ---- */
int cr_save_pending(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_member *m,
		    const struct cr_proc_status *st);

/* ---- undo.c: what the end of each process would undo of SysV semaphores ---- */
int cr_save_undo(struct cr_shepherd *sh, struct cr_checkpoint *c);

/* ---- namespaces.c: once per member; refuses those that cannot be saved ---- */
int cr_namespaces_look(struct cr_member *m, struct cr_err *err);

/* ---- limits.c: whether there is memory for it, and how it is done if there is little ---- */
int cr_limits_look(struct cr_shepherd *sh, struct cr_checkpoint *c);
/* If memory runs out, it is this process that goes. */
void cr_offer_writer(pid_t pid);

/* ---- memory.c ---- */
int cr_scan_keep(struct cr_member *m);
int cr_save_shared(struct cr_shepherd *sh, struct cr_checkpoint *c);
int cr_check_shared(struct cr_checkpoint *c);
/* One has ended before it was done. Fills c->err. */
int cr_writer_lost(struct cr_shepherd *sh, struct cr_checkpoint *c, const struct cr_member *m);
int cr_write_memory(struct cr_shepherd *sh, struct cr_checkpoint *c, struct cr_member *m);

/* ---- plugins.c ---- */
/* Those of the options; job: and of a checkpoint, NULL for none. */
int cr_plugins_take(struct cr_shepherd *sh, const cairn_Job *job, struct cr_err *err);
void cr_plugins_save(const struct cr_shepherd *sh, cairn_Job *job);
/* Before the job is stopped: loads them, and tells them that. */
int cr_plugins_suspend(struct cr_shepherd *sh, struct cr_checkpoint *c);

/* ---- checkpoint.c ---- */
/* A thread without signals; false if there is none to be had. */
bool cr_in_background(void *(*fn)(void *), void *arg);

/* Starts one; its end is told to client (or nobody, -1). */
int cr_checkpoint_start(struct cr_shepherd *sh, cairn_Intent intent, int client,
			struct cr_err *err);

/* For a backend, from the loop: the stage that returned CR_LATER is through, or c->err says why. */
void cr_checkpoint_done(struct cr_checkpoint *c, int ret);

/* For tables of stages: it is not a check; an undo: plugins hear how it went, when the job runs. */
bool cr_checkpoint_keeps(const void *checkpoint);
void cr_checkpoint_plugins_over(void *checkpoint);

/*
 * One that is held ends: with the job, or it goes on after all. Does nothing if there is none.
 */
void cr_checkpoint_release(struct cr_shepherd *sh, bool stop);

/* ---- cluster_join.c, cluster.c: shared by them ---- */
void cr_cluster_init(struct cr_cluster *c, struct cr_shepherd *sh);

/* During a check: notes the failure and goes on. Else returns ret as it is. */
int cr_pass_over(struct cr_checkpoint *c, int ret);
