// SPDX-License-Identifier: Apache-2.0
//
// Leases: why no member of a job ever runs twice. Pure logic: no I/O, no clock. Instants are
// nanoseconds of CLOCK_BOOTTIME of the host where the function is called, and are never compared
// between hosts; only durations are, with CR_LEASE_MARGIN for clocks that run at different rates.
// doc/FAILURE.md has the argument and the numbers; test/unit/lease.c tries it at random.
//
//   cr_quorum  a node's: whether others let it go on when the coordinator is out of its reach
//   cr_voucher    a node as quorum peer: lets others go on
//   cr_fence      the coordinator: whether what a lost node had may be started elsewhere
//
// The lease itself is an instant in crnode (node/node_lease.c). An ack makes it last until
// Welcome.lease_ms after the heartbeat was sent; a refused connection (a reset of TCP by the
// coordinator's host: no coordinator runs there) or quorum peers renew it from when they were
// asked, but only while it is not over: what is over the coordinator may have given to others.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CR_QUORUM_MAX 4
#define CR_QUORUM_NAME 64

/* What the other side waits for a lease of that length: 25 % more. */
#define CR_LEASE_MARGIN(ns) ((ns) + (ns) / 4)

/* ---- a node that asks ---- */

struct cr_quorum {
	uint32_t generation; /* 0: none known; Heartbeat.quorum */
	unsigned int n;
	struct cr_quorum_peer {
		char node[CR_QUORUM_NAME];
		int64_t asked; /* when the newest question was sent that it has answered with yes */
	} v[CR_QUORUM_MAX];
};

/*
 * Quorum has come. Welcome, when the lease is over then: none (generation 0, n 0), since of what
 * was known before, the coordinator knows nothing any more.
 */
void cr_quorum_set(struct cr_quorum *w, uint32_t generation, const char *const *nodes,
		   unsigned int n);

/*
 * A quorum peer has said yes to the question sent then. The node itself may be one: then it asks
 * its own cr_voucher. Returns the newest instant that enough have answered for, from which a lease
 * counts that is not over; INT64_MIN: there is none.
 */
int64_t cr_quorum_vouched(struct cr_quorum *w, const char *node, int64_t sent);

/* How many of n quorum peers must vouch: a majority, with the coordinator as one more voice. */
static inline unsigned int cr_quorum_needed(unsigned int n)
{
	return (n + 1) / 2 + 1;
}

/* ---- a node as quorum peer ---- */

struct cr_voucher {
	int64_t born; /* when this crnode began: of what it said before it knows nothing */
	bool told; /* by the coordinator for whom not to; before that it does for none */
	struct cr_voucher_given {
		char node[CR_QUORUM_NAME];
		int64_t until; /* when a lease that came of it is over, with margin */
	} * given;
	size_t n, room;
	char *barred; /* names, NUL after each */
	size_t barred_len;
};

void cr_voucher_init(struct cr_voucher *v, int64_t now);
void cr_voucher_free(struct cr_voucher *v);

/* A node asks, and wants a lease of that length. True: yes. */
bool cr_voucher_ask(struct cr_voucher *v, const char *node, int64_t length, int64_t now);

/*
 * Quorum has come, with its payload: the names for which it shall not vouch from now on, NUL
 * after each. To be promised to the coordinator with the result: how much longer something lives
 * that it has said for one of them. lease: Welcome.lease_ms. -1: no memory, or no such payload;
 * then nothing may be promised.
 */
int64_t cr_voucher_bar(struct cr_voucher *v, const char *names, size_t len, int64_t lease,
		       int64_t now);

/* ---- the coordinator ---- */

struct cr_fence_node {
	int64_t until; /* it may have a lease until here, by acks and reported vouches */
	uint32_t generation; /* it knows this one of quorum peers or a later one */
	uint32_t barred; /* the round that first told peers not to vouch for it; 0: they may */
	uint32_t promised; /* the last round that it has promised as a quorum peer */
	bool taken; /* what it had is others' now; it must say Hello anew */
	bool dead; /* for certain, so it vouches for nobody */
};

