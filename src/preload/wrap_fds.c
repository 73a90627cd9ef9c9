// SPDX-License-Identifier: Apache-2.0
//
// Calls on descriptors that carry ids: owners and lock holders, groups and sessions of terminals,
// credentials that come with messages.
// Runs in: the application's threads. Before a restart without namespaces: the test of a flag.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "preload/agent_addresses.h"
#include "preload/agent_ids.h"
#include "preload/readable.h"
#include "preload/wrap_address.h"
#include "preload/wrappers.h"

/* ---- fcntl ---- */

static void turn_owner(struct f_owner_ex *owner, bool real)
{
	owner->pid = real ? agent_real(owner->pid) : agent_virtual(owner->pid);
}

static int fcntl_translated(int fd, int command, void *arg)
{
	struct f_owner_ex owner;
	int ret;

	switch (command) {
	case F_SETOWN:
		return CR_REAL(fcntl)(fd, command, (long)agent_real((long)arg));
	case F_GETOWN:
		return agent_virtual(CR_REAL(fcntl)(fd, command));
	case F_SETOWN_EX:
		if (!agent_readable(arg, sizeof(owner)))
			return CR_REAL(fcntl)(fd, command, arg);
		owner = *(struct f_owner_ex *)arg;
		turn_owner(&owner, true);
		return CR_REAL(fcntl)(fd, command, &owner);
	case F_GETOWN_EX:
		ret = CR_REAL(fcntl)(fd, command, arg);
		if (!ret)
			turn_owner(arg, false);
		return ret;
	case F_GETLK:
	case F_OFD_GETLK:
		ret = CR_REAL(fcntl)(fd, command, arg);
		if (!ret && ((struct flock *)arg)->l_type != F_UNLCK)
			((struct flock *)arg)->l_pid = agent_virtual(((struct flock *)arg)->l_pid);
		return ret;
	default:
		return CR_REAL(fcntl)(fd, command, arg);
	}
}

CR_WRAPPER int fcntl(int fd, int command, ...)
{
	void *arg;
	va_list ap;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (__builtin_expect(agent_ids_on, 0))
		return fcntl_translated(fd, command, arg);
	return CR_REAL(fcntl)(fd, command, arg);
}

CR_WRAPPER int fcntl64(int fd, int command, ...)
{
	void *arg;
	va_list ap;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	return fcntl(fd, command, arg);
}

/* ---- ioctl ---- */

static int ioctl_translated(int fd, unsigned long request, void *arg)
{
	int id, ret;

	switch (request) {
	case TIOCSPGRP:
	case FIOSETOWN:
	case SIOCSPGRP:
		if (!agent_readable(arg, sizeof(id)))
			return agent_result(cr_sys3(SYS_ioctl, fd, request, arg));
		id = agent_real(*(int *)arg);
		return agent_result(cr_sys3(SYS_ioctl, fd, request, &id));
	case TIOCGPGRP:
	case TIOCGSID:
	case FIOGETOWN:
	case SIOCGPGRP:
		ret = agent_result(cr_sys3(SYS_ioctl, fd, request, arg));
		if (!ret)
			*(int *)arg = agent_virtual(*(int *)arg);
		return ret;
	case TIOCGPTN:
		ret = agent_result(cr_sys3(SYS_ioctl, fd, request, arg));
		if (!ret)
			*(int *)arg = agent_virtual_of(CR_ID_PTS, *(int *)arg);
		return ret;
	default:
		return agent_result(cr_sys3(SYS_ioctl, fd, request, arg));
	}
}

CR_WRAPPER int ioctl(int fd, unsigned long request, ...)
{
	void *arg;
	va_list ap;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (__builtin_expect(agent_ids_on, 0))
		return ioctl_translated(fd, request, arg);
	return agent_result(cr_sys3(SYS_ioctl, fd, request, arg));
}

CR_WRAPPER pid_t tcgetpgrp(int fd)
{
	int group;

	return ioctl(fd, TIOCGPGRP, &group) ? -1 : group;
}

CR_WRAPPER int tcsetpgrp(int fd, pid_t group)
{
	return ioctl(fd, TIOCSPGRP, &group);
}

CR_WRAPPER pid_t tcgetsid(int fd)
{
	int sid;

	return ioctl(fd, TIOCGSID, &sid) ? -1 : sid;
}

/* ---- sockets ---- */

CR_WRAPPER int getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	int ret = agent_result(cr_sys5(SYS_getsockopt, fd, level, option, value, len));

	if (agent_ids_on && !ret && level == SOL_SOCKET && option == SO_PEERCRED &&
	    *len >= sizeof(struct ucred))
		((struct ucred *)value)->pid = agent_virtual(((struct ucred *)value)->pid);
	return ret;
}

