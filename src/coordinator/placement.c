// SPDX-License-Identifier: Apache-2.0
//
// Placement. See placement.h. First who fits at all, with the reason for who does not; then each
// member, those that may go to one node only first, to the best of the fitting.
#include "coordinator/placement.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "common/xalloc.h"

/* Why a node does not fit; the first that holds is told. */
enum reason {
	FITS,
	DOWN,
	DRAINING,
	OTHER_USER,
	EXCLUDED,
	NO_LABEL,
	NO_CRIU,
	SPARE,
	FULL,
	HAS_MEMBER,
	N_REASONS,
};

static const struct {
	const char *one, *many;
} words[N_REASONS] = {
	[DOWN] = { "is not connected", "are not connected" },
	[DRAINING] = { "is draining", "are draining" },
	[OTHER_USER] = { "runs another user's jobs only", "run other users' jobs only" },
	[EXCLUDED] = { "has just failed", "have just failed" },
	[NO_LABEL] = { "lacks the label", "lack the label" },
	[NO_CRIU] = { "has no CRIU for this user", "have no CRIU for this user" },
	[SPARE] = { "is a spare", "are spares" },
	[FULL] = { "has no room in its store", "have no room in their stores" },
	[HAS_MEMBER] = { "has a member of this job already", "have a member of this job already" },
};

static bool has_label(const struct cr_place_node *n, const struct cr_place_label *want)
{
	for (size_t i = 0; i < n->n_labels; i++)
		if (!strcmp(n->labels[i].key, want->key) &&
		    !strcmp(n->labels[i].value, want->value))
			return true;
	return false;
}

static bool is_spare(const struct cr_place_node *n)
{
	static const struct cr_place_label spare = { CR_LABEL_SPARE, "yes" };

	return has_label(n, &spare);
}

/* *label: the one that it lacks */
static enum reason reason_of(const struct cr_place_node *n, const struct cr_place_job *job,
			     size_t *label)
{
	if (!n->up)
		return DOWN;
	if (n->draining)
		return DRAINING;
	if (!n->privileged && n->uid != job->uid)
		return OTHER_USER;
	if (n->excluded)
		return EXCLUDED;
	for (*label = 0; *label < job->n_labels; (*label)++)
		if (!has_label(n, &job->labels[*label]))
			return NO_LABEL;
	if (job->criu && !n->criu)
		return NO_CRIU;
	if (is_spare(n) && !job->recovery)
		return SPARE;
	if (job->store_needed && n->store_free < job->store_needed)
		return FULL;
	if (job->spread && n->has_member)
		return HAS_MEMBER;
	return FITS;
}

