// SPDX-License-Identifier: Apache-2.0
//
// A checkpoint on disk: writing one and committing it, opening one and checking it. Layout and
// framing are in doc/IMAGE.md, the messages in proto/image.proto. Hosted code.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/io.h"
#include "image.pb.h"

#define CR_MANIFEST "manifest"
#define CR_STATE "state.img"
#define CR_PACK "pages.pack"

/* ---- reading ---- */

struct cr_process_image {
	cairn_Process process;
	cairn_ProcessCore core;
	/* A list of each. */
#define OF_PROCESS(record, message, list) CR_LIST(cairn_##message) list;
#include "common/records.def"
	CR_LIST(cairn_PageRun) runs;
};

struct cr_shared_image {
	cairn_SharedMemory memory;
	CR_LIST(cairn_PageRun) runs;
};

struct cr_image {
	int pack;
	char path[CR_PATH_MAX];
	cairn_Manifest manifest;
	cairn_Job job;
	cairn_End end;
	CR_LIST(struct cr_process_image) processes;
	size_t latest; /* of them, that was looked for */
	CR_LIST(struct cr_shared_image) shared;
	/* A list of each; of containers one, if the backend is a container runtime. */
#define OF_JOB(record, message, list) CR_LIST(cairn_##message) list;
#include "common/records.def"
	CR_LIST(cairn_Blob) blobs; /* that any record names */
	void *shared_memory; /* where cr_image_share() has put all lists */
	size_t shared_len;
};
