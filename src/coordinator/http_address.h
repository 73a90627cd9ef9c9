// SPDX-License-Identifier: Apache-2.0
//
// Where HTTP is answered, and by which certificate; see http_address.c.
#pragma once

#include <openssl/ssl.h>

#include "coordinator/coordinator.h"

struct co_http_place {
	int fd; /* listening */
	SSL_CTX *tls; /* NULL: none */
	char url[300]; /* for a browser, without a slash at its end; "": a unix socket */
	unsigned int port;
};

/* That of --http; a failure leaves nothing open. */
int co_http_place(const struct co *c, struct co_http_place *p, struct cr_err *err);
