// SPDX-License-Identifier: Apache-2.0
//
// Whom a part of the cluster believes: who has the same key file, or who has a certificate of the
// same authority. TLS 1.3 only; both sides prove themselves. Certificates are not bound to names:
// who has one belongs to the cluster. No tickets, no early data: nothing could be replayed.
#include "net/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/io.h"

#define KEY_BYTES CR_TRUST_KEY_BYTES

/* By which the key is called in the handshake; there is one per cluster. */
static const char identity[] = "cairn";
/* The cipher that goes with the key: its hash is part of what the key is for. */
static const unsigned char key_cipher[] = { 0x13, 0x01 };
#define KEY_CIPHER_NAME "TLS_AES_128_GCM_SHA256"

struct cr_trust {
	SSL_CTX *ctx;
	bool has_key;
	unsigned char key[KEY_BYTES];
	char source[CR_PATH_MAX]; /* the key file, or our certificate */
};

/* ---- the key file ---- */

/*
 * What a secret's owner and mode may be: ours and nobody else's; or root's, which may let one
 * group read it, so that daemons of several users on a host can share one file.
 */
static bool is_kept(const char *path, const struct stat *st, struct cr_err *err)
{
	static const char right[] = "right is mode 0600 and yours, or 0640 and root's with the "
				    "daemon's group";

	if (st->st_uid && st->st_uid != geteuid())
		cr_fail(err, CR_EXIT_TRUST, 0, "%s belongs to user %u: %s (chown, chmod)", path,
			st->st_uid, right);
	else if (st->st_mode & (st->st_uid ? 077 : 037))
		cr_fail(err, CR_EXIT_TRUST, 0,
			"%s may be used by others (mode %04o): its secret is not one any more; "
			"%s. Make a new one, or chmod it if nobody has read it",
			path, st->st_mode & 07777, right);
	else
		return true;
	return false;
}

/* Opens a file that holds a secret. */
static int open_secret(const char *path, const char *hint, struct cr_err *err)
{
	cr_auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int ret;

	if (fd < 0 || fstat(fd, &st))
		return cr_fail(err, CR_EXIT_TRUST, errno, "%s: %scannot be read", path, hint);
	if (!S_ISREG(st.st_mode))
		return cr_fail(err, CR_EXIT_TRUST, EINVAL, "%s is not a file", path);
	if (!is_kept(path, &st, err))
		return -EPERM;
	ret = fd;
	fd = -1;
	return ret;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int trust_read_key(const char *path, unsigned char key[KEY_BYTES], struct cr_err *err)
{
	cr_auto_fd fd = open_secret(path, "the cluster's key ", err);
	char text[KEY_BYTES * 2 + 2];
	ssize_t n;
	int i;

	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text));
	if (n == KEY_BYTES * 2 + 1 && text[n - 1] == '\n')
		n--;
	for (i = 0; n == KEY_BYTES * 2 && i < KEY_BYTES; i++) {
		int high = hex_digit(text[i * 2]), low = hex_digit(text[i * 2 + 1]);

		if (high < 0 || low < 0)
			break;
		key[i] = high << 4 | low;
	}
	OPENSSL_cleanse(text, sizeof(text));
	if (i == KEY_BYTES)
		return 0;
	cr_fail(err, CR_EXIT_TRUST, 0,
		"%s is not a key: it must hold %d hexadecimal digits and nothing else, as "
		"crcoordinator --init makes it",
		path, KEY_BYTES * 2);
	return -EINVAL;
}

int cr_trust_make_key(const char *path, struct cr_err *err)
{
	unsigned char key[KEY_BYTES];
	char text[KEY_BYTES * 2 + 2];
	cr_auto_fd fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int i, ret;

	if (fd < 0 && errno == EEXIST)
		return cr_fail(err, CR_EXIT_EXISTS, EEXIST, "%s: the key is kept as it is", path);
	if (fd < 0)
		return cr_fail(err, CR_EXIT_IO, errno, "%s: cannot be made", path);
	if (getrandom(key, sizeof(key), 0) != sizeof(key)) {
		ret = -EIO;
	} else {
		for (i = 0; i < KEY_BYTES; i++)
			snprintf(text + i * 2, 4, "%02x\n", key[i]);
		ret = fchmod(fd, 0600) ? -errno : cr_write_all(fd, text, KEY_BYTES * 2 + 1);
		if (!ret && fsync(fd))
			ret = -errno;
	}
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(text, sizeof(text));
	if (!ret)
		return 0;
	unlink(path);
	return cr_fail(err, CR_EXIT_IO, -ret, "%s: cannot be written", path);
}