static void placement_append(char *why, size_t *len, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void placement_append(char *why, size_t *len, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(why + *len, CR_PLACE_WHY - *len, format, args);
	va_end(args);
	*len += n;
	if (*len >= CR_PLACE_WHY)
		*len = CR_PLACE_WHY - 1;
}

/* One group of nodes that do not fit for the same reason. */
static void tell_group(char *why, size_t *len, size_t count, size_t total, const char *name,
		       enum reason r, const struct cr_place_label *label)
{
	placement_append(why, len, "%s", *len ? ", " : "");
	if (count == 1)
		placement_append(why, len, "%s %s", name, words[r].one);
	else if (count == total)
		placement_append(why, len, "all %zu nodes %s", total, words[r].many);
	else
		placement_append(why, len, "%zu of %zu nodes %s", count, total, words[r].many);
	if (r == NO_LABEL)
		placement_append(why, len, " %s=%s", label->key, label->value);
}

struct look {
	unsigned char *reason;
	unsigned char *label;
	unsigned int *given; /* members of this job that the node has got here */
};

static void tell_why(const struct cr_place_node *nodes, size_t n, const struct cr_place_job *job,
		     const struct look *k, char *why)
{
	size_t len = strlen(why);

	if (!n)
		placement_append(why, &len, "%sno node is known", len ? ": " : "");
	if (n && len)
		placement_append(why, &len, ": ");
	for (int r = DOWN; r < N_REASONS; r++) {
		size_t groups = r == NO_LABEL ? job->n_labels : 1;
		/* A comma comes only behind text, so each part is told into its own. */
		for (size_t g = 0; g < groups; g++) {
			char part[CR_PLACE_WHY] = "";
			size_t count = 0, first = 0, part_len = 0;

			for (size_t i = 0; i < n; i++)
				if (k->reason[i] == r && (r != NO_LABEL || k->label[i] == g))
					first = count++ ? first : i;
			if (!count)
				continue;
			tell_group(part, &part_len, count, n, nodes[first].name, r,
				   r == NO_LABEL ? &job->labels[g] : NULL);
			placement_append(why, &len, "%s%s", len && why[len - 1] != ' ' ? ", " : "",
					 part);
		}
	}
}

static bool placement_named(const char *name, const struct cr_place_node *n)
{
	return name && !strcmp(name, n->name);
}

static bool placement_holds(const struct cr_place_member *m, unsigned int node)
{
	for (size_t i = 0; i < m->n_images; i++)
		if (m->images[i] == node)
			return true;
	return false;
}

/* Whether a is better than b for the member: the first difference decides. */
static bool better(const struct cr_place_node *nodes, const struct look *k,
		   const struct cr_place_member *m, unsigned int a, unsigned int b)
{
	const struct cr_place_node *x = &nodes[a], *y = &nodes[b];
	unsigned int mx = x->members + k->given[a], my = y->members + k->given[b];

	if (placement_holds(m, a) != placement_holds(m, b))
		return placement_holds(m, a);
	if (placement_named(m->before, x) != placement_named(m->before, y))
		return placement_named(m->before, x);
	if (k->given[a] != k->given[b])
		return k->given[a] < k->given[b];
	if (is_spare(x) != is_spare(y))
		return is_spare(y);
	if (mx != my)
		return mx < my;
	if (x->load_percent != y->load_percent)
		return x->load_percent < y->load_percent;
	return x->store_free > y->store_free;
}

static bool place_one(const struct cr_place_node *nodes, size_t n, const struct cr_place_job *job,
		      const struct look *k, size_t member, unsigned int *where)
{
	const struct cr_place_member *m = &job->members[member];
	size_t best = n;

	for (size_t i = 0; i < n; i++) {
		if (k->reason[i] != FITS || (job->spread && k->given[i]) ||
		    (m->only && !placement_named(m->only, &nodes[i])) ||
		    placement_named(m->not, &nodes[i]))
			continue;
		if (best == n || better(nodes, k, m, i, best))
			best = i;
	}
	if (best == n)
		return false;
	where[member] = best;
	k->given[best]++;
	return true;
}

/* Why the one node that a member must have is not had. */
static void tell_only(const struct cr_place_node *nodes, size_t n, const struct cr_place_job *job,
		      const struct look *k, const char *only, char *why)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (!placement_named(only, &nodes[i]))
			continue;
		tell_group(why, &len, 1, n, only, k->reason[i] ? k->reason[i] : HAS_MEMBER,
			   k->reason[i] == NO_LABEL ? &job->labels[k->label[i]] : NULL);
		return;
	}
	placement_append(why, &len, "there is no node %s", only);
}

static void tell_spread(const struct cr_place_node *nodes, size_t n, const struct cr_place_job *job,
			const struct look *k, char *why)
{
	size_t len = 0, fit = 0;

	for (size_t i = 0; i < n; i++)
		fit += k->reason[i] == FITS;
	if (fit)
		placement_append(why, &len, "%zu members want a node each and %zu %s",
				 job->n_members, fit, fit == 1 ? "fits" : "fit");
	tell_why(nodes, n, job, k, why);
	len = strlen(why);
	if (fit && len > 2 && !strcmp(why + len - 2, ": "))
		why[len - 2] = '\0';
}

bool cr_place(const struct cr_place_node *nodes, size_t n_nodes, const struct cr_place_job *job,
	      unsigned int *where, char why[CR_PLACE_WHY])
{
	cr_auto_free unsigned char *reason = cr_xcalloc(n_nodes + 1, 1);
	cr_auto_free unsigned char *label = cr_xcalloc(n_nodes + 1, 1);
	cr_auto_free unsigned int *given = cr_xcalloc(n_nodes + 1, sizeof(*given));
	struct look k = { reason, label, given };

	why[0] = '\0';
	for (size_t i = 0; i < n_nodes; i++) {
		size_t lacks = 0;

		reason[i] = reason_of(&nodes[i], job, &lacks);
		label[i] = lacks;
	}
	for (int only = 1; only >= 0; only--) {
		for (size_t m = 0; m < job->n_members; m++) {
			if (!job->members[m].only != !only ||
			    place_one(nodes, n_nodes, job, &k, m, where))
				continue;
			if (only)
				tell_only(nodes, n_nodes, job, &k, job->members[m].only, why);
			else
				tell_spread(nodes, n_nodes, job, &k, why);
			return false;
		}
	}
	return true;
}
