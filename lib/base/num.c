/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/num.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int num_parse_u64(const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!text || !*text || (text[0] == '0' && text[1]))
		return -EINVAL;
	for (const char *s = text; *s; s++) {
		uint64_t digit;

		if (*s < '0' || *s > '9')
			return -EINVAL;
		digit = (uint64_t)(*s - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return 0;
}

int num_parse_u32(const char *text, uint32_t *ret_value)
{
	uint64_t value;
	int r;

	r = num_parse_u64(text, &value);
	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret_value = (uint32_t)value;
	return 0;
}

int num_parse_c64(const char *text, uint64_t *ret_value)
{
	unsigned long long value;
	char *end;

	if (!text || strchr(text, '-'))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 0);
	if (end == text || *end)
		return -EINVAL;
	if (errno == ERANGE)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int num_parse_c32(const char *text, uint32_t *ret_value)
{
	uint64_t value;
	int r;

	r = num_parse_c64(text, &value);
	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret_value = (uint32_t)value;
	return 0;
}

int num_parse_cint64(const char *text, int64_t *ret_value)
{
	long long value;
	char *end;

	if (!text)
		return -EINVAL;
	errno = 0;
	value = strtoll(text, &end, 0);
	if (end == text || *end)
		return -EINVAL;
	if (errno == ERANGE)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int num_parse_cint(const char *text, int32_t *ret_value)
{
	int64_t value;
	int r;

	r = num_parse_cint64(text, &value);
	if (r < 0)
		return r;
	if (value > INT32_MAX || value < INT32_MIN)
		return -ERANGE;
	*ret_value = (int32_t)value;
	return 0;
}

char *num_format(char *text, int64_t value)
{
	char reversed[NUM_TEXT_MAX];
	size_t n = 0, out = 0;
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		reversed[n++] = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (value < 0)
		text[out++] = '-';
	while (n)
		text[out++] = reversed[--n];
	text[out] = '\0';
	return text;
}