/* The key as TLS wants it: a session that we would have had before. */
static SSL_SESSION *key_session(SSL *ssl)
{
	const struct cr_trust *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, key_cipher);
	SSL_SESSION *s = SSL_SESSION_new();

	if (s && cipher && SSL_SESSION_set1_master_key(s, t->key, KEY_BYTES) &&
	    SSL_SESSION_set_cipher(s, cipher) &&
	    SSL_SESSION_set1_id_context(s, (const void *)identity, strlen(identity)) &&
	    SSL_SESSION_set_protocol_version(s, TLS1_3_VERSION))
		return s;
	SSL_SESSION_free(s);
	return NULL;
}

static int offer_key(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *id_len,
		     SSL_SESSION **session)
{
	*id = (const unsigned char *)identity;
	*id_len = strlen(identity);
	*session = key_session(ssl);
	return *session != NULL;
}

static int find_key(SSL *ssl, const unsigned char *id, size_t id_len, SSL_SESSION **session)
{
	*session = NULL;
	if (id_len == strlen(identity) && !memcmp(id, identity, id_len))
		*session = key_session(ssl);
	return 1;
}

/* ---- certificates ---- */

static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	return -1;
}

static int fail_ssl(struct cr_err *err, const char *path, const char *what)
{
	unsigned long e = ERR_peek_last_error();
	const char *why = ERR_reason_error_string(e);

	cr_fail(err, CR_EXIT_TRUST, 0, "%s: %s: %s", path, what, why ? why : "cannot be used");
	ERR_clear_error();
	return -EINVAL;
}

static int load_certificate(SSL_CTX *ctx, const struct cr_trust_files *files, struct cr_err *err)
{
	int fd;

	if (!files->cert || !files->cert_key || !files->ca) {
		cr_fail(err, CR_EXIT_USAGE, 0,
			"a certificate needs three files: its own, its key, and the one of the "
			"authority that signs everybody's");
		return -EINVAL;
	}
	fd = open_secret(files->cert_key, "the certificate's key ", err);
	if (fd < 0)
		return fd;
	close(fd);
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, files->cert) != 1)
		return fail_ssl(err, files->cert, "no certificate");
	if (SSL_CTX_use_PrivateKey_file(ctx, files->cert_key, SSL_FILETYPE_PEM) != 1)
		return fail_ssl(err, files->cert_key,
				"not the key of the certificate, or one with a passphrase");
	if (SSL_CTX_load_verify_file(ctx, files->ca) != 1)
		return fail_ssl(err, files->ca, "no certificate of an authority");
	return 0;
}

/* ---- both ---- */

static SSL_CTX *make_context(struct cr_trust *t)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	if (!ctx)
		return NULL;
	SSL_CTX_set_app_data(ctx, t);
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(ctx, (const void *)identity, strlen(identity));
	/* A thousand links that are silent most of the time. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* With a key too: then there is no authority, and a certificate proves nothing. */
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return ctx;
}

static struct cr_trust *new_trust(const char *source, struct cr_err *err)
{
	struct cr_trust *t = calloc(1, sizeof(*t));

	if (!t) {
		cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "trust");
		return NULL;
	}
	snprintf(t->source, sizeof(t->source), "%s", source);
	t->ctx = make_context(t);
	if (t->ctx)
		return t;
	cr_fail(err, CR_EXIT_INTERNAL, 0, "OpenSSL cannot begin");
	free(t);
	return NULL;
}

static void use_key(struct cr_trust *t)
{
	t->has_key = true;
	SSL_CTX_set_ciphersuites(t->ctx, KEY_CIPHER_NAME);
	SSL_CTX_set_psk_use_session_callback(t->ctx, offer_key);
	SSL_CTX_set_psk_find_session_callback(t->ctx, find_key);
}

