// SPDX-License-Identifier: Apache-2.0
//
// A coordinator in a process of its own, which can be made to die at any point, and nodes that
// are played by the test: what crnode, its shepherds and its store would say, at once and always
// right. It checks what must never happen: two lives of one member, a start from an image that is
// not there.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cluster.pb.h"

#define FAKE_NODES 4
#define FAKE_MEMBERS 8
#define FAKE_IMAGES 256

struct fake_member {
	bool lives, running, held;
	cairn_MemberId id;
	uint32_t operation, number; /* that it takes part in */
	bool restores;
	char step[24]; /* that it waits at */
};

struct fake_image {
	uint64_t job;
	uint32_t member, number; /* 0: free */
	bool complete;
};

struct fake_node {
	char name[16], boot_id[40];
	uint64_t store_id;
	uint32_t version;
	int fd; /* -1: not connected */
	bool dead, welcome;
	bool cut; /* nothing comes or goes */
	int64_t lease_ms; /* its members live until then */
	cairn_Refusal refusal;
	uint64_t session;
	uint32_t generation; /* of quorum peers */
	struct fake_member members[FAKE_MEMBERS];
	struct fake_image images[FAKE_IMAGES];
	cairn_Ship ships[FAKE_IMAGES]; /* not done yet */
	unsigned int n_ships;
	bool refuses_images;
	unsigned int cannot_start; /* the member of the number before this one */
};

struct fake_cluster {
	char dir[96], log[96];
	pid_t pid; /* of the coordinator, 0: none */
	unsigned int n;
	struct fake_node nodes[FAKE_NODES];
	int64_t beat_ms;
	unsigned int starts, fenced; /* Start messages; members that a lease has ended */
	bool damage; /* a restart finds its image damaged now and then, if there is another */
	unsigned int kill_at; /* the coordinator, when so many messages have come; 0: not */
	unsigned int received;
	bool may_end; /* not only by the point's death: how, is in status */
	int status;
	cairn_Reply reply; /* the last one with last set */
	cairn_Reply row; /* the last row before it */
	uint64_t next_request;
};

/* For tests in this process: told of all that is sent, which then goes nowhere. */
extern void (*fake_sent)(const void *msg);

/* dir: where the state and what the coordinator says (log) are put. */
void fake_begin(struct fake_cluster *f, const char *dir, unsigned int nodes);
void fake_end(struct fake_cluster *f);
/* Starts the coordinator; it dies at the point of that number (0: never). */
void fake_start(struct fake_cluster *f);
void fake_arm(struct fake_cluster *f, long point);
/* Its allocation of that number fails (0: none); whether that has happened. */
void fake_starve(struct fake_cluster *f, long allocation);
bool fake_starved(struct fake_cluster *f);
/* Whether it has died since. */
bool fake_died(struct fake_cluster *f);
void fake_kill(struct fake_cluster *f);
/* Plays for so long, or until done() says so; true if it did. */
bool fake_play(struct fake_cluster *f, int ms, bool (*done)(struct fake_cluster *f));
/* Asks by a node, as a user; plays until the answer has come. Its status, -1: none came. */
int fake_ask(struct fake_cluster *f, unsigned int node, cairn_Request *q, const char *payload,
	     size_t len, int ms);
/* The link breaks, as when crnode is restarted. */
void fake_disconnect(struct fake_node *n);
/* One of its members crashes; false if it has none that runs. */
bool fake_member_crashes(struct fake_cluster *f, unsigned int node);
/* It is off: nothing of it lives any more. */
void fake_node_dies(struct fake_cluster *f, unsigned int node);
unsigned int fake_living(const struct fake_cluster *f, uint64_t job);
