// SPDX-License-Identifier: Apache-2.0
//
// Writing JSON. A writer keeps track of commas and of what is open, so that what is written by it
// is always well formed; a field has a key, an element of an array NULL. Hosted code.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct cr_err;

#define CR_JSON_DEPTH 16

struct cr_json {
	FILE *out;
	unsigned int depth;
	bool tight; /* no blanks */
	bool lines; /* elements of arrays in the outermost object have lines of their own */
	bool more[CR_JSON_DEPTH]; /* something stands before, at each depth */
	char end[CR_JSON_DEPTH];
};

#define CR_JSON_TIGHT(file)                   \
	{                                     \
		.out = (file), .tight = true, \
	}

void cr_json_object(struct cr_json *j, const char *key);
void cr_json_array(struct cr_json *j, const char *key);
/* Ends the innermost object or array; with the outermost, the line. */
void cr_json_end(struct cr_json *j);

void cr_json_text(struct cr_json *j, const char *key, const char *value);
/* Bytes that may hold zeros. */
void cr_json_bytes(struct cr_json *j, const char *key, const void *value, size_t len);
void cr_json_hex(struct cr_json *j, const char *key, const void *value, size_t len);
/* 0x…: JSON's numbers are exact only up to 2^53. */
void cr_json_address(struct cr_json *j, const char *key, uint64_t value);
void cr_json_int(struct cr_json *j, const char *key, int64_t value);
void cr_json_size(struct cr_json *j, const char *key, uint64_t value);
/* To three digits; null if it is no number. */
void cr_json_real(struct cr_json *j, const char *key, double value);
void cr_json_bool(struct cr_json *j, const char *key, bool value);
void cr_json_null(struct cr_json *j, const char *key);

/* With quotes. Bytes that are no UTF-8 are written as the characters of the same number. */
void cr_json_string(FILE *out, const char *text);

/* As cr_err_print(), where JSON is wanted: {"status": …, "error": …} on stderr, as HTTP has it. */
void cr_json_err_print(const struct cr_err *err);
