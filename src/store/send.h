// SPDX-License-Identifier: Apache-2.0
//
// The sending side of one connection.
#pragma once

struct cr_conn;
struct cr_err;
struct cr_place;
struct cr_shipment;

enum cr_sent {
	CR_SENT, /* the peer has it */
	CR_SENT_BROKEN, /* try again */
	CR_SENT_REFUSED, /* and will be: err tells why */
	CR_SENT_DAMAGED, /* ours */
	CR_SENT_GONE, /* ours was given up, or dropped */
};
/* One connection's life. The place is open. */
enum cr_sent cr_send(struct cr_shipment *sh, struct cr_conn *c, const struct cr_place *p,
		     struct cr_err *err);
