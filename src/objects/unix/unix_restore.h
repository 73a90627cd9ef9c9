// SPDX-License-Identifier: Apache-2.0
//
// Unix sockets being made again.
#pragma once

#include "objects/core/object.h"

struct cr_err;
struct cr_ids;

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
