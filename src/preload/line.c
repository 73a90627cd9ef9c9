// SPDX-License-Identifier: Apache-2.0
//
// The line to the shepherd: how the agent connects, and how a message goes out.
// Runs in: the agent's handler, and where cairn.h's functions are called. Raw system calls only.
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "preload/line.h"
#include "preload/state.h"
#include "preload/agent_text.h"

int agent_connect(const char *suffix)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t n = strnlen(cr_agent.config.socket, CR_SOCKET_NAME_MAX);
	struct ucred peer;
	socklen_t len = sizeof(peer);
	long fd, ret;

	fd = CR_WITH_ROOM(cr_sys3(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return fd;
	memcpy(addr.sun_path + 1, cr_agent.config.socket, n);
	memcpy(addr.sun_path + 1 + n, suffix, strlen(suffix));
	n += strlen(suffix);
	do
		ret = cr_sys3(SYS_connect, fd, &addr,
			      offsetof(struct sockaddr_un, sun_path) + 1 + n);
	while (ret == -EINTR);
	/* An abstract name can be taken by anyone once the shepherd is gone. */
	if (!ret)
		ret = cr_sys5(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	if (!ret && peer.uid && peer.uid != (uid_t)cr_sys0(SYS_geteuid))
		ret = -EPERM;
	if (ret) {
		cr_sys1(SYS_close, fd);
		return ret;
	}
	return fd;
}

int agent_call_shepherd(void)
{
	int sock = cr_agent.sock >= 0 ? cr_agent.sock : agent_connect("");

	if (sock < 0)
		return sock;
	cr_agent.sock = sock;
	return 0;
}

int agent_send(const int *fds, int nfds)
{
	return cr_wire_send(cr_agent.sock, &cr_agent.wire, cairn_AgentMsg_fields, &cr_agent.out,
			    fds, nfds);
}
