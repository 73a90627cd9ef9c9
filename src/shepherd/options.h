// SPDX-License-Identifier: Apache-2.0
//
// Options of crlaunch, crrestart and crctl attach, besides those of every new job.
// Those that belong to the job, not to one run of it, travel in the image.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/file_rules.h"
#include "common/job_options.h"

enum cr_ids_option { CR_IDS_AUTO, CR_IDS_EXACT, CR_IDS_VIRTUAL };
enum cr_compress_option { CR_COMPRESS_NONE, CR_COMPRESS_LZ4 };

struct cr_options {
	struct cr_job_options job;
	const char *dir;
	double stop_after; /* seconds until checkpoint and stop, 0: never */
	double stop_timeout; /* seconds that a thread may take to stop */
	long file_limit; /* bytes */
	long signal;
	enum cr_compress_option compress;
	enum cr_ids_option ids;
	bool tcp_repair; /* not reset */
	const char *cpu_baseline; /* what libraries may use, empty: all */
	const char *cpu_ignore; /* features, with commas between */
	const char *container; /* to attach */
	enum cr_backend_kind runtime; /* of the container */
	const char *coordinator; /* of the cluster; NULL: the job is alone */
	const char *join; /* job to be a member of */
	bool pack_files;
	bool detach;
	bool allow_changed;
	bool check; /* only tell what is in the way */
	bool json;
	bool help;
	bool version;
	struct cr_file_rules files;
	struct cr_arg_list maps; /* OLD=NEW: where things of the job are now */
	struct cr_arg_list plugins; /* FILE[:OPTIONS] */
	double plugin_timeout; /* seconds that a hook of one may take */
	uint64_t given[2]; /* rows that somebody set: of the job's options, of these */
};

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
