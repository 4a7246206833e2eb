/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_BASE_ARRAY_H
#define RLXC_BASE_ARRAY_H

#include <stddef.h>

/* Room for one more behind @n elements of @size bytes: @items, or what it has become; NULL without
 * memory, then @items is as it was. Doubles at powers of two, so that no capacity is kept, but all
 * of an array is added this way. What smaller steps leave is spread over a monitor's heap. */
void *array_grow(void *items, size_t n, size_t size);

#endif
