// SPDX-License-Identifier: Apache-2.0
//
// What links need of trust.c: TLS for a new connection, and what a failure of it means.
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>

#include "net/link.h"

SSL *cr_trust_ssl(const struct cr_trust *t);
/* After the handshake: whether the other side has shown what it must. */
bool cr_trust_proved(const struct cr_trust *t, SSL *ssl);
/*
 * Fills in why a handshake with peer failed; error is OpenSSL's, 0: the peer went away. accepted:
 * it came to us.
 */
void cr_trust_explain(const struct cr_trust *t, SSL *ssl, unsigned long error, bool accepted,
		      const char *peer, struct cr_err *err);
