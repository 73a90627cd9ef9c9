// SPDX-License-Identifier: Apache-2.0
//
// On which nodes the members of a job go. Pure logic, deterministic: the same question has the same
// answer. Costs members × nodes at most: 1,000 × 1,000 takes milliseconds.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Nodes with this label get members of recoveries only. */
#define CR_LABEL_SPARE "spare"

struct cr_place_label {
	const char *key;
	const char *value;
};

struct cr_place_node {
	const char *name;
	bool up; /* connected and not suspect */
	bool draining;
	bool excluded; /* by the caller, such as the one that has just failed */
	bool privileged; /* runs jobs of every user, */
	uid_t uid; /* else only of this one */
	bool criu; /* has one that the job's user may use */
	const struct cr_place_label *labels;
	size_t n_labels;
	uint64_t store_free;
	unsigned int load_percent;
	unsigned int members; /* that it has, of all jobs */
	bool has_member; /* of this job, and it stays there */
};

struct cr_place_member {
	const char *only; /* on this node or none; NULL: anywhere */
	const char * not ; /* not on this node; NULL */
	const char *before; /* where it was, good to have it there again; NULL */
	const unsigned int *images; /* nodes that hold what it restarts from, as indices */
	size_t n_images;
};

struct cr_place_job {
	uid_t uid;
	const struct cr_place_label *labels; /* all are required */
	size_t n_labels;
	bool spread; /* not two members on one node */
	bool recovery; /* may use spare nodes */
	bool criu; /* needs nodes that have one */
	uint64_t store_needed; /* bytes, of one member; 0: unknown */
	const struct cr_place_member *members;
	size_t n_members;
};

#define CR_PLACE_WHY 256

/*
 * Fills where[i] with the index of member i's node. False: none fits, and why says so in words, as
 * "2 of 3 nodes lack the label gpu=yes, node3 is draining".
 */
bool cr_place(const struct cr_place_node *nodes, size_t n_nodes, const struct cr_place_job *job,
	      unsigned int *where, char why[CR_PLACE_WHY]);
