// SPDX-License-Identifier: Apache-2.0
//
// What sock_diag(7) tells of unix sockets.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/io.h"

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
