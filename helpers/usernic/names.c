/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "names.h"

#include "priv/auth.h"

#include "base/num.h"

#include <string.h>

#define PREFIX "veth"
#define PREFIX_LEN 4
#define BASE32_LEN 7
#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Which form an id has. */
static bool is_decimal(uint32_t uid)
{
	return uid >= 1 && uid <= 65536;
}

static const char alphabet[] = DIGITS LOWER UPPER;
static const char base32[] = DIGITS "abcdefghijklmnopqrstuv";

bool name_is_bridge(const char *name)
{
	return AUTH(strlen(name) < NAME_SIZE) && AUTH(strspn(name, alphabet) > 0) &&
	       AUTH(name[strspn(name, DIGITS LOWER UPPER "_.-")] == '\0');
}

bool name_is_nic(const char *name)
{
	char plain[NAME_SIZE];
	const size_t len = strlen(name);

	if (len >= NAME_SIZE || strcmp(name, "lo") == 0)
		return false;
	(void)strcpy(plain, name);
	if (len > 2 && strcmp(name + len - 2, "%d") == 0)
		plain[len - 2] = '\0';
	return name_is_bridge(plain);
}

void name_host_nic(uint32_t uid, const uint8_t random[NAME_RANDOM], char ret_name[NAME_SIZE])
{
	char *end = stpcpy(ret_name, PREFIX);

	if (is_decimal(uid)) {
		char digits[NUM_TEXT_MAX];

		end = stpcpy(stpcpy(end, num_format(digits, uid)), "_");
	} else {
		for (int i = BASE32_LEN - 1; i >= 0; i--)
			*end++ = base32[uid >> (5 * i) & 31];
	}
	for (int i = 0; i < NAME_RANDOM; i++)
		*end++ = alphabet[random[i] % (sizeof(alphabet) - 1)];
	*end = '\0';
}

int name_owner(const char *name, uint32_t *ret_uid)
{
	char owner[NAME_SIZE] = "", again[NAME_SIZE];
	const size_t len = strlen(name);
	uint64_t uid = 0;
	uint32_t decimal;

	if (len >= NAME_SIZE || len <= PREFIX_LEN + NAME_RANDOM)
		return -1;
	(void)memcpy(owner, name + PREFIX_LEN, len - PREFIX_LEN - NAME_RANDOM);
	if (owner[strlen(owner) - 1] == '_') {
		owner[strlen(owner) - 1] = '\0';
		if (num_parse_u32(owner, &decimal) < 0)
			return -1;
		uid = decimal;
	} else {
		for (const char *at = owner; *at; at++) {
			const char *digit = strchr(base32, *at);

			if (!digit)
				return -1;
			uid = uid * 32 + (uint64_t)(digit - base32);
		}
	}
	if (uid >= UINT32_MAX)
		return -1;
	/* Made from that owner it is the same name. */
	name_host_nic((uint32_t)uid, (const uint8_t[NAME_RANDOM]){ 0 }, again);
	if (strncmp(name, again, len - NAME_RANDOM) != 0 || strlen(again) != len ||
	    strspn(name + len - NAME_RANDOM, alphabet) != NAME_RANDOM)
		return -1;
	*ret_uid = (uint32_t)uid;
	return 0;
}
