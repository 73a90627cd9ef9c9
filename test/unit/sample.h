// SPDX-License-Identifier: Apache-2.0
//
// A small checkpoint with every type of record in it, for the unit tests and the fuzzer's seeds.
#pragma once

#include "common/err.h"
#include "common/image.h"

/* What was written, to be compared with what is read. */
struct sample {
	cairn_Manifest manifest;
	cairn_Job job;
	cairn_Process process, zombie;
	cairn_ProcessCore core;
	cairn_Thread thread;
	cairn_PendingSignal pending;
	cairn_PosixTimer timer;
	cairn_Vma vmas[3];
	cairn_PageRuns runs, shared_runs;
	cairn_SharedMemory shared;
	cairn_Description description;
	cairn_FdEntry fds;
	cairn_Inode inode;
	cairn_Pipe pipe;
	cairn_Lock lock;
	cairn_Extent extent;
	cairn_Xattr xattr;
	unsigned char page[CR_PAGE]; /* content of the first run */
};

#define SAMPLE_SHEPHERD 9
#define SAMPLE_PID 10
#define SAMPLE_ZOMBIE 11

/* The next of a fixed sequence of numbers. */
uint64_t sample_random(uint64_t *state);

/*
 * Gives every field of a message a value: strings and arrays as long as they may be (full) or
 * short. Of a oneof, the member with the tag `which`.
 */
void sample_fill(const pb_msgdesc_t *type, void *msg, bool full, pb_size_t which, uint64_t *state);

/* Writes and commits it as the next checkpoint in parent. */
int sample_write(struct sample *s, const char *parent, bool full, char path[CR_PATH_MAX],
		 struct cr_err *err);
