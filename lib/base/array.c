/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array.h"

#include <stdlib.h>
#include <string.h>

#define FIRST 4 /* a power of two, as all that follow */

/* Without realloc(3): glibc's gives to its cache of small pieces and takes nothing from there. */
void *array_grow(void *items, size_t n, size_t size)
{
	void *bigger;

	if (!items)
		return reallocarray(NULL, FIRST, size);
	if (n < FIRST || (n & (n - 1)))
		return items;
	bigger = reallocarray(NULL, 2 * n, size);
	if (!bigger)
		return NULL;
	memcpy(bigger, items, n * size);
	free(items);
	return bigger;
}
