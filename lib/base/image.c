/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/image.h"

#include "base/hash.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define MAGIC "rlxcimg1"

/* Followed by the key without a NUL, then the data. */
struct header {
	char magic[8];
	uint64_t sum; /* of all that follows it */
	uint32_t key_len, data_len;
};

static uint64_t image_sum(const char *image, size_t len)
{
	const size_t start = offsetof(struct header, key_len);

	return hash_bytes(image + start, len - start);
}

int image_make(const char *key, const void *data, size_t len, struct text *ret_image)
{
	struct header header = { .key_len = (uint32_t)strlen(key), .data_len = (uint32_t)len };
	struct text image = {};

	memcpy(header.magic, MAGIC, sizeof(header.magic));
	text_add_len(&image, (const char *)&header, sizeof(header));
	text_add_len(&image, key, header.key_len);
	text_add_len(&image, data, len);
	if (image.failed) {
		text_done(&image);
		return -ENOMEM;
	}
	header.sum = image_sum(image.data, image.len);
	memcpy(image.data, &header, sizeof(header));
	*ret_image = image;
	return 0;
}

bool image_find(const char *image, size_t len, const char *key, const char **ret_data,
                size_t *ret_len)
{
	struct header header;

	if (len < sizeof(header))
		return false;
	memcpy(&header, image, sizeof(header));
	if (memcmp(header.magic, MAGIC, sizeof(header.magic)) != 0 ||
	    len != (uint64_t)sizeof(header) + header.key_len + header.data_len ||
	    header.sum != image_sum(image, len))
		return false;
	image += sizeof(header);
	if (key && (strlen(key) != header.key_len || memcmp(image, key, header.key_len) != 0))
		return false;
	*ret_data = image + header.key_len;
	*ret_len = header.data_len;
	return true;
}
