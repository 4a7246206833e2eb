/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The records of an owner: what is read is exactly what would be written. */
#include "usernic/usernic.h"

#include "priv/say.h"

#include <stdlib.h>
#include <string.h>

const char priv_program[] = "fuzz";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct records records;
	static char again[RECORDS_TEXT_MAX];
	char *text = malloc(size + 1);

	if (!text)
		abort();
	(void)memcpy(text, data, size);
	text[size] = '\0';
	if (records_parse(text, &records) < 0) {
		if (records.n)
			abort();
	} else if (records_format(&records, again) != strlen(text) || strcmp(again, text) != 0) {
		abort();
	}
	for (size_t i = 0; i < records.n; i++) {
		const struct record *record = &records.list[i];
		uint32_t uid;

		if (name_owner(record->nic, &uid) < 0 || uid != record->uid ||
		    !name_is_bridge(record->bridge) ||
		    records_find(&records, uid, record->bridge, record->nic) != record)
			abort();
	}
	free(text);
	return 0;
}
