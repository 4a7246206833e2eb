/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/cgroup.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "cgroup/cgroup-internal.h"
#include "os/fd.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
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

/* A file that is one number; one that counts from zero has no @key. */
static int parse_first(const char *text, const char *key, uint64_t *ret_value)
{
	(void)key;
	return parse_number(text, ret_value);
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

int cgroup_parse_sum(const char *text, const char *field, uint64_t *ret_value)
{
	uint64_t sum = 0, value;

	for (const char *s = text; (s = strstr(s, field)); s++)
		if ((s == text || s[-1] == ' ') && parse_number(s + strlen(field), &value) == 0)
			sum = value == UINT64_MAX ? UINT64_MAX - 1 : add(sum, value);
	*ret_value = sum;
	return 0;
}

int cgroup_parse_kernel(const char *text, const char *key, uint64_t *ret_value)
{
	static const char *const parts[] = { "kernel_stack", "pagetables", "percpu", "sock",
		                             "slab" };
	uint64_t sum = 0, value;
	int r = cgroup_parse_key(text, key, ret_value);

	for (size_t i = 0; i < ARRAY_SIZE(parts) && r != 0; i++) {
		if (cgroup_parse_key(text, parts[i], &value) < 0)
			continue;
		sum = add(sum, value);
		*ret_value = sum;
	}
	return r == 0 || sum ? 0 : r;
}

/* Where a number comes from. Rows of one file stand together: it is read once. */
struct source {
	char file[48];
	char key[12];
	enum { FIRST, BY_KEY, KERNEL, SUM } how;
	uint16_t field; /* of struct cgroup_stats */
	uint16_t unit;
	unsigned int what;
};

static int (*const parsers[])(const char *text, const char *key, uint64_t *ret_value) = {
	[FIRST] = parse_first,
	[BY_KEY] = cgroup_parse_key,
	[KERNEL] = cgroup_parse_kernel,
	[SUM] = cgroup_parse_sum,
};

#define FIELD(member) offsetof(struct cgroup_stats, member)
#define US 1000

/* cpu.stat is there without its controller, too. */
static const struct source v2[] = {
	{ "cpu.stat", "usage_usec", BY_KEY, FIELD(cpu_ns), US, CGROUP_STAT_CPU },
	{ "cpu.stat", "user_usec", BY_KEY, FIELD(cpu_user_ns), US, CGROUP_STAT_CPU },
	{ "cpu.stat", "system_usec", BY_KEY, FIELD(cpu_system_ns), US, CGROUP_STAT_CPU },
	{ "memory.current", "", FIRST, FIELD(memory_bytes), 1, CGROUP_STAT_MEMORY },
	{ "memory.swap.current", "", FIRST, FIELD(swap_bytes), 1, CGROUP_STAT_SWAP },
	{ "memory.stat", "kernel", KERNEL, FIELD(kernel_memory_bytes), 1, CGROUP_STAT_KERNEL },
	{ "io.stat", "rbytes=", SUM, FIELD(io_read_bytes), 1, CGROUP_STAT_IO },
	{ "io.stat", "wbytes=", SUM, FIELD(io_write_bytes), 1, CGROUP_STAT_IO },
	{ "io.stat", "rios=", SUM, FIELD(io_read_ops), 1, CGROUP_STAT_IO },
	{ "io.stat", "wios=", SUM, FIELD(io_write_ops), 1, CGROUP_STAT_IO },
};

#define IO_BYTES "blkio.throttle.io_service_bytes_recursive"
#define IO_OPS "blkio.throttle.io_serviced_recursive"

/* What cgroup2 did not say. */
static const struct source v1[] = {
	{ "cpuacct.usage", "", FIRST, FIELD(cpu_ns), 1, CGROUP_STAT_CPU },
	{ "cpuacct.usage_user", "", FIRST, FIELD(cpu_user_ns), 1, CGROUP_STAT_CPU },
	{ "cpuacct.usage_sys", "", FIRST, FIELD(cpu_system_ns), 1, CGROUP_STAT_CPU },
	{ "memory.usage_in_bytes", "", FIRST, FIELD(memory_bytes), 1, CGROUP_STAT_MEMORY },
	{ "memory.stat", "total_swap", BY_KEY, FIELD(swap_bytes), 1, CGROUP_STAT_SWAP },
	{ "memory.memsw.usage_in_bytes", "", FIRST, FIELD(memory_swap_bytes), 1,
	  CGROUP_STAT_MEMORY_SWAP },
	{ "memory.kmem.usage_in_bytes", "", FIRST, FIELD(kernel_memory_bytes), 1,
	  CGROUP_STAT_KERNEL },
	{ IO_BYTES, "Read ", SUM, FIELD(io_read_bytes), 1, CGROUP_STAT_IO },
	{ IO_BYTES, "Write ", SUM, FIELD(io_write_bytes), 1, CGROUP_STAT_IO },
	{ IO_OPS, "Read ", SUM, FIELD(io_read_ops), 1, CGROUP_STAT_IO },
	{ IO_OPS, "Write ", SUM, FIELD(io_write_ops), 1, CGROUP_STAT_IO },
};

#define CONTROLLER_MAX 32

/* The leaves are open, or only their paths are known: then one at a time is. */
struct reader {
	const struct cgroup *cgroup;
	const struct strv *leaves;
	char open[CONTROLLER_MAX]; /* whose leaf @dir_fd is */
	int dir_fd;
	unsigned int what;
	struct cgroup_stats *stats;
	const char *file; /* whose content @text is, when @there */
	bool there;
	char text[STAT_FILE_MAX];
};

static bool is_unified(const char *controller)
{
	return strcmp(controller, CGROUP_UNIFIED) == 0;
}

/* Somebody may have written what he likes: only a cgroup file system is read. */
static int open_leaf(const struct strv *leaves, const char *controller)
{
	char controllers[128];

	for (size_t i = 0; i < leaves->n; i++) {
		const char *leaf = leaves->items[i];
		size_t len = strcspn(leaf, " ");

		(void)snprintf(controllers, sizeof(controllers), "%.*s", (int)len, leaf);
		if (!leaf[len] || !cgroup_v1_has_word(controllers, controller))
			continue;
		leaf += len + 1;
		return is_unified(controller) ? cgroup_open_dir(AT_FDCWD, leaf)
		                              : cgroup_v1_open_dir(AT_FDCWD, leaf);
	}
	return -ENOENT;
}

/* The directory stays the reader's, or the cgroup's. */
static int find_dir(struct reader *reader, const char *controller)
{
	if (reader->cgroup)
		return is_unified(controller) ? reader->cgroup->payload_fd
		                              : cgroup_v1_fd(reader->cgroup, controller);
	if (strcmp(reader->open, controller) != 0) {
		cleanup_close(&reader->dir_fd);
		reader->dir_fd = open_leaf(reader->leaves, controller);
		(void)snprintf(reader->open, sizeof(reader->open), "%s", controller);
	}
	return reader->dir_fd;
}

/* False: the file is not there, or there is more of it than we take. */
static bool read_file(struct reader *reader, const char *controller, const char *file)
{
	char name[CONTROLLER_MAX];
	ssize_t n;
	int fd;

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(file, "."), file);
	fd = find_dir(reader, controller ? controller : name);
	n = fd < 0 ? fd : fd_read_short(fd, file, reader->text, sizeof(reader->text));
	return n >= 0 && n < STAT_FILE_MAX - 1;
}

