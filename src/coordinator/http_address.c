// SPDX-License-Identifier: Apache-2.0
//
// Where HTTP is answered: --http, --http-cert and --http-key. Where others could listen to it there
// is none without TLS.
#include "coordinator/http_address.h"

#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/io.h"
#include "coordinator/door.h"
#include "net/address.h"

static bool is_loopback(const struct sockaddr_storage *at)
{
	const struct sockaddr_in *v4 = (const void *)at;
	const struct sockaddr_in6 *v6 = (const void *)at;

	return (at->ss_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 == 127) ||
	       (at->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr));
}

static bool is_any(const struct sockaddr_storage *at)
{
	const struct sockaddr_in *v4 = (const void *)at;
	const struct sockaddr_in6 *v6 = (const void *)at;

	return (at->ss_family == AF_INET && !v4->sin_addr.s_addr) ||
	       (at->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr));
}

static int get_unix(const char *path, struct sockaddr_storage *at, socklen_t *len,
		    struct cr_err *err)
{
	struct sockaddr_un *un = (void *)at;
	struct stat st;

	if (!*path || strlen(path) >= sizeof(un->sun_path))
		return cr_fail(err, CR_EXIT_USAGE, 0, "--http unix:%s: a path of 1 to %zu bytes",
			       path, sizeof(un->sun_path) - 1);
	memset(at, 0, sizeof(*at));
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	*len = sizeof(*un);
	/* Of the life before: the database's lock says that there is no other. */
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
		unlink(path);
	return 0;
}

static int get_address(const struct co *c, struct sockaddr_storage *at, socklen_t *len,
		       struct cr_err *err)
{
	static const char prefix[] = "unix:";
	const char *text = c->options.http;
	int ret;

	if (!strncmp(text, prefix, strlen(prefix)))
		return get_unix(text + strlen(prefix), at, len, err);
	ret = cr_address_parse(text, at, len, err);
	if (!ret && !is_loopback(at) && !c->options.http_cert)
		ret = cr_fail(err, CR_EXIT_USAGE, 0,
			      "--http %s: others could read along, so give a certificate "
			      "(--http-cert FILE --http-key FILE), or take a loopback address or "
			      "unix:PATH",
			      text);
	return ret;
}

/* ---- TLS ---- */

static int tls_fail(struct cr_err *err, const char *option, const char *path)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	cr_fail(err, CR_EXIT_TRUST, 0, "%s %s: %s", option, path, why ? why : "cannot be used");
	ERR_clear_error();
	return -EIO;
}

static int load_pair(const struct co *c, SSL_CTX *tls, struct cr_err *err)
{
	const char *cert = c->options.http_cert, *key = c->options.http_key;
	struct stat st;

	if (stat(key, &st))
		return cr_fail(err, CR_EXIT_TRUST, errno, "--http-key %s", key);
	if (st.st_mode & 07)
		return cr_fail(err, CR_EXIT_TRUST, 0,
			       "--http-key %s: everybody may read it or write to it (chmod o= %s)",
			       key, key);
	if (SSL_CTX_use_certificate_chain_file(tls, cert) != 1)
		return tls_fail(err, "--http-cert", cert);
	if (SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(tls) != 1)
		return tls_fail(err, "--http-key", key);
	return 0;
}

static int make_tls(const struct co *c, SSL_CTX **out, struct cr_err *err)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	int ret;

	if (!tls)
		return cr_fail(err, CR_EXIT_INTERNAL, ENOMEM, "TLS");
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	ret = load_pair(c, tls, err);
	if (ret)
		SSL_CTX_free(tls);
	else
		*out = tls;
	return ret;
}

/* ---- the socket ---- */

static int listen_at(const struct co *c, const struct sockaddr_storage *at, socklen_t len,
		     struct cr_err *err)
{
	int fd = socket(at->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	if (fd >= 0 && at->ss_family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (const struct sockaddr *)at, len) || listen(fd, co_door_backlog())) {
		cr_fail(err, CR_EXIT_CLUSTER, errno, "--http %s: cannot listen", c->options.http);
		cr_close_fd(&fd);
	}
	return fd;
}

/* As a person would write it: by a name of --http-host, or the host's own where all are meant. */
static void describe_place(const struct co *c, struct co_http_place *p)
{
	struct sockaddr_storage at = { 0 };
	socklen_t len = sizeof(at);
	char text[CR_ADDRESS_TEXT] = "", name[256] = "localhost", *port;

	if (getsockname(p->fd, (struct sockaddr *)&at, &len) || at.ss_family == AF_UNIX)
		return;
	cr_address_text((struct sockaddr *)&at, text);
	port = strrchr(text, ':');
	p->port = port ? atoi(port + 1) : 0;
	if (c->options.http_host && *c->options.http_host)
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(c->options.http_host, ", "),
			 c->options.http_host);
	else if (is_any(&at))
		gethostname(name, sizeof(name) - 1);
	else if (port)
		snprintf(name, sizeof(name), "%.*s", (int)(port - text), text);
	snprintf(p->url, sizeof(p->url), "%s://%s:%u", p->tls ? "https" : "http", name, p->port);
}

int co_http_place(const struct co *c, struct co_http_place *p, struct cr_err *err)
{
	struct sockaddr_storage at;
	socklen_t len;
	int ret;

	*p = (struct co_http_place){ .fd = -1 };
	ret = get_address(c, &at, &len, err);
	if (!ret && c->options.http_cert)
		ret = make_tls(c, &p->tls, err);
	if (ret)
		return ret;
	p->fd = listen_at(c, &at, len, err);
	if (p->fd < 0) {
		SSL_CTX_free(p->tls);
		p->tls = NULL;
		return -EIO;
	}
	describe_place(c, p);
	return 0;
}
