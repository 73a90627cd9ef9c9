// SPDX-License-Identifier: Apache-2.0
//
// Writing JSON. What is opened beyond the depth that is kept is a mistake in the caller and left
// out.
#include "common/json.h"

#include <math.h>
#include <string.h>

#include "common/err.h"

/* Length of the character of UTF-8 at p, 0 if there is none. */
static size_t utf8(const unsigned char *p, size_t len)
{
	size_t n = p[0] >= 0xc2 && p[0] < 0xe0 ? 2 :
		   p[0] >= 0xe0 && p[0] < 0xf0 ? 3 :
		   p[0] >= 0xf0 && p[0] < 0xf5 ? 4 :
						 0;
	size_t i;

	if (!n || n > len)
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Written longer than needed, halves of pairs, and beyond the last. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;
	return n;
}

static void json_put_bytes(FILE *out, const void *text, size_t len)
{
	const unsigned char *p = text, *end = p + len;
	size_t n;

	fputc('"', out);
	for (; p < end; p++) {
		n = utf8(p, end - p);
		if (n) {
			fwrite(p, 1, n, out);
			p += n - 1;
		} else if (*p == '"' || *p == '\\') {
			fprintf(out, "\\%c", *p);
		} else if (*p < 0x20 || *p >= 0x7f) {
			fprintf(out, "\\u%04x", *p);
		} else {
			fputc(*p, out);
		}
	}
	fputc('"', out);
}

void cr_json_string(FILE *out, const char *text)
{
	json_put_bytes(out, text, strlen(text));
}

static void json_begin(struct cr_json *j, const char *key)
{
	if (j->more[j->depth])
		fputs(j->tight ? "," : ", ", j->out);
	if (j->lines && j->depth == 2 && j->end[2] == ']')
		fputc('\n', j->out);
	j->more[j->depth] = true;
	if (!key)
		return;
	cr_json_string(j->out, key);
	fputs(j->tight ? ":" : ": ", j->out);
}

static void open_as(struct cr_json *j, const char *key, const char *ends)
{
	if (j->depth + 1 >= CR_JSON_DEPTH)
		return;
	json_begin(j, key);
	fputc(ends[0], j->out);
	j->end[++j->depth] = ends[1];
	j->more[j->depth] = false;
}

void cr_json_object(struct cr_json *j, const char *key)
{
	open_as(j, key, "{}");
}

void cr_json_array(struct cr_json *j, const char *key)
{
	open_as(j, key, "[]");
}

void cr_json_end(struct cr_json *j)
{
	if (!j->depth)
		return;
	fputc(j->end[j->depth--], j->out);
	if (!j->depth)
		fputc('\n', j->out);
}

void cr_json_text(struct cr_json *j, const char *key, const char *value)
{
	json_begin(j, key);
	cr_json_string(j->out, value);
}

void cr_json_bytes(struct cr_json *j, const char *key, const void *value, size_t len)
{
	json_begin(j, key);
	json_put_bytes(j->out, value, len);
}

void cr_json_hex(struct cr_json *j, const char *key, const void *value, size_t len)
{
	const unsigned char *p = value;

	json_begin(j, key);
	fputc('"', j->out);
	for (; len--; p++)
		fprintf(j->out, "%02x", *p);
	fputc('"', j->out);
}

void cr_json_address(struct cr_json *j, const char *key, uint64_t value)
{
	json_begin(j, key);
	fprintf(j->out, "\"%#llx\"", (unsigned long long)value);
}

void cr_json_int(struct cr_json *j, const char *key, int64_t value)
{
	json_begin(j, key);
	fprintf(j->out, "%lld", (long long)value);
}

void cr_json_size(struct cr_json *j, const char *key, uint64_t value)
{
	json_begin(j, key);
	fprintf(j->out, "%llu", (unsigned long long)value);
}

void cr_json_real(struct cr_json *j, const char *key, double value)
{
	json_begin(j, key);
	if (isfinite(value))
		fprintf(j->out, "%.3f", value);
	else
		fputs("null", j->out);
}

void cr_json_bool(struct cr_json *j, const char *key, bool value)
{
	json_begin(j, key);
	fputs(value ? "true" : "false", j->out);
}

void cr_json_null(struct cr_json *j, const char *key)
{
	json_begin(j, key);
	fputs("null", j->out);
}

void cr_json_err_print(const struct cr_err *err)
{
	struct cr_json j = CR_JSON_TIGHT(stderr);

	cr_json_object(&j, NULL);
	cr_json_int(&j, "status", err->status);
	cr_json_text(&j, "error", err->text);
	cr_json_end(&j);
}