/* @controller: NULL for the one in the file's name. */
static void read_one(struct reader *reader, const char *controller, const struct source *source)
{
	uint64_t *number = (uint64_t *)(void *)((char *)reader->stats + source->field), value;

	if (!(reader->what & source->what) || *number != UINT64_MAX)
		return;
	if (!reader->file || strcmp(reader->file, source->file) != 0) {
		reader->there = read_file(reader, controller, source->file);
		reader->file = source->file;
	}
	if (reader->there && parsers[source->how](reader->text, source->key, &value) == 0 &&
	    value < UINT64_MAX / source->unit)
		*number = value * source->unit;
}

static void read_all(struct reader *reader)
{
	struct cgroup_stats *stats = reader->stats;

	memset(stats, 0xff, sizeof(*stats));
	for (size_t i = 0; i < ARRAY_SIZE(v2); i++)
		read_one(reader, CGROUP_UNIFIED, &v2[i]);
	reader->file = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(v1); i++)
		read_one(reader, NULL, &v1[i]);
	if (reader->what & CGROUP_STAT_MEMORY_SWAP && stats->memory_swap_bytes == UINT64_MAX &&
	    stats->memory_bytes != UINT64_MAX && stats->swap_bytes != UINT64_MAX)
		stats->memory_swap_bytes = add(stats->memory_bytes, stats->swap_bytes);
}

void cgroup_stats_read(const struct cgroup *cgroup, unsigned int what,
                       struct cgroup_stats *ret_stats)
{
	struct reader reader = {
		.cgroup = cgroup, .dir_fd = -EBADF, .what = what, .stats = ret_stats
	};

	read_all(&reader);
}

void cgroup_stats_read_leaves(const struct strv *leaves, unsigned int what,
                              struct cgroup_stats *ret_stats)
{
	struct reader reader = {
		.leaves = leaves, .dir_fd = -EBADF, .what = what, .stats = ret_stats
	};

	read_all(&reader);
	cleanup_close(&reader.dir_fd);
}

int cgroup_list_leaves(const struct cgroup *cgroup, struct strv *leaves)
{
	int r = 0;

	if (cgroup->payload_path)
		r = strv_addf(leaves, "%s %s", CGROUP_UNIFIED, cgroup->payload_path);
	for (size_t i = 0; i < cgroup->n_v1 && r == 0; i++)
		r = strv_addf(leaves, "%s %s", cgroup->v1[i].controllers, cgroup->v1[i].path);
	return r;
}