static void turn_credentials(const struct msghdr *m, bool real)
{
	struct cmsghdr *c;
	struct ucred cred;

	if (m->msg_controllen && !agent_readable(m->msg_control, m->msg_controllen))
		return;
	for (c = m->msg_controllen ? CMSG_FIRSTHDR(m) : NULL; c;
	     c = CMSG_NXTHDR((struct msghdr *)m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS ||
		    c->cmsg_len < CMSG_LEN(sizeof(cred)))
			continue;
		memcpy(&cred, CMSG_DATA(c), sizeof(cred));
		cred.pid = real ? agent_real(cred.pid) : agent_virtual(cred.pid);
		memcpy(CMSG_DATA(c), &cred, sizeof(cred));
	}
}

/* In a copy, unless it is large: then turned for as long as the kernel looks. */
CR_WRAPPER ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	_Alignas(struct cmsghdr) char control[1024];
	struct sockaddr_in6 room;
	struct msghdr copy, own;
	ssize_t ret;

	if (__builtin_expect(agent_addresses_on, 0))
		m = agent_message_real(fd, m, &copy, &room);
	if (__builtin_expect(!agent_ids_on, 1) || !m || !agent_readable(m, sizeof(*m)) ||
	    !m->msg_controllen)
		return CR_REAL(sendmsg)(fd, m, flags);
	if (m->msg_controllen <= sizeof(control) &&
	    agent_readable(m->msg_control, m->msg_controllen)) {
		own = *m;
		own.msg_control = memcpy(control, m->msg_control, m->msg_controllen);
		turn_credentials(&own, true);
		return CR_REAL(sendmsg)(fd, &own, flags);
	}
	turn_credentials(m, true);
	ret = CR_REAL(sendmsg)(fd, m, flags);
	turn_credentials(m, false);
	return ret;
}

static void turn_name(int fd, struct msghdr *m, socklen_t room)
{
	if (m->msg_name && m->msg_namelen && m->msg_namelen <= room)
		agent_address_virtual(fd, m->msg_name, m->msg_namelen);
}

CR_WRAPPER ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	socklen_t room = __builtin_expect(agent_addresses_on, 0) && m &&
					 agent_readable(m, sizeof(*m)) ?
				 m->msg_namelen :
				 0;
	ssize_t ret = CR_REAL(recvmsg)(fd, m, flags);

	if (agent_ids_on && ret >= 0)
		turn_credentials(m, false);
	if (__builtin_expect(agent_addresses_on, 0) && ret >= 0)
		turn_name(fd, m, room);
	return ret;
}

/* Some at a time, as their addresses need room. */
static int sendmmsg_real(int fd, struct mmsghdr *m, unsigned int n, int flags)
{
	struct sockaddr_in6 room[16];
	unsigned int i, at = 0;
	void *names[16];
	int ret;

	do {
		unsigned int some = n - at < 16 ? n - at : 16;

		for (i = 0; i < some; i++) {
			struct msghdr copy;

			names[i] = m[at + i].msg_hdr.msg_name;
			m[at + i].msg_hdr.msg_name =
				agent_message_real(fd, &m[at + i].msg_hdr, &copy, &room[i])
					->msg_name;
		}
		ret = CR_REAL(sendmmsg)(fd, m + at, some, flags);
		for (i = 0; i < some; i++)
			m[at + i].msg_hdr.msg_name = names[i];
		if (ret < 0)
			return at ? (int)at : ret;
		at += ret;
		if ((unsigned int)ret < some)
			break;
	} while (at < n);
	return at;
}

CR_WRAPPER int sendmmsg(int fd, struct mmsghdr *m, unsigned int n, int flags)
{
	unsigned int i;
	int ret;

	if ((agent_ids_on || agent_addresses_on) && !agent_readable(m, (size_t)n * sizeof(*m)))
		return CR_REAL(sendmmsg)(fd, m, n, flags);
	for (i = 0; agent_ids_on && i < n; i++)
		turn_credentials(&m[i].msg_hdr, true);
	if (__builtin_expect(agent_addresses_on, 0) && n)
		ret = sendmmsg_real(fd, m, n, flags);
	else
		ret = CR_REAL(sendmmsg)(fd, m, n, flags);
	for (i = 0; agent_ids_on && i < n; i++)
		turn_credentials(&m[i].msg_hdr, false);
	return ret;
}

/* How long an address may be is known only before the call: all that are complete are turned. */
CR_WRAPPER int recvmmsg(int fd, struct mmsghdr *m, unsigned int n, int flags, struct timespec *t)
{
	socklen_t room = __builtin_expect(agent_addresses_on, 0) && n &&
					 agent_readable(m, sizeof(*m)) ?
				 m[0].msg_hdr.msg_namelen :
				 0;
	int ret = CR_REAL(recvmmsg)(fd, m, n, flags, t), i;

	for (i = 0; agent_ids_on && i < ret; i++)
		turn_credentials(&m[i].msg_hdr, false);
	for (i = 0; __builtin_expect(agent_addresses_on, 0) && i < ret; i++)
		turn_name(fd, &m[i].msg_hdr, room);
	return ret;
}
