// SPDX-License-Identifier: Apache-2.0
//
// Whom a link believes, and what links need of that: TLS for a new connection, and what a failure
// of it means.
#pragma once

#include <stdbool.h>

struct cr_trust;

struct cr_err;

/*
 * Either a key file (cr_trust_make_key(); 32 random bytes as hex, mode 0600, or root's and 0640:
 * TLS 1.3 with a pre-shared key) or a certificate, its key and the CA that signs everybody's (PEM
 * files). CR_EXIT_TRUST names the file and what is wrong with it, such as that others may read it.
 */
struct cr_trust_files {
	const char *key; /* shared key, or NULL */
	const char *cert, *cert_key, *ca;
};
int cr_trust_load(const struct cr_trust_files *files, struct cr_trust **out, struct cr_err *err);
/* A key that only two processes have, which source says where from. */
#define CR_TRUST_KEY_BYTES 32
int cr_trust_secret(const unsigned char key[CR_TRUST_KEY_BYTES], const char *source,
		    struct cr_trust **out, struct cr_err *err);
void cr_trust_free(struct cr_trust *t);
/* Makes a new key file; CR_EXIT_EXISTS if there is one. */
int cr_trust_make_key(const char *path, struct cr_err *err);

/* Whether it is either a key or all of the rest; hint goes behind the message. */
int cr_trust_chosen(const struct cr_trust_files *files, const char *hint, struct cr_err *err);

/* ---- for links ---- */

typedef struct ssl_st SSL;

SSL *cr_trust_ssl(const struct cr_trust *t);
/* After the handshake: whether the other side has shown what it must. */
bool cr_trust_proved(const struct cr_trust *t, SSL *ssl);
/*
 * Fills in why a handshake with peer failed; error is OpenSSL's, 0: the peer went away. accepted:
 * it came to us.
 */
void cr_trust_explain(const struct cr_trust *t, SSL *ssl, unsigned long error, bool accepted,
		      const char *peer, struct cr_err *err);
