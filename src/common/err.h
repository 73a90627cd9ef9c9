// SPDX-License-Identifier: Apache-2.0
//
// Errors: what, which, what to do, and the exit status that they lead to. Fixed size, no
// allocation. Functions fill one and return -errno; the outermost caller prints it, once.
#pragma once

#include <stdarg.h>
#include <stdbool.h>

#include "cairn/exit_codes.h"

struct cr_err {
	int status; /* enum cairn_exit */
	int error; /* errno value, 0 if none */
	char text[768];
};

/* For crctl check: what prevents a checkpoint, or would come back different. */
struct cr_remark {
	bool prevents;
	char text[768];
};

/*
 * Fills *err (a later failure does not overwrite an earlier one: the first is the cause) and
 * returns -error, or -EIO if error is 0. A positive error is spelled out after the text.
 */
int cr_fail(struct cr_err *err, int status, int error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Empties it for the next use. */
void cr_err_clear(struct cr_err *err);

/* Of a daemon: lines on stderr have the time from now on, unless the journal notes it. */
void cr_log_begin(void);

/* --log: lines as people read them, or an object of JSON each. */
enum cr_log_form { CR_LOG_TEXT, CR_LOG_JSON };
void cr_log_as(enum cr_log_form form);

/* "PROGRAM: text" on stderr. */
void cr_err_print(const struct cr_err *err);

/*
 * For the end of a command that has printed its answer: 0 if all of it has left the process, else
 * CR_EXIT_IO with the reason (a full disk, a closed descriptor). An earlier failure is kept, but a
 * status without text, which an answer explains, is not: that answer is lost.
 */
int cr_output_end(struct cr_err *err);

/* One line on stderr that is no failure. */
void cr_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct cr_log_field {
	const char *key; /* NULL: behind the last one */
	const char *text; /* NULL: a number */
	long long number;
};

/* One line of that level (info, warning): as JSON text and the fields, else plain. */
void cr_log_event(const char *level, const struct cr_log_field *fields, const char *text,
		  const char *plain);
