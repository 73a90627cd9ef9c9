// SPDX-License-Identifier: Apache-2.0
//
// Calls with internet addresses. A job of several members that was restarted on other nodes goes on
// with the addresses that it had: what it connects, binds and sends to is turned into what is there
// now, and what the kernel tells back.
// Runs in: the application's threads. Before such a restart: the test of a flag. An address that
// the table does not name, and every other family's, passes as it is.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "preload/agent_addresses.h"
#include "preload/agent_ids.h"
#include "preload/readable.h"
#include "preload/wrap_address.h"
#include "preload/wrappers.h"

/* ---- to the kernel ---- */

/* In *room if it is another there, else name itself. */
static const struct sockaddr *real_name(int fd, const void *name, socklen_t len,
					struct sockaddr_in6 *room)
{
	if (!name || len < sizeof(struct sockaddr_in) || len > sizeof(*room) ||
	    !agent_readable(name, len))
		return name;
	memcpy(room, name, len);
	return cr_address_real(&agent_addresses, agent_addresses.ports ? agent_socket_type(fd) : 0,
			       room, len) ?
		       (const struct sockaddr *)room :
		       name;
}

CR_WRAPPER int connect(int fd, __CONST_SOCKADDR_ARG name, socklen_t len)
{
	const struct sockaddr *to = name.__sockaddr__;
	struct sockaddr_in6 room;

	if (__builtin_expect(agent_addresses_on, 0))
		to = real_name(fd, to, len, &room);
	return CR_REAL(connect)(fd, to, len);
}

CR_WRAPPER int bind(int fd, __CONST_SOCKADDR_ARG name, socklen_t len)
{
	const struct sockaddr *to = name.__sockaddr__;
	struct sockaddr_in6 room;

	if (__builtin_expect(agent_addresses_on, 0))
		to = real_name(fd, to, len, &room);
	return CR_REAL(bind)(fd, to, len);
}

CR_WRAPPER ssize_t sendto(int fd, const void *data, size_t size, int flags,
			  __CONST_SOCKADDR_ARG name, socklen_t len)
{
	const struct sockaddr *to = name.__sockaddr__;
	struct sockaddr_in6 room;

	if (__builtin_expect(agent_addresses_on, 0))
		to = real_name(fd, to, len, &room);
	return CR_REAL(sendto)(fd, data, size, flags, to, len);
}

const struct msghdr *agent_message_real(int fd, const struct msghdr *m, struct msghdr *copy,
					struct sockaddr_in6 *room)
{
	const void *name = m && agent_readable(m, sizeof(*m)) && m->msg_name ?
				   real_name(fd, m->msg_name, m->msg_namelen, room) :
				   NULL;

	if (!name || name == m->msg_name)
		return m;
	*copy = *m;
	copy->msg_name = (void *)name;
	return copy;
}

/* ---- from the kernel ---- */

void agent_address_virtual(int fd, void *name, socklen_t len)
{
	cr_address_virtual(&agent_addresses, agent_addresses.ports ? agent_socket_type(fd) : 0,
			   name, len);
}

static int wrap_address_ask(int (*real)(int, __SOCKADDR_ARG, socklen_t *), int fd,
			    struct sockaddr *to, socklen_t *len)
{
	struct sockaddr_storage name;
	unsigned int life;
	socklen_t n;
	int ret;

	/* With bad ones the kernel says so. */
	if (!to || !len || !agent_readable(len, sizeof(*len)) || !agent_readable(to, *len))
		return real(fd, to, len);
	/* A restart can come between the question and the translation: then it is asked again. */
	do {
		life = __atomic_load_n(&agent_life, __ATOMIC_RELAXED);
		n = sizeof(name);
		ret = real(fd, (struct sockaddr *)&name, &n);
		if (!ret && n <= sizeof(name))
			agent_address_virtual(fd, &name, n);
	} while (life != __atomic_load_n(&agent_life, __ATOMIC_RELAXED));
	if (ret)
		return ret;
	memcpy(to, &name, *len < n ? *len : n);
	*len = n;
	return 0;
}

CR_WRAPPER int getsockname(int fd, __SOCKADDR_ARG name, socklen_t *len)
{
	if (__builtin_expect(agent_addresses_on, 0))
		return wrap_address_ask(CR_REAL(getsockname), fd, name.__sockaddr__, len);
	return CR_REAL(getsockname)(fd, name, len);
}

CR_WRAPPER int getpeername(int fd, __SOCKADDR_ARG name, socklen_t *len)
{
	if (__builtin_expect(agent_addresses_on, 0))
		return wrap_address_ask(CR_REAL(getpeername), fd, name.__sockaddr__, len);
	return CR_REAL(getpeername)(fd, name, len);
}

CR_WRAPPER ssize_t recvfrom(int fd, void *data, size_t size, int flags, __SOCKADDR_ARG name,
			    socklen_t *len)
{
	socklen_t room = __builtin_expect(agent_addresses_on, 0) && len &&
					 agent_readable(len, sizeof(*len)) ?
				 *len :
				 0;
	ssize_t ret = CR_REAL(recvfrom)(fd, data, size, flags, name, len);

	if (__builtin_expect(agent_addresses_on, 0) && ret >= 0 && name.__sockaddr__ && len &&
	    *len <= room)
		agent_address_virtual(fd, name.__sockaddr__, *len);
	return ret;
}
