// SPDX-License-Identifier: Apache-2.0
//
// Options of crlaunch, crrestart and crctl attach: one table for all, with the environment twins.
// Those that belong to the job, not to one run of it, travel in the image.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "objects/core/policy.h"

/* OLD=NEW: where things of the job are now. */
struct cr_path_maps {
	const char *v[64];
	unsigned int n;
};

/* FILE[:OPTIONS] */
struct cr_plugin_options {
	const char *v[64];
	unsigned int n;
};

/* KEY=VALUE */
struct cr_labels {
	const char *v[16];
	unsigned int n;
};

struct cr_options {
	const char *name;
	const char *dir;
	const char *backend; /* auto, agent or criu; NULL: auto, not asked for */
	double interval; /* seconds between checkpoints, 0: none */
	double stop_after; /* seconds until checkpoint and stop, 0: never */
	double stop_timeout; /* seconds that a thread may take to stop */
	long keep; /* committed checkpoints to keep */
	long file_limit; /* bytes */
	long signal;
	const char *compress; /* none or lz4 */
	const char *ids; /* auto, exact or virtual */
	const char *tcp; /* reset or repair */
	const char *cpu_baseline; /* what libraries may use, empty: all */
	const char *cpu_ignore; /* features, with commas between */
	const char *container; /* to attach */
	const char *runtime; /* of the container: podman or runc */
	const char *coordinator; /* of the cluster; NULL: the job is alone */
	const char *join; /* job to be a member of */
	long nodes; /* members to start, each on another node; 0: this one, here */
	long replicas; /* other nodes that have a copy before a checkpoint counts */
	long max_restarts; /* without a checkpoint between them */
	long keep_bytes; /* of checkpoints, 0: no limit */
	const char *on_failure; /* restart or stop */
	bool spread; /* no two members on one node */
	struct cr_labels labels; /* of the nodes that it may run on */
	bool pack_files;
	bool detach;
	bool allow_changed;
	bool check; /* only tell what is in the way */
	bool json;
	bool help;
	bool version;
	struct cr_file_rules files;
	struct cr_path_maps maps;
	struct cr_plugin_options plugins;
	double plugin_timeout; /* seconds that a hook of one may take */
	uint64_t given; /* rows of the table that somebody set */
};

#define CR_FOR_LAUNCH 1u
#define CR_FOR_RESTART 2u
#define CR_FOR_ATTACH 4u /* options may stand behind what is attached */

/*
 * Fills *o from defaults, environment and arguments (in that order) for one of the commands.
 * Returns the index of the first argument that is no option, or -errno with CR_EXIT_USAGE.
 */
int cr_options_parse(struct cr_options *o, unsigned int command, int argc, char **argv,
		     struct cr_err *err);

/* Those of the job into a checkpoint; and those of a checkpoint where none are given now. */
void cr_options_save(const struct cr_options *o, cairn_Job *job);
int cr_options_inherit(struct cr_options *o, const cairn_Job *job, struct cr_err *err);

/* The table as text, for --help. */
void cr_options_print(unsigned int command);
