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
#include "common/agent_config.h"
#include "common/ids.h"
#include "common/image.h"
#include "common/image_write.h"
#include "common/owner.h"
#include "common/proc.h"
#include "common/wire.h"
#include "objects/core/object.h"
#include "objects/core/outside.h"
#include "operation.pb.h"
#include "plugin/plugin.h"
#include "shepherd/backend.h"
#include "shepherd/cluster_link.h"
#include "shepherd/options.h"
#include "shepherd/stages.h"

enum cr_process_state {
	CR_PROCESS_NEW, /* found in the tree */
	CR_PROCESS_CALLED, /* its signal is sent */
	CR_PROCESS_CONNECTED, /* its agent has come */
	CR_PROCESS_STOPPED,
	CR_PROCESS_ZOMBIE, /* ended, not yet waited for by its parent */
	CR_PROCESS_GONE,
};

/* Ours of an open file description, while the job stands still. */
struct cr_duplicate {
	int fd; /* -1 as soon as the description has it */
	uint32_t id; /* of the description, when it has been described */
};

struct cr_process_fd {
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
struct cr_process {
	struct cr_process *next, *next_writer; /* in the tables of the checkpoint */
	pid_t pid;
	pid_t tid; /* a thread that lives, for /proc: the main one may have ended */
	enum cr_process_state state;
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
	CR_LIST(struct cr_process_fd) fds;
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

#define CR_PROCESS_BUCKETS 256

struct cr_checkpoint {
	struct cr_shepherd *sh;
	struct cr_stages stages;
	struct cr_image_writer writer;
	struct cr_save save;
	struct cr_err err;
	CR_LIST(struct cr_process *) processes;
	unsigned int expected, arrived; /* processes: that are to stand still, and that do */
	unsigned int writing; /* whose writers are at work */
	struct cr_process *by_pid[CR_PROCESS_BUCKETS], *by_writer[CR_PROCESS_BUCKETS];
	CR_LIST(struct cr_duplicate *) duplicates; /* in the order of kcmp */
	int epoll; /* of the agents' connections, while they are stopped */
	cairn_Job job;
	cairn_Intent intent;
	bool running; /* processes have been let go */
	bool cut; /* everyone stands still: who asks from now on asks for the next */
	bool hold; /* everyone stands still until all is written: memory is short */
	bool spare_cache; /* what is written shall not stay in memory */
	bool held; /* committed here; the job stands still until it is everywhere */
	int64_t begin_ns, stop_ns; /* it; the standing still; CLOCK_MONOTONIC */
	int64_t stall_ns; /* how long that was */
	int client; /* crctl's connection that waits for it, or -1 */
	int thread_pipe[2];
	unsigned long grow_failures; /* cr_grow_failures() when it began */
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
	int64_t interval_ns; /* when the last checkpoint of -i auto began, 0: none has */
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
	unsigned int failures; /* of checkpoints, in a row */
	int64_t safe_ns; /* CLOCK_BOOTTIME: nothing from before is lost in a failure */
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

struct cr_watched;
struct cr_asker;
struct cr_ask;
