// SPDX-License-Identifier: Apache-2.0
//
// crnode: the daemon that makes a host a node of a cluster.
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/ready.h"
#include "common/xalloc.h"
#include "node/node_run.h"

/* The same process as a new program, whose file may be another by now. */
static int crnode_again(char **argv)
{
	cr_notify("RELOADING=1");
	execvp(argv[0], argv);
	cr_say("cannot execute %s again: %s", argv[0], strerror(errno));
	return CR_EXIT_CANNOT_RUN;
}

int main(int argc, char **argv)
{
	struct cr_node *n = cr_xcalloc(1, sizeof(*n));
	struct cr_err err = { 0 };
	int status;

	event_set_mem_functions(cr_xmalloc, cr_xrealloc, free);
	if (cr_node_options(&n->options, argc, argv, &err)) {
		cr_err_print(&err);
		return err.status;
	}
	if (n->options.help)
		cr_node_usage();
	else if (n->options.version)
		printf("crnode (Cairn) " PACKAGE_VERSION "\n");
	if (n->options.help || n->options.version) {
		if (cr_output_end(&err))
			cr_err_print(&err);
		return err.status;
	}
	cr_log_begin();
	cr_log_as(n->options.log);
	status = cr_node_init(n, argv, &err) ? err.status : cr_node_run(n);
	if (err.status)
		cr_err_print(&err);
	cr_node_free(n);
	if (n->again)
		return crnode_again(argv);
	free(n);
	return status;
}
