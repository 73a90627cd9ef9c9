// SPDX-License-Identifier: Apache-2.0
//
// Walks over a message's fields. Messages inside of others, and lists, are written by a rule only.
#include "common/message_json.h"

#include <pb_common.h>
#include <string.h>

static void message_json_write_plain(struct cr_json *j, const char *as, const pb_field_iter_t *f)
{
	bool wide = f->data_size == 8;

	if (PB_HTYPE(f->type) == PB_HTYPE_REPEATED)
		return;
	switch (PB_LTYPE(f->type)) {
	case PB_LTYPE_BOOL:
		cr_json_bool(j, as, *(const bool *)f->pData);
		break;
	case PB_LTYPE_VARINT:
		cr_json_int(j, as, wide ? *(const int64_t *)f->pData : *(const int32_t *)f->pData);
		break;
	case PB_LTYPE_UVARINT:
		cr_json_size(j, as,
			     wide ? *(const uint64_t *)f->pData : *(const uint32_t *)f->pData);
		break;
	case PB_LTYPE_FIXED64:
		cr_json_real(j, as, *(const double *)f->pData);
		break;
	case PB_LTYPE_STRING:
		cr_json_text(j, as, f->pData);
		break;
	}
}

static void write_field(struct cr_json *j, const struct cr_json_schema *s, const char *name,
			const pb_field_iter_t *f, const struct cr_json_view *view)
{
	bool list = PB_HTYPE(f->type) == PB_HTYPE_REPEATED, plain = true;
	const struct cr_json_rule *r;

	/* What a message does not have is no zero. */
	if (PB_HTYPE(f->type) == PB_HTYPE_OPTIONAL && f->pSize && !*(const bool *)f->pSize)
		return;
	for (r = s->rules; r->field; r++)
		if (!strcmp(r->field, name) && (!r->view || r->view == view) &&
		    (!r->as || !strcmp(r->as, name)))
			plain = false;
	if (plain)
		message_json_write_plain(j, name, f);
	for (r = s->rules; r->field; r++) {
		if (strcmp(r->field, name) || (r->view && r->view != view) || !r->as)
			continue;
		if (r->write)
			r->write(j, r->as, f->pData, list ? *(pb_size_t *)f->pSize : 1);
		else
			message_json_write_plain(j, r->as, f);
	}
}

void cr_json_fields(struct cr_json *j, const struct cr_json_schema *schema, const void *message,
		    const struct cr_json_view *view)
{
	pb_field_iter_t f;

	if (!pb_field_iter_begin_const(&f, schema->message, message))
		return;
	do
		write_field(j, schema, schema->names[f.index], &f, view);
	while (pb_field_iter_next(&f));
}

void cr_json_message(struct cr_json *j, const char *key, const struct cr_json_schema *schema,
		     const void *message, const struct cr_json_view *view)
{
	cr_json_object(j, key);
	cr_json_fields(j, schema, message, view);
	cr_json_end(j);
}
