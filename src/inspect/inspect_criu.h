// SPDX-License-Identifier: Apache-2.0
//
// What CRIU's own files in an image tell: processes and the files that they have. Only what its
// formats have had since 2.0 is read.
#pragma once

#include <stdbool.h>

#include "common/needs.h"

struct cr_image;

struct cr_criu_process {
	int32_t pid, ppid, pgid, sid;
	uint32_t threads, mappings;
	uint64_t mapped;
	bool zombie;
	uint32_t exe; /* id of a file */
	char name[16];
};

struct cr_criu_file {
	uint32_t id;
	uint64_t size;
	bool needed; /* a regular file that must be there */
	bool sized; /* and have this size, */
	bool written; /* or be longer: it will be cut */
	char *path;
};

struct cr_criu_facts {
	CR_LIST(struct cr_criu_process) processes;
	CR_LIST(struct cr_criu_file) files; /* regular files, devices and folders */
	uint64_t pages; /* bytes of its files of pages */
};

/* What cannot be read is left out: false if there is nothing of CRIU's at all. */
bool cr_criu_facts_read(const struct cr_image *img, struct cr_criu_facts *out);
void cr_criu_facts_free(struct cr_criu_facts *c);

/* Of one that is needed: whether this node has it. */
enum cr_need_state cr_criu_file_look(const struct cr_criu_file *f);

const char *cr_criu_facts_path(const struct cr_criu_facts *c, uint32_t id);
