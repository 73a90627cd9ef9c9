// SPDX-License-Identifier: Apache-2.0
//
// The node's lease as shepherds see it: a file beside crnode's socket, SOCKET.lease, which crnode
// writes and shepherds map. So a renewal reaches every member at once, even while crnode is busy.
//
// Invariant: until only grows while the lease lasts. Once it has been over, another generation
// begins, and who was there before has ended: a member goes by the generation that it began in.
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#define CR_LEASE_PAGE_SUFFIX ".lease"
#define CR_LEASE_PAGE_MAGIC 0x43524c31u

struct cr_lease_page {
	uint32_t magic, unused;
	_Atomic uint64_t generation; /* written before until, read after it */
	_Atomic int64_t until_ns; /* CLOCK_BOOTTIME of the host */
};
