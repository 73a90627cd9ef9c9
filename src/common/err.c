// SPDX-License-Identifier: Apache-2.0
//
// Errors of hosted code. The agent has its own few numbers (agent.proto: Failure), which the
// shepherd turns into these.
#include "common/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int cr_fail(struct cr_err *err, int status, int error, const char *format, ...)
{
	va_list ap;
	size_t n;

	if (err && !err->status) {
		err->status = status;
		err->error = error;
		va_start(ap, format);
		vsnprintf(err->text, sizeof(err->text), format, ap);
		va_end(ap);
		n = strlen(err->text);
		if (error > 0 && n + 2 < sizeof(err->text))
			snprintf(err->text + n, sizeof(err->text) - n, ": %s", strerror(error));
	}
	return error > 0 ? -error : -EIO;
}

void cr_err_clear(struct cr_err *err)
{
	err->status = 0;
	err->error = 0;
	err->text[0] = 0;
}

void cr_err_print(const struct cr_err *err)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, err->text);
}

void cr_say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
}
