// SPDX-License-Identifier: Apache-2.0
//
// Errors of hosted code. The agent has its own few numbers (agent.proto: Failure), which the
// shepherd turns into these.
#include "common/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/json.h"

static bool timed; /* lines begin with the time */
static bool as_json; /* lines are objects */

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

void cr_log_begin(void)
{
	const char *journal = getenv("JOURNAL_STREAM");
	unsigned long dev, ino;
	struct stat st;

	/* The variable is inherited by those whose stderr is another by now. */
	timed = !journal || sscanf(journal, "%lu:%lu", &dev, &ino) != 2 ||
		fstat(STDERR_FILENO, &st) || st.st_dev != dev || st.st_ino != ino;
}

void cr_log_as(enum cr_log_form form)
{
	as_json = form == CR_LOG_JSON;
}

/* RFC 3339, UTC. */
static void put_time(char out[32])
{
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, 32 - n, ".%03ldZ", now.tv_nsec / 1000000);
}

/* One write, so that lines of several processes do not mix. */
static void say_json(const char *level, const struct cr_log_field *f, const char *text)
{
	struct cr_json j = { .tight = true };
	char now[32], *line = NULL;
	size_t len = 0;

	j.out = open_memstream(&line, &len);
	if (!j.out)
		return;
	put_time(now);
	cr_json_object(&j, NULL);
	cr_json_text(&j, "time", now);
	cr_json_text(&j, "level", level);
	cr_json_text(&j, "component", program_invocation_short_name);
	cr_json_text(&j, "text", text);
	for (; f && f->key; f++) {
		if (f->text)
			cr_json_text(&j, f->key, f->text);
		else
			cr_json_int(&j, f->key, f->number);
	}
	cr_json_end(&j);
	if (!fclose(j.out))
		fwrite(line, 1, len, stderr);
	free(line);
}

/* One write, so that lines of several processes do not mix. */
static void err_say(const char *level, const char *text)
{
	char now[32] = "", line[1024];

	if (as_json) {
		say_json(level, NULL, text);
		return;
	}
	if (timed)
		put_time(now);
	snprintf(line, sizeof(line), "%s%s%s: %s", now, timed ? " " : "",
		 program_invocation_short_name, text);
	fprintf(stderr, "%s\n", line);
}

void cr_err_print(const struct cr_err *err)
{
	err_say("error", err->text);
}

int cr_output_end(struct cr_err *err)
{
	int error = fflush(stdout) ? errno : 0;

	if (!error && !ferror(stdout))
		return 0;
	if (!err->text[0])
		cr_err_clear(err);
	return cr_fail(err, CR_EXIT_IO, error, "cannot write to standard output");
}

void cr_say(const char *format, ...)
{
	char text[896];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	err_say("info", text);
}

void cr_log_event(const char *level, const struct cr_log_field *fields, const char *text,
		  const char *plain)
{
	if (as_json)
		say_json(level, fields, text);
	else
		err_say(level, plain);
}
