// SPDX-License-Identifier: Apache-2.0
//
// Unix sockets, between their files: unix.c knows what the kernel tells of a socket and links them,
// unix_diag.c asks the kernel, unix_name.c finds and makes names, unix_queue.c reads and fills
// queues, unix_backlog.c sees to connections that nobody has accepted, unix_restore.c makes all.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include "objects/object.h"

/* ---- unix_diag.c ---- */

/* A unix socket of this network namespace, as sock_diag(7) tells of it. */
struct unix_entry {
	uint32_t inode;
	uint32_t peer; /* inode; 0: none, or without a file */
	bool has_peer;
	uint8_t type, state, shutdown;
	uint32_t queued, backlog; /* bytes or connections; listeners only */
	uint32_t unread; /* what it has sent and nobody has read, as accounted */
	int buffer[2]; /* of sending and of receiving */
	uint32_t file_inode;
	bool has_file;
	uint8_t name_len;
	char name[108];
	uint32_t first_client, nclients; /* in clients[] */
};

/* Who waits to be accepted, and where. */
struct unix_waiting {
	uint32_t client, listener;
};

struct unix_table {
	CR_LIST(struct unix_entry) entries; /* by inode */
	CR_LIST(uint32_t) clients; /* inodes of who waits to be accepted; 0: closed again */
	CR_LIST(struct unix_waiting) waiting; /* by client */
};

int unix_table_read(struct unix_table *t);
void unix_table_free(struct unix_table *t);
const struct unix_entry *unix_table_find(const struct unix_table *t, uint32_t inode);
/* The listener in whose backlog a client waits, or 0. */
uint32_t unix_table_waits(const struct unix_table *t, uint32_t client);

#define UNIX_OPTIONS 19

/* The options of a new socket. */
struct unix_defaults {
	bool known[UNIX_OPTIONS];
	unsigned char value[UNIX_OPTIONS][16];
	int buffer[2];
};

/* ---- a save: unix.c ---- */

struct unix_socket {
	cairn_UnixSocket m;
	cairn_Description *d; /* NULL: waits to be accepted */
	const struct unix_entry *entry; /* likewise */
	uint32_t inode, peer_inode;
	int fd; /* borrowed from the description, or its own if there is none */
	pid_t pid; /* of a process that has it */
};

struct unix_save {
	struct unix_table table;
	CR_LIST(struct unix_socket *) sockets;
	CR_LIST(struct unix_socket *) sorted; /* by inode, once all are there */
	struct unix_defaults defaults;
	char *buffer; /* for queues, one after the other */
	size_t room;
};

struct unix_socket *unix_socket_add(struct cr_save *s);

/* ---- unix_options.c ---- */

int unix_defaults_read(struct unix_defaults *d);
void unix_options_save(const struct unix_defaults *d, struct unix_socket *u);
void unix_options_restore(int fd, const cairn_UnixSocket *m);
int unix_filter_save(struct cr_save *s, struct unix_socket *u, struct cr_err *err);
int unix_filter_restore(struct cr_restore *r, int fd, const cairn_UnixSocket *m,
			struct cr_err *err);

/* ---- unix_name.c ---- */

/* The path at which others reach a bound socket, into the description; none if they cannot. */
void unix_name_locate(struct cr_save *s, struct unix_socket *u);

/* ---- unix_queue.c ---- */

/* Writes what is in the receive queue, without taking it. */
int unix_queue_save(struct cr_save *s, struct unix_socket *u, struct cr_err *err);

/* ---- unix_backlog.c ---- */

/* Those who wait to be accepted, as sockets of their own. */
int unix_backlog_save(struct cr_save *s, struct unix_socket *u, struct cr_err *err);

/* ---- a restart: unix_restore.c ---- */

int unix_prepare(struct cr_restore *r, struct cr_err *err);
int unix_restore(struct cr_restore *r, const cairn_Description *d, struct cr_err *err);
void unix_free_restore(struct cr_restore *r);

/* One record, and what has been made of it. */
struct unix_end {
	const cairn_UnixSocket *m;
	const cairn_Description *d; /* NULL: waits to be accepted */
	int fd;
	int at; /* O_PATH descriptor of the file of its name, or -1 */
	int other; /* the end of a peer that nobody has any more, or -1 */
	int other_at;
	bool paired; /* made by socketpair, with mate or an end that nobody has */
	const struct unix_end *mate;
	bool connected; /* datagrams: as it was */
	size_t message, nmessages; /* in the image's list */
};

/* One of those that the job does not have any more, from whom datagrams are. */
struct unix_sender {
	const void *name;
	size_t len;
	int fd, at;
};

struct unix_made {
	struct cr_restore *r;
	struct unix_end *v; /* by id */
	size_t n;
	int tree; /* where names are made that lead nowhere */
	char directory[32]; /* its path, if it has one */
	unsigned int names; /* made so far */
	struct cr_ids *ids; /* where they are translated */
	bool filling, filled;
	CR_LIST(struct unix_sender) senders;
};

struct unix_end *unix_end_find(const struct unix_made *made, uint32_t id);

/* ---- unix_bind.c ---- */

/*
 * Gives a socket its name. With a place, the file of a path is made there for all to see, else
 * where nobody finds it. *at is its O_PATH descriptor, or -1 for an abstract name.
 */
int unix_bind_private(struct unix_made *made, int fd, const void *name, size_t len, int *at,
		      struct cr_err *err);
int unix_bind_place(struct unix_made *made, int fd, const cairn_UnixSocket *m, const char *place,
		    int *at, struct cr_err *err);

/* Where to connect to in order to reach it. */
socklen_t unix_address(const void *name, size_t len, int at, struct sockaddr_un *a);

/* ---- unix_fill.c ---- */

int unix_fill(struct cr_restore *r, struct unix_made *made, struct cr_err *err);

/* ---- stand_in.c ---- */

/*
 * Runs fn(arg) in a process with the given id and owner, which then ends: the kernel notes them in
 * what it makes. It shares our memory and descriptors, not our directories. Where that id cannot
 * be had, it is done as what we are. pid 0: with any id, as ourselves.
 */
int cr_stand_in(struct cr_ids *ids, pid_t pid, uid_t uid, gid_t gid, int (*fn)(void *), void *arg);
