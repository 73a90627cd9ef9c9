// SPDX-License-Identifier: Apache-2.0
//
// What the files of the store share. Threads: the event loop's, two that serve (chores: what is
// asked for, in order; scrub: reading all again), one per transfer. The store's lock guards its
// lists; nobody holds it while he waits for a disk or a peer.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "store/store.h"

struct event;

struct cr_incoming;
struct cr_shipment;

#define CR_STORE_VERSION 1u

/* The largest piece: a run, or part of a file or blob. */
#define CR_PIECE_MAX CR_RUN_BYTES
/* Pieces in one offer, and offers without an answer: so an answer always finds room on its way. */
#define CR_OFFER_PIECES 128
#define CR_OFFERS 4
/* A peer that says nothing for so long is gone; one that waits says something sooner. */
#define CR_SILENCE_MS 20000
#define CR_LIFE_MS 5000

struct cr_image_key {
	uint64_t job;
	uint32_t member, number;
};

/* ---- store.c ---- */

struct cr_chore {
	struct cr_chore *next;
	void (*run)(struct cr_store *s, const struct cr_image_key *key);
	struct cr_image_key key;
};
struct cr_chores {
	struct cr_chore *first, **last;
	pthread_cond_t cond;
};

struct cr_report {
	struct cr_report *next;
	cairn_Holding holding;
};

struct cr_standing {
	struct cr_standing *next;
	cairn_Ship ship;
	uint32_t latest; /* number that it was last followed for */
};

struct cr_store_counts {
	_Atomic uint64_t sent, received; /* bytes of chunks on their way */
	_Atomic uint64_t stored; /* bytes that came so, unpacked */
	_Atomic uint64_t reused; /* bytes found in other images */
	_Atomic uint64_t resumed; /* bytes found in a part */
	_Atomic uint64_t damaged; /* chunks that were not what they should be */
};

struct cr_store {
	struct cr_store_options o;
	char path[CR_PATH_MAX], node[64];
	int dir;
	uint64_t id;
	bool root;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a thread or a connection is gone; closing */
	unsigned int threads;
	_Atomic bool closing;
	int wake; /* eventfd: reports */
	struct event *wake_event, *accept_event, *tick, *pause;
	struct cr_report *reports, **last_report;
	struct cr_chores chores, checks;
	struct cr_shipment *shipments;
	struct cr_standing *standing;
	struct cr_incoming *incoming;
	unsigned int unproved, unproved_most;
	int listener;
	unsigned int port;
	int64_t rate_ns; /* when the next byte may go */
	struct cr_store_counts counts;
};
