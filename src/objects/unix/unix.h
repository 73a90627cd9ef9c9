// SPDX-License-Identifier: Apache-2.0
//
// Unix sockets during a save: unix.c knows what the kernel tells of a socket and links them.
#pragma once

#include "common/image.h"
#include "objects/core/socket.h"
#include "objects/unix/unix_diag.h"

struct cr_save;

/* The options of a new socket. */
struct unix_defaults {
	struct cr_option_defaults options;
	int buffer[2];
};

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
