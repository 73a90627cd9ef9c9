// SPDX-License-Identifier: Apache-2.0
//
// --notice: the cloud is asked whether it takes this machine back; see notice.c.
#pragma once

#include "node/node.h"

enum cr_notice_from {
	CR_NOTICE_NONE,
	CR_NOTICE_AWS,
	CR_NOTICE_GCP,
	CR_NOTICE_AZURE,
	CR_NOTICE_FILE,
};

int cr_notice_start(struct cr_node *n, struct cr_err *err);
void cr_notice_stop(struct cr_node *n);
/* Where it is asked by default; NULL: it must be told. */
const char *cr_notice_address(enum cr_notice_from from);
