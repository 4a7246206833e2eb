/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records.h"

#include "priv/auth.h"

#include <stdio.h>
#include <string.h>

static size_t format(const struct record *record, char line[RECORD_LINE_MAX])
{
	return (size_t)snprintf(line, RECORD_LINE_MAX, "1 %u veth %s %s %u %u %llu\n", record->uid,
	                        record->bridge, record->nic, record->ifindex,
	                        record->bridge_ifindex, (unsigned long long)record->time_s);
}

/* Read, and written again, it is the same text: so nothing is in it that should not be. */
static bool parse_line(const char *line, struct record *ret_record)
{
	char again[RECORD_LINE_MAX];
	unsigned long long time_s;
	uint32_t owner;

	if (sscanf(line, "1 %u veth %15s %15s %u %u %llu", &ret_record->uid, ret_record->bridge,
	           ret_record->nic, &ret_record->ifindex, &ret_record->bridge_ifindex,
	           &time_s) != 6)
		return false;
	ret_record->time_s = time_s;
	(void)format(ret_record, again);
	return AUTH(strcmp(line, again) == 0) && name_is_bridge(ret_record->bridge) &&
	       name_owner(ret_record->nic, &owner) == 0 && AUTH(owner == ret_record->uid);
}

int records_parse(const char *text, struct records *ret_records)
{
	char line[RECORD_LINE_MAX];

	for (ret_records->n = 0; *text && ret_records->n < RECORDS_MAX; ret_records->n++) {
		struct record *record = &ret_records->list[ret_records->n];
		const size_t n = strcspn(text, "\n") + 1;

		if (n >= sizeof(line))
			break;
		(void)snprintf(line, n + 1, "%s", text);
		if (!parse_line(line, record) ||
		    records_find(ret_records, record->uid, record->bridge, record->nic))
			break;
		text += n;
	}
	if (!*text)
		return 0;
	ret_records->n = 0;
	return -1;
}

size_t records_format(const struct records *records, char text[RECORDS_TEXT_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < records->n; i++)
		len += format(&records->list[i], text + len);
	return len;
}

struct record *records_find(struct records *records, uint32_t uid, const char *bridge,
                            const char *nic)
{
	for (size_t i = 0; i < records->n; i++) {
		struct record *record = &records->list[i];

		if (AUTH(record->uid == uid) && AUTH(strcmp(record->bridge, bridge) == 0) &&
		    AUTH(strcmp(record->nic, nic) == 0))
			return record;
	}
	return NULL;
}

void records_remove(struct records *records, size_t i)
{
	records->list[i] = records->list[--records->n];
}

size_t records_count(const struct records *records, const char *bridge)
{
	size_t n = 0;

	for (size_t i = 0; i < records->n; i++)
		n += strcmp(records->list[i].bridge, bridge) == 0;
	return n;
}
