/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic.h"

#include "priv/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "veth"
#define PREFIX_LEN 4
#define BASE32_LEN 7
#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const char alphabet[] = DIGITS LOWER UPPER; /* it begins with the digits of base 32 */

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

	if (uid >= 1 && uid <= 65536) {
		end += sprintf(end, "%u_", uid);
	} else {
		for (int i = BASE32_LEN - 1; i >= 0; i--)
			*end++ = alphabet[uid >> (5 * i) & 31];
	}
	for (int i = 0; i < NAME_RANDOM; i++)
		*end++ = alphabet[random[i] % (sizeof(alphabet) - 1)];
	*end = '\0';
}

/* Made from the owner that seems to be in it, it is the same name. */
int name_owner(const char *name, uint32_t *ret_uid)
{
	static const uint8_t random[NAME_RANDOM];
	char owner[NAME_SIZE], again[NAME_SIZE];
	const size_t len = strlen(name), head = len - NAME_RANDOM;
	unsigned long long uid;

	if (len >= NAME_SIZE || len <= PREFIX_LEN + NAME_RANDOM)
		return -1;
	(void)snprintf(owner, sizeof(owner), "%.*s", (int)(head - PREFIX_LEN), name + PREFIX_LEN);
	uid = strtoull(owner, NULL, strchr(owner, '_') ? 10 : 32);
	name_host_nic((uint32_t)uid, random, again);
	if (uid >= UINT32_MAX || strlen(again) != len || strncmp(name, again, head) != 0 ||
	    strspn(name + head, alphabet) != NAME_RANDOM)
		return -1;
	*ret_uid = (uint32_t)uid;
	return 0;
}
