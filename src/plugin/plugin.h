// SPDX-License-Identifier: Apache-2.0
//
// Plugins (include/cairn/plugin.h), seen from Cairn: a list of them, each with a process of its own
// while a checkpoint or a restart is under way. Hosted code of the shepherd and of crrestart. A
// plugin can do no more to its caller than to make a call fail: nothing of it is loaded here, what
// it answers is checked, and every answer has a time limit.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/defs.h"
#include <cairn/plugin.h>

#define CR_PLUGINS_MAX 15 /* a restart has as many ids to spare for them */
#define CR_PLUGIN_NAME_MAX 32

enum cr_hook {
	CR_HOOK_INIT,
	CR_HOOK_SUSPEND,
	CR_HOOK_CHECKPOINT,
	CR_HOOK_RESUME,
	CR_HOOK_FAILED,
	CR_HOOK_RESTART,
	CR_HOOK_CLAIM_FD,
	CR_HOOK_RESTORE_FD,
	CR_HOOK_CLAIM_MAPPING,
	CR_HOOK_RESTORE_MAPPING,
	CR_HOOK_PATH,
	CR_HOOK_ADDRESS,
	CR_HOOKS,
};

/* A call and its answer; len bytes of data follow. */
struct cr_plugin_msg {
	uint32_t magic;
	uint32_t hook;
	int32_t ret;
	uint32_t len;
	uint32_t hooks, flags; /* answer to init: which there are, cairn_plugin.flags */
	char name[CR_PLUGIN_NAME_MAX], version[32];
	union {
		struct cairn_fd fd;
		struct cairn_mapping mapping;
		struct sockaddr_in6 address;
	};
	uint32_t address_len;
	char path[CR_PATH_MAX];
	int32_t error;
	char text[512];
};

struct cr_plugin {
	char *given; /* FILE[:OPTIONS], as in images: FILE is absolute or has no slash */
	char stem[CR_PATH_MAX]; /* FILE without folder and .so */
	char file[CR_PATH_MAX];
	const char *options; /* in given; "" for none */
	char name[CR_PLUGIN_NAME_MAX]; /* what it calls itself; empty before it was loaded */
	char version[32];
	uint32_t hooks, flags;
	pid_t pid; /* 0: no process */
	int sock;
	int ended; /* a pidfd of it, -1 if the kernel has none */
	bool owed; /* has been told to suspend, or to restart, but not yet that it is over */
	void *data; /* of its own, to be stored, or out of the checkpoint */
	size_t len;
};

struct cr_plugin_process {
	pid_t pid, id;
};

struct cr_plugins {
	struct cr_plugin v[CR_PLUGINS_MAX];
	size_t n;
	const char *job;
	double timeout; /* seconds that a hook may take */
	uint32_t course; /* enum cairn_course, of the processes that there are */
	/* What is the job's, asked in a plugin's process, which is a copy of ours. */
	void (*processes)(void *arg, struct cr_plugin_process **out, size_t *n);
	void *arg;
	/* Makes process number k, as fork(2) does; NULL: fork(2). */
	pid_t (*fork)(void *arg, size_t k);
	char *changes; /* of the environment, by restart: struct cr_environment's text */
	size_t changes_len;
};

/* ---- call.c ---- */

static inline bool cr_plugin_has(const struct cr_plugin *p, enum cr_hook hook)
{
	return p->hooks >> hook & 1;
}
