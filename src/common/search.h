// SPDX-License-Identifier: Apache-2.0
//
// Searching what is sorted. For the agent too.
#pragma once

/*
 * The first i, from the one number to below the other, for which `before` does not hold, or the
 * other number if there is none: those for which it holds come first. `before` is an expression
 * of i, which is named by the caller.
 */
#define CR_FIRST_NOT(i, from, to, before)                      \
	({                                                     \
		__typeof__(+(to)) first_ = (from), i, behind_ = (to); \
		while (first_ < behind_) {                     \
			i = first_ + (behind_ - first_) / 2;   \
			if (before)                            \
				first_ = i + 1;                \
			else                                   \
				behind_ = i;                   \
		}                                              \
		first_;                                        \
	})
