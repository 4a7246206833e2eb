/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits and device rules. The input is lines "KEY VALUE" with KEY as "1.memory.limit_in_bytes" for
 * lxc.cgroup.*, "2.memory.max" for lxc.cgroup2.*; they are translated for hosts of each kind. */
#include "cgroup/limits.h"

#include "base/cleanup.h"
#include "cgroup/keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cgroup_hierarchy hierarchies[] = {
	{ .controllers = "memory", .mount = "/m/memory", .mount_root = "/", .dir = "/m/memory" },
	{ .controllers = "cpu,cpuacct", .mount = "/m/cpu", .mount_root = "/", .dir = "/m/cpu" },
	{ .controllers = "blkio", .mount = "/m/blkio", .mount_root = "/", .dir = "/m/blkio" },
	{ .controllers = "devices", .mount = "/m/dev", .mount_root = "/", .dir = "/m/dev" },
	{ .controllers = "pids", .mount = "/m/pids", .mount_root = "/", .why_not = "no" },
};
#define N_V1 (sizeof(hierarchies) / sizeof(*hierarchies))
static const struct cgroup_host hosts[] = {
	{ .has_v2 = true, .pure_v2 = true },
	{ .has_v2 = true, .v1 = hierarchies, .n_v1 = N_V1 },
	{ .v1 = hierarchies, .n_v1 = N_V1 },
};

static void require(bool truth)
{
	if (!truth)
		abort();
}

/* Whatever was written: a plain file of a controller, and none that moves processes. */
static void check_limit(const struct cgroup_limit *limit)
{
	size_t len = strlen(limit->controller);

	require(strncmp(limit->key, "lxc.cgroup", 10) == 0);
	require(len && strncmp(limit->file, limit->controller, len) == 0);
	require(limit->file[len] == '.' && limit->file[len + 1]);
	require(!strchr(limit->file, '/') && !strstr(limit->file, ".."));
	require(*limit->value != '\0');
	require(strcmp(limit->file, "cgroup.procs") != 0);
	require(strcmp(limit->file, "cgroup.kill") != 0);
	require(strcmp(limit->file, "cgroup.freeze") != 0);
}

static void check_devices(const struct cgroup_devices *devices)
{
	_cleanup_free_ struct bpf_insn *insns = NULL;
	bool refuses = false;
	size_t n;

	for (uint32_t i = 0; i < 64; i++)
		refuses = refuses || !cgroup_devices_check(devices, i & 1 ? 'b' : 'c', i / 2 % 4,
		                                           i / 8 % 4, i % 7 + 1);
	require(!refuses || cgroup_devices_restrict(devices));
	if (cgroup_devices_compile(devices, &insns, &n) < 0)
		return;
	/* It ends in a return, and every jump stays inside. */
	require(n >= 8 && insns[n - 1].code == (BPF_JMP | BPF_EXIT));
	for (size_t i = 0; i < n; i++)
		if (BPF_CLASS(insns[i].code) == BPF_JMP && insns[i].code != (BPF_JMP | BPF_EXIT))
			require(insns[i].off > 0 && i + 1 + (size_t)insns[i].off < n);
}

static void check_host(const struct conf_pairs *cgroup1, const struct conf_pairs *cgroup2,
                       const struct cgroup_host *host)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits limits = {};
	_cleanup_(text_done) struct text json = {};
	struct err err = {};
	int r = cgroup_limits_make(cgroup1, cgroup2, host, &limits, &err);

	require((r < 0) == (err.code < 0));
	require(r == 0 || cgroup_limits_empty(&limits));
	for (size_t i = 0; i < limits.n; i++)
		check_limit(&limits.items[i]);
	check_devices(&limits.devices);
	cgroup_limits_json(&limits, &json);
}

/* The value as text of the cgroup2 file, too. */
static void check_get(const char *name, const char *value)
{
	const struct cgroup_key *key = cgroup_key_find(name);
	_cleanup_free_ char *text = NULL;
	struct err err = {};
	int r;

	if (!key)
		return;
	r = cgroup_key_get(key, name, value, key->sibling ? value : NULL, &text, &err);
	require((r == 0) == (text != NULL) && (r < 0) == (err.code < 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_pair items[2][PAIRS_MAX];
	struct conf_pairs pairs[2] = { { items[0], 0 }, { items[1], 0 } };
	_cleanup_free_ char *text = strndup((const char *)data, size);
	char *save = NULL;

	if (!text)
		return 0;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t family = line[0] == '2';
		char *value = strchr(line, ' ');

		if (!value || value < line + 2 || !value[1] || pairs[family].n == PAIRS_MAX)
			continue;
		*value++ = '\0';
		items[family][pairs[family].n++] =
			(struct conf_pair){ .name = line + 2, .value = value };
		check_get(line + 2, value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		check_host(&pairs[0], &pairs[1], &hosts[i]);
	return 0;
}