int cr_trust_chosen(const struct cr_trust_files *f, const char *hint, struct cr_err *err)
{
	if (!f->key != !f->cert && !f->cert == !f->cert_key && !f->cert == !f->ca)
		return 0;
	return cr_fail(err, CR_EXIT_USAGE, 0,
		       "give either --key or --tls-cert, --tls-key and --tls-ca%s", hint);
}

int cr_trust_load(const struct cr_trust_files *files, struct cr_trust **out, struct cr_err *err)
{
	struct cr_trust *t;
	int ret;

	*out = NULL;
	if (!files->key == !files->cert) {
		cr_fail(err, CR_EXIT_USAGE, 0, "either a key file or a certificate is needed");
		return -EINVAL;
	}
	t = new_trust(files->key ? files->key : files->cert, err);
	if (!t)
		return -ENOMEM;
	if (files->key) {
		use_key(t);
		ret = trust_read_key(files->key, t->key, err);
	} else {
		ret = load_certificate(t->ctx, files, err);
	}
	if (ret) {
		cr_trust_free(t);
		return ret;
	}
	*out = t;
	return 0;
}

int cr_trust_secret(const unsigned char key[CR_TRUST_KEY_BYTES], const char *source,
		    struct cr_trust **out, struct cr_err *err)
{
	struct cr_trust *t = new_trust(source, err);

	*out = t;
	if (!t)
		return -ENOMEM;
	use_key(t);
	memcpy(t->key, key, KEY_BYTES);
	return 0;
}

void cr_trust_free(struct cr_trust *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	OPENSSL_cleanse(t->key, sizeof(t->key));
	free(t);
}

SSL *cr_trust_ssl(const struct cr_trust *t)
{
	return SSL_new(t->ctx);
}

bool cr_trust_proved(const struct cr_trust *t, SSL *ssl)
{
	X509 *cert;

	/* "Reused" is the session that the key stands for. */
	if (t->has_key)
		return SSL_session_reused(ssl);
	cert = SSL_get1_peer_certificate(ssl);
	X509_free(cert);
	return cert && SSL_get_verify_result(ssl) == X509_V_OK;
}

/* Whether OpenSSL's error means that the other side does not speak TLS 1.3. */
static bool is_foreign(int reason)
{
	switch (reason) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST:
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
	case SSL_R_RECORD_LENGTH_MISMATCH:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
	case SSL_R_UNEXPECTED_MESSAGE:
	case SSL_R_BAD_RECORD_TYPE:
	case SSL_R_NOT_ON_RECORD_BOUNDARY:
	case SSL_R_LENGTH_MISMATCH:
		return true;
	default:
		return false;
	}
}

void cr_trust_explain(const struct cr_trust *t, SSL *ssl, unsigned long error, bool accepted,
		      const char *peer, struct cr_err *err)
{
	const char *reason = error ? ERR_reason_error_string(error) : NULL;
	long verified = SSL_get_verify_result(ssl);

	if (!error || ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		cr_fail(err, CR_EXIT_CLUSTER, 0,
			"%s closed the connection before it had proved who it is%s", peer,
			accepted ? "" : ": is that a part of Cairn, and of this cluster?");
	else if (is_foreign(ERR_GET_REASON(error)))
		cr_fail(err, CR_EXIT_CLUSTER, 0, "%s %s with something that is not Cairn (%s)",
			peer, accepted ? "came" : "answers", reason ? reason : "no TLS 1.3");
	else if (t->has_key)
		cr_fail(err, CR_EXIT_TRUST, 0,
			"%s: wrong key: its key is not the one in %s; copy the coordinator's key "
			"file to all nodes (%s)",
			peer, t->source, reason ? reason : "TLS");
	else if (verified != X509_V_OK)
		cr_fail(err, CR_EXIT_TRUST, 0,
			"%s: wrong certificate: it must be signed by the cluster's authority and "
			"be in force (%s)",
			peer, X509_verify_cert_error_string(verified));
	else
		cr_fail(err, CR_EXIT_TRUST, 0,
			"%s: wrong certificate: ours (%s) and its must be signed by the same "
			"authority (%s)",
			peer, t->source, reason ? reason : "TLS");
	ERR_clear_error();
}