struct cr_fence_generation {
	uint32_t number;
	unsigned int n;
	unsigned int nodes[CR_QUORUM_MAX];
};

#define CR_GENERATIONS_MAX 8

struct cr_fence {
	int64_t lease;
	uint32_t round; /* of what quorum peers are told */
	struct cr_fence_node *nodes; /* by the caller's numbers */
	size_t n, room;
	/* Those that some node may still go by; the last is the present one. */
	struct cr_fence_generation generations[CR_GENERATIONS_MAX];
	unsigned int n_generations;
	int64_t start;
};

/*
 * now: an instant when the listener was bound already (before, connections were refused). lease:
 * the longest that this or an earlier life of the coordinator may have given.
 */
void cr_fence_init(struct cr_fence *f, int64_t lease, int64_t now);
void cr_fence_free(struct cr_fence *f);

/* A node of that number exists (0, 1, 2…; known ones stay as they are). Its lease is full. */
void cr_fence_add(struct cr_fence *f, unsigned int node);

/* It may have one for so long (Leaving.back_ms; written down first, and told by an ack). */
void cr_fence_extend(struct cr_fence *f, unsigned int node, int64_t length, int64_t now);

/*
 * Its Hello is accepted: from now on it has leases. True if those that quorum peers are told of
 * have changed (a new round: send Quorum to all of them).
 */
bool cr_fence_welcome(struct cr_fence *f, unsigned int node, int64_t now);

/* A heartbeat may be acknowledged: true, and counted. False: end the session. */
bool cr_fence_ack(struct cr_fence *f, unsigned int node, int64_t length, int64_t now);

/* It is silent: quorum peers shall not vouch for it any more. True: a new round. */
bool cr_fence_bar(struct cr_fence *f, unsigned int node);

/* It is heard again, before it was taken. True: a new round. */
bool cr_fence_unbar(struct cr_fence *f, unsigned int node);

/* A quorum peer has promised what the round said; what it had vouched lives for so long. */
void cr_fence_promised(struct cr_fence *f, unsigned int peer, uint32_t round, int64_t length,
		       int64_t now);

/* The round that its promise must have for f->round; false if it has given it. */
static inline bool cr_fence_owes(const struct cr_fence *f, unsigned int peer)
{
	return f->nodes[peer].promised < f->round;
}

/* Whether enough quorum peers have promised: nothing but time is missing (to until) then. */
bool cr_fence_agreed(const struct cr_fence *f, unsigned int node);

/*
 * The lost node's lease is over, on every clock, and nobody will renew it: what it had may be
 * started elsewhere. False: not yet. From true on it gets no ack until cr_fence_welcome(): end its
 * session. To be done for every lost node, also one without members, else old generations of
 * quorum peers stay in use.
 */
bool cr_fence_take(struct cr_fence *f, unsigned int node, int64_t now);

/* Somebody who knows says that it is dead: crctl fenced, --fence-command. */
void cr_fence_dead(struct cr_fence *f, unsigned int node, int64_t now);

/*
 * Other quorum peers, in the next generation. To be written down before it is sent: after a restart
 * all that are not retired are given again by cr_fence_remember(). False: too many old ones are in
 * use (some node has not acknowledged a newer one).
 */
bool cr_fence_generation(struct cr_fence *f, const unsigned int *nodes, unsigned int n);
bool cr_fence_remember(struct cr_fence *f, uint32_t number, const unsigned int *nodes,
		       unsigned int n);
/* Heartbeat.quorum. */
void cr_fence_knows(struct cr_fence *f, unsigned int node, uint32_t generation, int64_t now);
static inline const struct cr_fence_generation *cr_fence_present(const struct cr_fence *f)
{
	return f->n_generations ? &f->generations[f->n_generations - 1] : NULL;
}
