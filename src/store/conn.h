// SPDX-License-Identifier: Apache-2.0
//
// A connection, of one thread.
#pragma once

#include <openssl/ssl.h>

#include "net/address.h"
#include "net/trust.h"
#include "store.pb.h"

struct cr_err;

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
