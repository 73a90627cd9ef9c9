// SPDX-License-Identifier: Apache-2.0
//
// Messages as JSON, by the lists of fields that nanopb makes: a field of a message is one of the
// object, under its own name. Rules say what is different. Hosted code.
#pragma once

#include <pb.h>

#include "common/json.h"

struct cr_json_rule {
	const char *field;
	/* Its name here, besides its own, or in place if the same; NULL: its own is left out. */
	const char *as;
	/* NULL: as it is. n: the elements of a list, else 1. */
	void (*write)(struct cr_json *j, const char *as, const void *value, size_t n);
	const struct cr_json_view *view; /* the only one that this is of; NULL: all */
};

/* Of one program, where names or forms have always been different. */
struct cr_json_view {
	const char *of;
};

struct cr_json_schema {
	const pb_msgdesc_t *message;
	const char *const *names; /* in the order of the message's list: CR_JSON_NAMES */
	const struct cr_json_rule *rules; /* ends with one without a field */
};

#define CR_JSON_NAME(a, storage, repeats, type, name, tag) #name,
#define CR_JSON_SCHEMA(message, rules)                                                           \
	{                                                                                        \
		message##_fields, (const char *const[]){ message##_FIELDLIST(CR_JSON_NAME, 0) }, \
			rules                                                                    \
	}

/* The fields of a message, into the object that is open. */
void cr_json_fields(struct cr_json *j, const struct cr_json_schema *schema, const void *message,
		    const struct cr_json_view *view);
/* As an object. */
void cr_json_message(struct cr_json *j, const char *key, const struct cr_json_schema *schema,
		     const void *message, const struct cr_json_view *view);
