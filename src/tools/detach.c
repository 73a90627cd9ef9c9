// SPDX-License-Identifier: Apache-2.0
//
// Going into the background.
#include "tools/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/err.h"
#include "common/io.h"
#include "common/json.h"

static int ready = -1;

/* The job runs on where its name cannot be written, which is told all the same. */
static int detach_tell(const char *name, bool json)
{
	struct cr_json j = CR_JSON_TIGHT(stdout);
	struct cr_err err = { 0 };

	if (json) {
		cr_json_object(&j, NULL);
		cr_json_text(&j, "job", name);
		cr_json_end(&j);
	} else {
		printf("%s\n", name);
	}
	if (!cr_output_end(&err))
		return 0;
	if (json)
		cr_json_err_print(&err);
	else
		cr_err_print(&err);
	return err.status;
}

int cr_detach(const char *name, const char *directory, bool json, struct cr_err *err)
{
	cr_auto_fd log_fd = -1;
	char path[CR_PATH_MAX + 8];
	int p[2], status = CR_EXIT_INTERNAL;
	pid_t pid;

	snprintf(path, sizeof(path), "%s", directory);
	cr_mkdir_p(dirname(path), 0700);
	snprintf(path, sizeof(path), "%s.log", directory);
	if (isatty(1) || isatty(2)) {
		log_fd = cr_open_log(path);
		if (log_fd < 0)
			return cr_fail(err, CR_EXIT_IO, -log_fd,
				       "cannot open %s for the job's output (a file of one's own "
				       "with one name, if it is there)",
				       path);
	}
	if (pipe2(p, O_CLOEXEC))
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "pipe");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return cr_fail(err, CR_EXIT_INTERNAL, errno, "fork");
	if (pid) {
		close(p[1]);
		if (read(p[0], &status, sizeof(status)) != sizeof(status))
			status = CR_EXIT_INTERNAL;
		_exit(status ? status : detach_tell(name, json));
	}
	close(p[0]);
	ready = p[1];
	setsid();
	/* Changed before the job is started, so that it has these from its first moment. */
	if (isatty(0)) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

		dup2(null, 0);
		close(null);
	}
	if (isatty(1))
		dup2(log_fd, 1);
	if (isatty(2))
		dup2(log_fd, 2);
	return 0;
}

void cr_detach_done(int status)
{
	if (ready < 0)
		return;
	if (write(ready, &status, sizeof(status)) < 0)
		status = CR_EXIT_INTERNAL;
	cr_close_fd(&ready);
}
