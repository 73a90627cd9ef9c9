// SPDX-License-Identifier: Apache-2.0
//
// `criu check`. Runs in crnode when it starts. What it says is not remembered by CRIU or us; a
// kernel or a program that changes later shows when a checkpoint fails.
#include "criu/probe.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "criu/find.h"
#include "criu/log.h"

int cr_criu_works(struct cr_criu *out, struct cr_err *err)
{
	char *argv[] = { out->path, "check", NULL, NULL };
	int ret = cr_criu_find(out, err), status;
	char text[16384], cause[400];

	if (ret)
		return ret;
	if (out->unprivileged)
		argv[2] = "--unprivileged";
	status = cr_criu_run(argv, text, sizeof(text));
	if (status < 0)
		return cr_fail(err, CR_EXIT_BACKEND, -status, "%s check", out->path);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	cr_criu_cause(text, cause, sizeof(cause));
	cr_fail(err, CR_EXIT_BACKEND, 0, "`%s check%s` fails: %s", out->path,
		out->unprivileged ? " --unprivileged" : "", *cause ? cause : "it does not say why");
	return -EOPNOTSUPP;
}
