/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_BASE_IMAGE_H
#define RLXC_BASE_IMAGE_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* What was made from a text, in one file with that text (the key), as caches keep it. Whoever reads
 * one checks it: its length, its sum, and the key. */

/* The bytes of such a file. */
int image_make(const char *key, const void *data, size_t len, struct text *ret_image);
/* Is that an undamaged one, of this key (NULL: of any)? @ret_data stands in @image, at any address.
 */
bool image_find(const char *image, size_t len, const char *key, const char **ret_data,
                size_t *ret_len);

#endif
