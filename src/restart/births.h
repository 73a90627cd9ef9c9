// SPDX-License-Identifier: Apache-2.0
//
// Who makes whom.
#pragma once

#include <stdbool.h>

#include "common/io.h"

struct cr_err;
struct cr_image;

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

/* Who makes whom; fails for a tree that cannot be. */
int cr_births_plan(struct cr_births *b, const struct cr_image *img, struct cr_err *err);
void cr_births_free(struct cr_births *b);
