// SPDX-License-Identifier: Apache-2.0
//
// crrestart --check: what is in the way of a restart on this node.
#pragma once

struct cr_err;
struct cr_restart;

/*
 * crrestart_check.c: prints all that is in the way of restarting the image at path here. 0, with
 * err->status set if it would not work; find is the choice of the backend.
 */
int cr_check_restart(struct cr_restart *r, const char *path,
		     int (*find)(struct cr_restart *r, struct cr_err *err), struct cr_err *err);
