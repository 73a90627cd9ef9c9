// SPDX-License-Identifier: Apache-2.0
//
// Messages over SEQPACKET sockets. Runs in hosted code and in the agent: no allocation, no errno,
// nothing beyond raw system calls, memcpy and nanopb.
#include "common/wire.h"

#include <errno.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>
#include <sys/socket.h>

#include "arch/x86_64/syscall.h"
#include "common/scm.h"

int cr_wire_send(int sock, struct cr_wire *wire, const pb_msgdesc_t *type, const void *msg,
		 const int *fds, int nfds)
{
	pb_ostream_t out = pb_ostream_from_buffer(wire->buf, sizeof(wire->buf));
	CR_RIGHTS_ROOM(CR_WIRE_FDS) control;
	struct iovec iov = { .iov_base = wire->buf };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };
	long ret;

	if (!pb_encode(&out, type, msg))
		return -EMSGSIZE;
	/* An empty packet would look like the end of the connection. */
	if (!out.bytes_written)
		wire->buf[out.bytes_written++] = 0;
	iov.iov_len = out.bytes_written;
	if (nfds)
		cr_rights_put(&hdr, &control, fds, nfds);
	do
		ret = cr_sys3(SYS_sendmsg, sock, &hdr, MSG_NOSIGNAL);
	while (ret == -EINTR);
	return ret < 0 ? (int)ret : 0;
}

int cr_wire_recv(int sock, struct cr_wire *wire, const pb_msgdesc_t *type, void *msg, int *fds,
		 int *nfds, int flags)
{
	CR_RIGHTS_ROOM(CR_WIRE_FDS) control;
	struct iovec iov = { .iov_base = wire->buf, .iov_len = sizeof(wire->buf) };
	struct msghdr hdr = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	pb_istream_t in;
	size_t came = 0;
	long ret;

	if (nfds)
		*nfds = 0;
	do
		ret = cr_sys3(SYS_recvmsg, sock, &hdr, MSG_CMSG_CLOEXEC | flags);
	while (ret == -EINTR);
	if (ret < 0)
		return ret == -ECONNRESET ? 0 : (int)ret;
	if (!ret)
		return 0;
	cr_rights_take(&hdr, fds, fds && nfds ? CR_WIRE_FDS : 0, &came);
	if (nfds)
		*nfds = came;
	if (hdr.msg_flags & MSG_TRUNC)
		return -EPROTO;
	/* The one zero byte that stands for an empty message. */
	if (ret == 1 && !wire->buf[0])
		ret = 0;
	in = pb_istream_from_buffer(wire->buf, ret);
	return pb_decode(&in, type, msg) ? 1 : -EPROTO;
}
