// SPDX-License-Identifier: Apache-2.0
//
// crrsh has two parts: the one that is called, in a member of a job, and the one that it has
// started in another member, which runs the command. A link of their own carries the command's
// three streams. Both are ordinary programs of the job: they are saved and restored with it, and so
// is the connection between them, of which neither knows anything.
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

/* What both prove to each other: hexadecimal, in the environment, where nobody else reads it. */
#define CR_RSH_KEY_ENV "CRRSH_KEY"

struct cr_rsh_options {
	const char *node;
	char **command; /* ends with NULL */
	const char *serve; /* addresses, divided by commas; NULL: the part that is called */
	double timeout; /* seconds until the other part must be there */
	bool no_input; /* -n */
	const char *user; /* -l, looked at already */
	bool help, version;
};
