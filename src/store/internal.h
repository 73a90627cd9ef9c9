// SPDX-License-Identifier: Apache-2.0
//
// What the files of the store share. Threads: the event loop's, two that serve (chores: what is
// asked for, in order; scrub: reading all again), one per transfer. The store's lock guards its
// lists; nobody holds it while he waits for a disk or a peer.
#pragma once

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "common/image.h"
#include "store.pb.h"
#include "store/store.h"

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

/* ---- place.c: names and owners ---- */

/* A member's folder. While it is open, the thread works with the rights of its owner. */
struct cr_place {
	int dir; /* -1: not open */
	uint32_t uid, gid;
	char name[128]; /* of the job */
	char path[CR_PATH_MAX];
};

int cr_as_user(uint32_t uid, uint32_t gid);
void cr_as_self(void);

/* -ENOENT, without an error, if there is none. */
int cr_place_open(struct cr_store *s, uint64_t job, uint32_t member, struct cr_place *p,
		  struct cr_err *err);
int cr_place_make(struct cr_store *s, uint64_t job, const char *name, uint32_t member, uint32_t uid,
		  uint32_t gid, struct cr_place *p, struct cr_err *err);
void cr_place_close(struct cr_place *p);
/* The folders themselves onto the disk: before an image in them counts. */
int cr_place_sync(struct cr_store *s, const struct cr_place *p);

enum cr_image_form {
	CR_FORM_NONE,
	CR_FORM_COMPLETE, /* NNNNNN */
	CR_FORM_WRITING, /* .NNNNNN.tmp: a shepherd's */
	CR_FORM_PART, /* .NNNNNN.part: comes from another node */
	CR_FORM_OLD, /* .NNNNNN.old: is being replaced */
	CR_FORM_DAMAGED, /* .NNNNNN.damaged: a mark, beside a complete one */
	CR_FORMS,
};
struct cr_form_name {
	char text[32];
};
struct cr_form_name cr_form_name(enum cr_image_form form, uint32_t number);
enum cr_image_form cr_form_of(const char *name, uint32_t *number);

/* Calls fn for each member's folder, as its owner, until it returns true. */
void cr_place_each(struct cr_store *s,
		   bool (*fn)(struct cr_store *s, uint64_t job, uint32_t member, struct cr_place *p,
			      void *arg),
		   void *arg);
/* All names of images in it, sorted by number. */
struct cr_form_entry {
	uint32_t number;
	enum cr_image_form form;
};
typedef CR_LIST(struct cr_form_entry) cr_form_list;
int cr_place_list(const struct cr_place *p, cr_form_list *list);

/* What a folder holds, by manifest and sizes: COMPLETE, DAMAGED (with error), GONE. */
cairn_HoldingState cr_image_look(const struct cr_place *p, uint32_t number, uint64_t *bytes,
				 struct cr_err *err);
/* The manifest first, so that what a crash leaves is no image. */
void cr_image_remove(const struct cr_place *p, enum cr_image_form form, uint32_t number);
bool cr_image_marked(const struct cr_place *p, uint32_t number);
void cr_image_mark(const struct cr_place *p, uint32_t number, bool damaged);
/* XXH3 of the manifest, 0: there is none. */
uint64_t cr_image_manifest_hash(int dir, char **data, size_t *len);

/* ---- pieces.c: what an image consists of ---- */

/* Neighbouring bytes of a pack with one hash: a run or a blob. */
struct cr_span {
	uint64_t offset, size, xxh3;
	uint16_t codec;
};
typedef CR_LIST(struct cr_span) cr_span_list;
typedef CR_LIST(struct cr_piece) cr_piece_list;

/* All of its pack, by place, none twice. */
int cr_spans_of(const struct cr_image *img, cr_span_list *spans);

/* Pieces by a key; the last one put under a key is found. */
struct cr_piece_slot {
	uint64_t key;
	struct cr_piece piece;
	int source;
};
struct cr_piece_map {
	struct cr_piece_slot *v;
	size_t n, room;
};
/* The key of a place. */
uint64_t cr_piece_place(unsigned int file, uint64_t offset);
bool cr_piece_put(struct cr_piece_map *m, uint64_t key, const struct cr_piece *p, int source);
const struct cr_piece_slot *cr_piece_find(const struct cr_piece_map *m, uint64_t key);
void cr_piece_map_free(struct cr_piece_map *m);
/* Reads a piece; 0, -EBADMSG if it is not what its hash says, or -errno. */
int cr_piece_read(int fd, const struct cr_piece *p, void *buf);

/* ---- verify.c ---- */

/*
 * Reads all spans that are not in known, and compares. At the first that is not as it should be:
 * -EBADMSG with *bad. pace is called with the bytes before they are read, and ends it by an error.
 */
struct cr_check {
	const struct cr_piece_map *known; /* may be NULL */
	bool fresh; /* from the disk, not from memory */
	int (*pace)(void *arg, size_t bytes);
	void *arg;
};
int cr_spans_check(int pack, const cr_span_list *spans, const struct cr_check *c,
		   struct cr_span *bad);
