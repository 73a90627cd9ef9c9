// SPDX-License-Identifier: Apache-2.0
//
// Shared by the tests of the store: stores on this machine, images to put into them, and a line
// between them that can be cut.
#pragma once

#include "common/piece.h"
#include "store/internal.h"
#include "unit.h"

#define LAB_JOB 7
#define LAB_RUN (256u << 10)

struct lab_store {
	struct cr_store *s;
	char dir[80];
	unsigned int told; /* reports */
	CR_LIST(cairn_Holding) log;
};

/* What an image holds: runs, each made from its seed. Seeds of 1000 and more compress well. */
struct lab_content {
	unsigned int runs;
	unsigned int seeds[64];
	bool lz4; /* stored so */
	bool blob; /* one that is larger than a piece */
};

extern struct event_base *lab_base;
extern struct cr_trust *lab_trust;

void lab_setup(void);
void lab_teardown(void);
/* Opens unit_dir/NAME as a store and listens on loopback. */
void lab_open(struct lab_store *l, const char *name, uint64_t rate);
void lab_close(struct lab_store *l);

struct lab_content lab_content(unsigned int runs, unsigned int seed);
/* The job's folder in that store. */
void lab_folder(struct lab_store *l, char path[CR_PATH_MAX]);
/* Writes and commits; each(i) is called after each run, if not NULL. */
void lab_write(struct lab_store *l, uint32_t number, const struct lab_content *c,
	       void (*each)(struct lab_store *l, uint32_t number, const struct cr_piece *p));

void lab_ship(struct lab_store *from, struct lab_store *to, uint32_t number);
void lab_ship_by(struct lab_store *from, const char *node, unsigned int port, uint32_t number);
/* Runs the loop until there is such a report; fails the test after 60 s. The last such. */
const cairn_Holding *lab_wait(struct lab_store *l, uint32_t number, cairn_HoldingState state);
bool lab_told(const struct lab_store *l, uint32_t number, cairn_HoldingState state);
void lab_forget(struct lab_store *l);
void lab_run_ms(int ms);

/* Whether both have the same bytes in it, and it verifies. */
void lab_same(struct lab_store *a, struct lab_store *b, uint32_t number);
/* Turns a byte over. */
void lab_damage(struct lab_store *l, uint32_t number, const char *file, off_t at);
bool lab_there(struct lab_store *l, const char *name);

/* A line to a port: cut after some bytes (0: never), a new number for each connection. */
struct lab_line {
	pthread_t thread;
	int listener;
	unsigned int port, to;
	uint64_t rng;
	size_t most;
	_Atomic unsigned int cuts; /* still to be made */
	_Atomic bool end;
};
void lab_line(struct lab_line *line, unsigned int to, unsigned int cuts, size_t most,
	      uint64_t seed);
void lab_line_end(struct lab_line *line);
