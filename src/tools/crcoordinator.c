// SPDX-License-Identifier: Apache-2.0
//
// crcoordinator: holds a cluster together. One per cluster; it may die and come back at any time.
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/xalloc.h"
#include "coordinator/server.h"

static int crcoordinator_run(struct co *c, struct cr_err *err)
{
	int ret;

	cr_log_begin();
	cr_log_as(c->options.log);
	ret = co_init(c, err);
	if (!ret)
		ret = co_listen(c, err);
	if (!ret)
		ret = co_run(c);
	co_free(c);
	return ret;
}

int main(int argc, char **argv)
{
	struct cr_err err = { 0 };
	struct co *c = cr_xcalloc(1, sizeof(*c));
	int ret;

	event_set_mem_functions(cr_xmalloc, cr_xrealloc, free);
	ret = cr_coordinator_options(&c->options, argc, argv, &err);
	if (!ret && c->options.help)
		cr_coordinator_usage();
	else if (!ret && c->options.version)
		printf("crcoordinator (Cairn) " PACKAGE_VERSION "\n");
	else if (!ret && c->options.init)
		ret = cr_trust_make_key(c->options.init, &err);
	else if (!ret)
		ret = crcoordinator_run(c, &err);
	if (cr_output_end(&err) || ret)
		cr_err_print(&err);
	free(c);
	return err.status;
}
