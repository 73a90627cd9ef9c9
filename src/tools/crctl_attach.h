// SPDX-License-Identifier: Apache-2.0
//
// crctl becomes the shepherd of something that runs; argv[0] is the verb.
#pragma once

struct cr_ctl;

int cr_attach(int argc, char **argv);
/* The verb has options of its own: it must come first. */
int cr_attach_first(struct cr_ctl *c);