/* Whether what lies between them is zero; zero: makes it so. */
int cr_gaps_check(int pack, uint64_t size, const cr_span_list *spans, const struct cr_check *c,
		  bool zero);
/* All of an image; with the error that tells what is wrong. */
int cr_image_check(const struct cr_place *p, enum cr_image_form form, uint32_t number,
		   const struct cr_check *c, struct cr_err *err);

/* ---- conn.c: a connection, of one thread ---- */

struct cr_conn {
	int fd;
	SSL *ssl; /* NULL: a unix socket */
	char peer[CR_ADDRESS_TEXT];
	unsigned char *room; /* of the payload that came last */
	size_t room_size;
	uint64_t sent, received;
};

/* Takes over fd, proves itself and is proved to. To be closed also when it fails. */
int cr_conn_open(struct cr_conn *c, int fd, const struct cr_trust *trust, bool accepted,
		 struct cr_err *err);
void cr_conn_close(struct cr_conn *c);
/* How long a peer may be silent. */
void cr_conn_patience(struct cr_conn *c, unsigned int ms);
int cr_conn_send(struct cr_conn *c, const cairn_StoreMsg *m, const void *payload, size_t len);
/* 0 or -errno: -EPIPE at the end, -ETIMEDOUT, -EPROTO. payload lasts until the next call. */
int cr_conn_recv(struct cr_conn *c, cairn_StoreMsg *m, void **payload, size_t *len);
/* Whether something can be read without waiting. */
bool cr_conn_ready(struct cr_conn *c);

/* ---- ship.c, send.c: an image on its way to another node ---- */

struct cr_shipment {
	struct cr_shipment *next;
	struct cr_store *store;
	struct cr_image_key key;
	cairn_Ship to;
	int wake; /* eventfd: one of the following has changed */
	/* Under the store's lock. */
	cr_piece_list told; /* runs that have been written */
	bool cancelled; /* dropped, or not wanted there any more */
	bool gone; /* will never be complete */
	int fd; /* to break it off, -1: not connected */
	/* The thread's own. */
	int64_t moved_ns; /* when the peer last said something */
};

enum cr_sent {
	CR_SENT, /* the peer has it */
	CR_SENT_BROKEN, /* try again */
	CR_SENT_REFUSED, /* and will be: err tells why */
	CR_SENT_DAMAGED, /* ours */
	CR_SENT_GONE, /* ours was given up, or dropped */
};
/* One connection's life. The place is open. */
enum cr_sent cr_send(struct cr_shipment *sh, struct cr_conn *c, const struct cr_place *p,
		     struct cr_err *err);

/* ---- receive.c, accept.c ---- */

struct cr_incoming {
	struct cr_incoming *next;
	struct cr_store *store;
	int64_t since_ns;
	/* Under the store's lock. */
	struct cr_image_key key; /* number 0: has not said so yet */
	char node[64];
	int fd;
	bool proved, dropped;
};
/* Answers a peer until it has sent an image or goes away. */
void cr_receive(struct cr_incoming *in, struct cr_conn *c);
/*
 * Makes it the only one that brings this image, which takes the place of an older connection of the
 * same node. -EBUSY: another node sends it.
 */
int cr_incoming_claim(struct cr_incoming *in, const struct cr_image_key *key, const char *node);
/* Ends all that bring images of this member (number 0: any), and waits until they are gone. */
void cr_incoming_drop(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);
bool cr_incoming_has(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);

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

/* ---- work.c ---- */

/* Runs fn in a thread of its own. */
int cr_store_thread(struct cr_store *s, void (*fn)(struct cr_store *s, void *arg), void *arg);
void cr_store_chore(struct cr_store *s, struct cr_chores *c,
		    void (*run)(struct cr_store *s, const struct cr_image_key *key),
		    struct cr_image_key key);
/* Does the first one, the lock that the caller holds given up meanwhile; false: there is none. */
bool cr_store_do(struct cr_store *s, struct cr_chores *c);
/* For holding(), from any thread. */
void cr_store_tell(struct cr_store *s, const struct cr_image_key *key, const struct cr_place *p,
		   cairn_HoldingState state, uint64_t bytes, const char *error);
/* Waits until so many bytes may be sent; false: the store is being closed. */
bool cr_store_pace(struct cr_store *s, size_t bytes);
/* Sleeps; false: the store is being closed. */
bool cr_store_sleep(struct cr_store *s, int64_t ns);

/* chores.c */
void cr_chore_written(struct cr_store *s, const struct cr_image_key *key);
/* ship.c: all ends; what is on its way of an image (number 0: of the member) ends */
void cr_ship_free(struct cr_store *s);
void cr_ship_gone(struct cr_store *s, uint64_t job, uint32_t member, uint32_t number);
/* accept.c */
void cr_listen_free(struct cr_store *s);
/* scrub.c */
void cr_scrub(struct cr_store *s, void *unused);
void cr_check_one(struct cr_store *s, const struct cr_image_key *key);
