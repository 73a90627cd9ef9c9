// SPDX-License-Identifier: Apache-2.0
//
// Addresses as users write them, and back. Names are looked up, which may block: only at the start
// of a program.
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "common/err.h"
#include "net/address.h"

/* Takes "HOST:PORT" apart in place; false if it has no such form. */
static bool split(char *text, char **host, const char **port)
{
	char *colon = strrchr(text, ':');

	*host = text;
	*port = NULL;
	if (*text == '[') {
		char *end = strchr(text, ']');

		if (!end || (end[1] && end[1] != ':'))
			return false;
		*host = text + 1;
		*port = end[1] ? end + 2 : NULL;
		*end = 0;
		return **host;
	}
	/* With several colons it is a V6 address without a port. */
	if (colon && colon == strchr(text, ':')) {
		*colon = 0;
		*port = colon + 1;
	}
	return **host || *port;
}

static bool good_port(const char *port)
{
	size_t n = strspn(port, "0123456789");

	return n && n <= 5 && !port[n] && strtoul(port, NULL, 10) <= 65535;
}

int cr_address_parse(const char *text, struct sockaddr_storage *out, socklen_t *len,
		     struct cr_err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICSERV | AI_PASSIVE };
	char copy[NI_MAXHOST + NI_MAXSERV], *host, standard[8];
	struct addrinfo *found;
	const char *port;
	int ret;

	snprintf(standard, sizeof(standard), "%d", CR_DEFAULT_PORT);
	if (strlen(text) >= sizeof(copy))
		return cr_fail(err, CR_EXIT_USAGE, EINVAL, "address of %zu characters",
			       strlen(text));
	strcpy(copy, text);
	if (!split(copy, &host, &port) || (port && !good_port(port))) {
		cr_fail(err, CR_EXIT_USAGE, 0,
			"'%s' is no address: HOST:PORT, [V6]:PORT, :PORT or HOST is wanted, "
			"with a port of 0 to 65535",
			text);
		return -EINVAL;
	}
	ret = getaddrinfo(*host ? host : NULL, port ? port : standard, &hints, &found);
	if (ret == EAI_AGAIN) {
		cr_fail(err, CR_EXIT_CLUSTER, 0, "'%s': no server of names answers", text);
		return -EAGAIN;
	}
	if (ret) {
		cr_fail(err, CR_EXIT_USAGE, 0, "'%s': the host is not known: %s", text,
			ret == EAI_SYSTEM ? strerror(errno) : gai_strerror(ret));
		return -EINVAL;
	}
	memset(out, 0, sizeof(*out));
	memcpy(out, found->ai_addr, found->ai_addrlen);
	*len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

const char *cr_address_text(const struct sockaddr *a, char text[CR_ADDRESS_TEXT])
{
	char host[INET6_ADDRSTRLEN];

	if (a->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)a;

		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(text, CR_ADDRESS_TEXT, "%s:%u", host, ntohs(v4->sin_port));
	} else if (a->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const void *)a;

		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		if (v6->sin6_scope_id)
			snprintf(text, CR_ADDRESS_TEXT, "[%s%%%u]:%u", host, v6->sin6_scope_id,
				 ntohs(v6->sin6_port));
		else
			snprintf(text, CR_ADDRESS_TEXT, "[%s]:%u", host, ntohs(v6->sin6_port));
	} else if (a->sa_family == AF_UNIX) {
		const struct sockaddr_un *un = (const void *)a;

		/* The other end of a connection has no name mostly. */
		snprintf(text, CR_ADDRESS_TEXT, "%.79s",
			 un->sun_path[0] ? un->sun_path : "a local socket");
	} else {
		snprintf(text, CR_ADDRESS_TEXT, "an unknown address");
	}
	return text;
}
