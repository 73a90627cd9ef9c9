// SPDX-License-Identifier: Apache-2.0
//
// UDP sockets.
#include "objects/inet.h"

int cr_udp_save(struct cr_save *s, struct cr_inet *k, struct cr_err *err)
{
	return cr_fail(err, CR_EXIT_UNSUPPORTED, 0,
		       "process %d has a UDP socket (fd %d), which cannot be saved yet; the job "
		       "goes on",
		       k->pid, k->number);
}

int cr_udp_restore(struct cr_restore *r, struct cr_inet_new *all, size_t n, struct cr_err *err)
{
	return 0;
}
