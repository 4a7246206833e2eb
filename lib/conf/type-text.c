/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "os/path.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int conf_replace_text(char **field, const char *value, struct err *err)
{
	char *copy = strdup(value);

	if (!copy)
		return err_oom(err);
	free(*field);
	*field = copy;
	return 0;
}

/* Any text; key.arg is the most bytes it may have, 0 for no limit. */
static int str_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	if (slot->key->arg && strlen(value) > (size_t)slot->key->arg)
		return err_say(err, -ENAMETOOLONG, "'%s' has %zu bytes, at most %d are possible",
		               slot->name, strlen(value), slot->key->arg);
	return conf_replace_text(conf_field(slot), value, err);
}

int conf_str_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const char *value = *(char *const *)conf_field(slot);

	(void)err;
	text_add(out, value ? value : "");
	return 0;
}

int conf_str_clear(const struct conf_slot *slot, struct err *err)
{
	char **field = conf_field(slot);

	(void)err;
	free(*field);
	*field = NULL;
	return 0;
}

const struct conf_type conf_str = { .set = str_set, .get = conf_str_get, .clear = conf_str_clear };

/* Shown by every login and prompt: nothing that a terminal would obey. */
static int hostname_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	for (const char *s = value; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return err_say(err, -EINVAL,
			               "'%s' cannot be '%s': it has a control character",
			               slot->name, SHOW(value));
	return str_set(slot, value, err);
}

const struct conf_type conf_hostname = { .set = hostname_set,
	                                 .get = conf_str_get,
	                                 .clear = conf_str_clear };

static int path_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	_cleanup_free_ char *path = strdup(value);

	if (!path)
		return err_oom(err);
	path_simplify(path);
	if (!*path)
		return conf_bad_value(slot, value, "a path", err);
	if (strlen(path) >= PATH_MAX)
		return err_say(err, -ENAMETOOLONG, "'%s' has %zu bytes, a path has at most %d",
		               slot->name, strlen(path), PATH_MAX - 1);
	return conf_replace_text(conf_field(slot), path, err);
}

const struct conf_type conf_path = { .set = path_set,
	                             .get = conf_str_get,
	                             .clear = conf_str_clear };

/* One of a few words. */
static int choice_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	const char *const *choices = slot->key->type->choices;
	const char *nearest;

	for (const char *const *choice = choices; *choice; choice++)
		if (strcmp(value, *choice) == 0)
			return conf_replace_text(conf_field(slot), value, err);
	(void)err_say(err, -EINVAL, "'%s' knows no '%s'", slot->name, SHOW(value));
	nearest = conf_nearest(value, choices);
	if (nearest)
		conf_hint_line(slot, nearest, err);
	return -EINVAL;
}

static int choice_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const char *value = *(char *const *)conf_field(slot);

	(void)err;
	text_add(out, value ? value : slot->key->type->choices[0]);
	return 0;
}

#define CHOICE(name, ...)                                                                          \
	static const char *const name##_choices[] = { __VA_ARGS__, NULL };                         \
	const struct conf_type name = { .set = choice_set,                                         \
		                        .get = choice_get,                                         \
		                        .clear = conf_str_clear,                                   \
		                        .choices = name##_choices }

CHOICE(conf_veth_mode, "bridge", "router");
CHOICE(conf_macvlan_mode, "private", "vepa", "bridge", "passthru");
CHOICE(conf_ipvlan_mode, "l3", "l3s", "l2");
CHOICE(conf_ipvlan_isolation, "bridge", "private", "vepa");

static const char *const arch_choices[] = {
	/* 32 bits */
	"arm", "armel", "armhf", "armv7l", "athlon", "i386", "i486", "i586", "i686", "linux32",
	"mips", "mipsel", "ppc", "powerpc", "x32", "x86",
	/* 64 bits */
	"aarch64", "amd64", "arm64", "linux64", "loongarch64", "loong64", "mips64", "mips64el",
	"ppc64", "ppc64el", "ppc64le", "powerpc64", "riscv64", "s390x", "x86_64", NULL
};
#define N_ARCH_32BIT 16

bool conf_arch_is_known(const char *arch)
{
	for (size_t i = 0; arch_choices[i]; i++)
		if (strcmp(arch, arch_choices[i]) == 0)
			return true;
	return false;
}

bool conf_arch_is_32bit(const char *arch)
{
	for (size_t i = 0; arch && i < N_ARCH_32BIT; i++)
		if (strcmp(arch, arch_choices[i]) == 0)
			return true;
	return false;
}

static int arch_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const char *arch = *(char *const *)conf_field(slot);

	(void)err;
	if (arch)
		text_add(out, conf_arch_is_32bit(arch) ? "i686" : "x86_64");
	return 0;
}

