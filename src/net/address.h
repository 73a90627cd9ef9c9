// SPDX-License-Identifier: Apache-2.0
//
// Addresses as users write them, and back.
#pragma once

#include <sys/socket.h>

struct cr_err;

/*
 * "HOST:PORT", "[V6]:PORT", ":PORT" or "HOST" with the default port. CR_EXIT_USAGE; or -EAGAIN and
 * CR_EXIT_CLUSTER: a name that nobody can look up now.
 */
#define CR_DEFAULT_PORT 7117
int cr_address_parse(const char *text, struct sockaddr_storage *out, socklen_t *len,
		     struct cr_err *err);
/* Into text, "HOST:PORT". */
#define CR_ADDRESS_TEXT 80
const char *cr_address_text(const struct sockaddr *a, char text[CR_ADDRESS_TEXT]);
