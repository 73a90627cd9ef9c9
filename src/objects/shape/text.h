// SPDX-License-Identifier: Apache-2.0
//
// Numbers and names as people read them. Small texts are returned by value, to be printed at once.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cr_text {
	char s[120];
};

/*
 * A line of output: what it is made of may be an image's, so whatever is no printable character is
 * written as \xNN. Blanks at its end are left out.
 */
void cr_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct cr_text cr_bytes(uint64_t bytes);
/* "-" for none. */
struct cr_text cr_some_bytes(uint64_t bytes);
struct cr_text cr_percent(uint64_t part, uint64_t whole);
/* "one thing", "3 things" */
struct cr_text cr_count(uint64_t n, const char *thing);
struct cr_text cr_local_time(uint64_t wall_ns);
struct cr_text cr_utc(uint64_t wall_ns);
/* A span of time in a fitting unit. */
struct cr_text cr_duration(int64_t ns);
struct cr_text cr_user_name(uint32_t uid);
/* An address of the inet families, or a unix socket's name. */
struct cr_text cr_endpoint_text(const void *addr, size_t len);
struct cr_text cr_unix_name(const void *name, size_t len);
struct cr_text cr_signal_name(int number);
struct cr_text cr_exit_text(int wait_status);

/* Appends to a text of some room, as far as there is some. */
void cr_append(char *to, size_t room, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
