/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/cgroup.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "cgroup/cgroup-internal.h"
#include "os/fd.h"

#include <string.h>

#define STAT_FILE_MAX 16384 /* memory.stat is 2 KiB, io.stat about 100 bytes for each device */

/* The number at the start of @text, ended by a blank, a line's end or the text's. */
static int parse_number(const char *text, uint64_t *ret_value)
{
	size_t len = strcspn(text, " \n");
	char number[NUM_TEXT_MAX];

	if (len >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, len);
	number[len] = '\0';
	return num_parse_u64(number, ret_value);
}

int cgroup_parse_key(const char *text, const char *key, uint64_t *ret_value)
{
	size_t len = strlen(key);

	while (*text) {
		size_t line = strcspn(text, "\n");

		if (strncmp(text, key, len) == 0 && text[len] == ' ')
			return parse_number(text + len + 1, ret_value) < 0 ? -ENOENT : 0;
		text += line + (text[line] == '\n');
	}
	return -ENOENT;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - 1 - b ? UINT64_MAX - 1 : a + b; /* UINT64_MAX means unknown */
}

static uint64_t sum_fields(const char *text, const char *field)
{
	uint64_t sum = 0, value;

	for (const char *s = text; (s = strstr(s, field)); s++)
		if ((s == text || s[-1] == ' ') && parse_number(s + strlen(field), &value) == 0)
			sum = value == UINT64_MAX ? UINT64_MAX - 1 : add(sum, value);
	return sum;
}

uint64_t cgroup_parse_io(const char *text)
{
	return add(sum_fields(text, "rbytes="), sum_fields(text, "wbytes="));
}

static uint64_t read_number(int fd, const char *file)
{
	uint64_t value = UINT64_MAX;
	char text[64];

	if (fd_read_short(fd, file, text, sizeof(text)) > 0)
		(void)parse_number(text, &value);
	return value;
}

static uint64_t read_key(int fd, const char *file, const char *key)
{
	uint64_t value = UINT64_MAX;
	char text[STAT_FILE_MAX];

	if (fd_read_short(fd, file, text, sizeof(text)) > 0)
		(void)cgroup_parse_key(text, key, &value);
	return value;
}

void cgroup_stats_read(int payload_fd, struct cgroup_stats *ret_stats)
{
	char text[STAT_FILE_MAX];
	uint64_t cpu_us;

	memset(ret_stats, 0xff, sizeof(*ret_stats));
	if (payload_fd < 0)
		return;
	cpu_us = read_key(payload_fd, "cpu.stat", "usage_usec");
	if (cpu_us < UINT64_MAX / 1000)
		ret_stats->cpu_ns = cpu_us * 1000;
	ret_stats->memory_bytes = read_number(payload_fd, "memory.current");
	ret_stats->kernel_memory_bytes = read_key(payload_fd, "memory.stat", "kernel");
	ret_stats->swap_bytes = read_number(payload_fd, "memory.swap.current");
	if (fd_read_short(payload_fd, "io.stat", text, sizeof(text)) >= 0)
		ret_stats->io_bytes = cgroup_parse_io(text);
}
