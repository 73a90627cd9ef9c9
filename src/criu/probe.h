// SPDX-License-Identifier: Apache-2.0
//
// Whether CRIU works on this node, as it says itself. Hosted code; runs `criu check`.
#pragma once

struct cr_criu;
struct cr_err;

/*
 * Finds CRIU and has it check the kernel, which takes a tenth of a second. 0, or -errno with
 * CR_EXIT_BACKEND, as cr_criu_find(), or -EOPNOTSUPP if the check says no.
 */
int cr_criu_works(struct cr_criu *out, struct cr_err *err);