const struct conf_type conf_arch = {
	.set = choice_set,
	.get = arch_get,
	.clear = conf_str_clear,
	.choices = arch_choices,
};

static int facility_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	bool is_local = strncasecmp(value, "local", 5) == 0 && value[5] >= '0' && value[5] <= '7' &&
	                !value[6];

	if (!is_local && strcasecmp(value, "daemon") != 0)
		return conf_bad_value(slot, value, "daemon or local0 to local7", err);
	return conf_replace_text(conf_field(slot), value, err);
}

const struct conf_type conf_facility = { .set = facility_set,
	                                 .get = conf_str_get,
	                                 .clear = conf_str_clear };

/* LXC cuts a longer name off; then another interface would be meant. */
static int ifname_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	if (strlen(value) >= IFNAMSIZ)
		return err_say(err, -ENAMETOOLONG,
		               "'%s': interface name '%s' has %zu bytes, at most %d are possible",
		               slot->name, SHOW(value), strlen(value), IFNAMSIZ - 1);
	if (strpbrk(value, "/ \t\v\f:") || strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
		return conf_bad_value(slot, value, "an interface name without '/', ':' and blanks",
		                      err);
	return conf_replace_text(conf_field(slot), value, err);
}

const struct conf_type conf_ifname = { .set = ifname_set,
	                               .get = conf_str_get,
	                               .clear = conf_str_clear };

static int mtu_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	uint32_t mtu;

	if (num_parse_c32(value, &mtu) < 0)
		return conf_bad_value(slot, value, "a number of bytes", err);
	return conf_replace_text(conf_field(slot), value, err);
}

const struct conf_type conf_mtu = { .set = mtu_set, .get = conf_str_get, .clear = conf_str_clear };

static bool has_dotdot(const char *path)
{
	for (const char *s = path; *s; s += strspn(s, "/")) {
		size_t len = strcspn(s, "/");

		if (len == 2 && s[0] == '.' && s[1] == '.')
			return true;
		s += len;
	}
	return false;
}

static int cgroup_dir_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	if (*value == '/' || has_dotdot(value)) {
		(void)conf_bad_value(slot, value, "a relative path without '..'", err);
		if (*value == '/' && value[1] && value[1] != '/' && !has_dotdot(value))
			conf_hint_line(slot, value + 1, err);
		return -EINVAL;
	}
	return str_set(slot, value, err);
}

const struct conf_type conf_cgroup_dir = {
	.set = cgroup_dir_set,
	.get = conf_str_get,
	.clear = conf_str_clear,
};

static int cgroup_name_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	if (strchr(value, '/') || strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
		return conf_bad_value(slot, value, "one directory name", err);
	return str_set(slot, value, err);
}

const struct conf_type conf_cgroup_name = {
	.set = cgroup_name_set,
	.get = conf_str_get,
	.clear = conf_str_clear,
};

/* "unix:/path" or "unix:@abstract", kept as written; LXC's getter shows what comes after that. */
static int proxy_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	if ((!str_starts_with(value, "unix:/") && !str_starts_with(value, "unix:@")) || !value[6]) {
		(void)conf_bad_value(slot, value, "'unix:/PATH' or 'unix:@NAME'", err);
		if (*value == '/' || *value == '@')
			err_hint(err, "write '%s = unix:%s'", slot->name, SHOW(value));
		return -EINVAL;
	}
	return conf_replace_text(conf_field(slot), value, err);
}

static int proxy_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const char *value = *(char *const *)conf_field(slot);

	(void)err;
	if (value)
		text_add(out, value + (value[5] == '@' ? 6 : 5));
	return 0;
}

const struct conf_type conf_proxy = { .set = proxy_set, .get = proxy_get, .clear = conf_str_clear };
