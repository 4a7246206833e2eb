/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "info-print.h"

#include "stats-print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void add_label(struct text *text, const char *label)
{
	text_addf(text, "%-15s ", label);
}

/* One line of statistics; nothing when the number is not known. */
static void add_bytes(struct text *text, const char *label, uint64_t bytes, bool raw)
{
	if (bytes == UINT64_MAX)
		return;
	add_label(text, label);
	if (raw)
		text_addf(text, "%" PRIu64, bytes);
	else
		stats_add_size(text, bytes);
	text_add(text, "\n");
}

static void add_cpu(struct text *text, uint64_t cpu_ns, bool raw)
{
	if (cpu_ns == UINT64_MAX)
		return;
	add_label(text, "CPU use:");
	if (raw)
		text_addf(text, "%" PRIu64 "\n", cpu_ns);
	else
		text_addf(text, "%.2f seconds\n", (double)cpu_ns / 1e9);
}

static void add_link(struct text *text, const struct rlxc_link *link, bool raw)
{
	uint64_t total = UINT64_MAX;

	if (!link->name[0])
		return;
	if (link->rx_bytes != UINT64_MAX && link->tx_bytes != UINT64_MAX)
		total = link->rx_bytes + link->tx_bytes;
	add_label(text, "Link:");
	text_add_printable(text, link->name);
	text_add(text, "\n");
	add_bytes(text, " TX bytes:", link->tx_bytes, raw);
	add_bytes(text, " RX bytes:", link->rx_bytes, raw);
	add_bytes(text, " Total bytes:", total, raw);
}

static void add_stats(struct text *text, const struct rlxc_info *info, bool raw)
{
	add_cpu(text, info->stats.cpu_ns, raw);
	add_bytes(text, "BlkIO use:", stats_get(&info->stats, STATS_IO), raw);
	add_bytes(text, "Memory use:", info->stats.memory_bytes, raw);
	add_bytes(text, "KMem use:", info->stats.kernel_memory_bytes, raw);
	for (size_t i = 0; i < info->n_links; i++)
		add_link(text, &info->links[i], raw);
}

/* A bare value under -H when only one was asked for. */
static void add_field(struct text *text, const char *label, const char *value, bool bare)
{
	if (!bare)
		add_label(text, label);
	text_add_printable(text, value);
	text_add(text, "\n");
}

/* Lists come one element a line, each with its newline; LXC adds an empty line to them. */
static void add_item(struct text *text, const char *key, const char *value, bool bare)
{
	if (strcmp(value, INFO_UNKNOWN) == 0)
		return;
	if (!bare) {
		text_add_printable(text, key);
		text_add(text, *value ? " = " : " =");
	}
	for (const char *line = value; *line;) {
		size_t len = strcspn(line, "\n");
		struct text copy = {};

		text_add_len(&copy, line, len);
		text_add_printable(text, copy.data ? copy.data : "");
		text_done(&copy);
		line += len;
		if (*line) {
			text_add(text, "\n");
			line++;
		}
	}
	text_add(text, "\n");
}

void info_add_text(struct text *text, const struct rlxc_info *info, const struct info_args *args,
                   const struct strv *values)
{
	/* Statistics weigh more than one: "-S -H -s" keeps the labels. */
	int chosen = args->state + args->pid + args->ips + 5 * args->stats;
	bool bare = args->raw && chosen == 1;
	char pid[24];

	if (args->all)
		add_field(text, "Name:", info->name, /* bare= */ false);
	if (args->state)
		add_field(text, "State:", rlxc_state_name(info->state), bare);
	if (args->pid && rlxc_state_runs(info->state) && info->init_pid > 0) {
		(void)snprintf(pid, sizeof(pid), "%d", info->init_pid);
		add_field(text, "PID:", pid, bare);
	}
	for (size_t i = 0; args->ips && i < info->n_addrs; i++)
		if (info->addrs[i].shown)
			add_field(text, "IP:", info->addrs[i].text, bare);
	if (args->stats && rlxc_state_runs(info->state))
		add_stats(text, info, args->raw);
	for (size_t i = 0; i < values->n; i++)
		add_item(text, args->keys.items[i], values->items[i], args->raw && values->n == 1);
}

static void add_json_number(struct text *text, const char *key, uint64_t value)
{
	if (value != UINT64_MAX)
		text_addf(text, ",\"%s\":%" PRIu64, key, value);
}

static void add_json_addrs(struct text *text, const struct rlxc_info *info)
{
	const char *comma = "";

	text_add(text, ",\"ips\":[");
	for (size_t i = 0; i < info->n_addrs; i++) {
		const struct rlxc_addr *addr = &info->addrs[i];

		if (!addr->shown)
			continue;
		text_addf(text, "%s{\"interface\":", comma);
		text_add_json(text, addr->interface);
		text_add(text, ",\"address\":");
		text_add_json(text, addr->text);
		text_addf(text, ",\"family\":\"%s\"}", addr->ipv6 ? "inet6" : "inet");
		comma = ",";
	}
	text_add(text, "]");
}

static void add_json_links(struct text *text, const struct rlxc_info *info)
{
	text_add(text, ",\"links\":[");
	for (size_t i = 0; i < info->n_links; i++) {
		text_addf(text, "%s{\"link\":", i ? "," : "");
		text_add_json(text, info->links[i].name);
		add_json_number(text, "tx_bytes", info->links[i].tx_bytes);
		add_json_number(text, "rx_bytes", info->links[i].rx_bytes);
		text_add(text, "}");
	}
	text_add(text, "]");
}

static void add_json_stats(struct text *text, const struct rlxc_info *info)
{
	for (int field = 0; field < STATS_MAX; field++)
		add_json_number(text, stats_name(field), stats_get(&info->stats, field));
	add_json_links(text, info);
}

void info_add_item_json(struct text *text, const char *value)
{
	if (!strchr(value, '\n')) {
		text_add_json(text, value);
		return;
	}
	text_add(text, "[");
	for (const char *line = value; *line;) {
		size_t len = strcspn(line, "\n");
		struct text copy = {};

		text_add_len(&copy, line, len);
		text_add(text, line == value ? "" : ",");
		text_add_json(text, copy.data ? copy.data : "");
		text_done(&copy);
		line += len + (line[len] != '\0');
	}
	text_add(text, "]");
}

static void add_json_items(struct text *text, const struct info_args *args,
                           const struct strv *values)
{
	text_add(text, ",\"config\":{");
	for (size_t i = 0; i < values->n; i++) {
		text_add(text, i ? "," : "");
		text_add_json(text, args->keys.items[i]);
		text_add(text, ":");
		if (strcmp(values->items[i], INFO_UNKNOWN) == 0)
			text_add(text, "null");
		else
			info_add_item_json(text, values->items[i]);
	}
	text_add(text, "}");
}

void info_add_json(struct text *text, const struct rlxc_info *info, const struct info_args *args,
                   const struct strv *values)
{
	text_add(text, "{\"name\":");
	text_add_json(text, info->name);
	if (info->config_error) {
		text_add(text, ",\"config_error\":");
		text_add_json(text, info->config_error);
	}
	if (args->state)
		text_addf(text, ",\"state\":\"%s\"", rlxc_state_name(info->state));
	if (args->pid) {
		if (rlxc_state_runs(info->state) && info->init_pid > 0)
			text_addf(text, ",\"pid\":%d", info->init_pid);
		else
			text_add(text, ",\"pid\":null");
	}
	if (args->ips)
		add_json_addrs(text, info);
	if (args->stats && rlxc_state_runs(info->state))
		add_json_stats(text, info);
	if (values->n)
		add_json_items(text, args, values);
	text_add(text, "}\n");
}
