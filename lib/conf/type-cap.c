/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"
#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>

/* lxc.cap.drop and lxc.cap.keep: two ways to say one thing, so only one of them has entries, and
 * emptying either empties both. "none" for keep starts the list anew and, alone, keeps nothing. */

const char *const conf_cap_names[CONF_CAPS + 1] = {
	[CAP_CHOWN] = "chown",
	[CAP_DAC_OVERRIDE] = "dac_override",
	[CAP_DAC_READ_SEARCH] = "dac_read_search",
	[CAP_FOWNER] = "fowner",
	[CAP_FSETID] = "fsetid",
	[CAP_KILL] = "kill",
	[CAP_SETGID] = "setgid",
	[CAP_SETUID] = "setuid",
	[CAP_SETPCAP] = "setpcap",
	[CAP_LINUX_IMMUTABLE] = "linux_immutable",
	[CAP_NET_BIND_SERVICE] = "net_bind_service",
	[CAP_NET_BROADCAST] = "net_broadcast",
	[CAP_NET_ADMIN] = "net_admin",
	[CAP_NET_RAW] = "net_raw",
	[CAP_IPC_LOCK] = "ipc_lock",
	[CAP_IPC_OWNER] = "ipc_owner",
	[CAP_SYS_MODULE] = "sys_module",
	[CAP_SYS_RAWIO] = "sys_rawio",
	[CAP_SYS_CHROOT] = "sys_chroot",
	[CAP_SYS_PTRACE] = "sys_ptrace",
	[CAP_SYS_PACCT] = "sys_pacct",
	[CAP_SYS_ADMIN] = "sys_admin",
	[CAP_SYS_BOOT] = "sys_boot",
	[CAP_SYS_NICE] = "sys_nice",
	[CAP_SYS_RESOURCE] = "sys_resource",
	[CAP_SYS_TIME] = "sys_time",
	[CAP_SYS_TTY_CONFIG] = "sys_tty_config",
	[CAP_MKNOD] = "mknod",
	[CAP_LEASE] = "lease",
	[CAP_AUDIT_WRITE] = "audit_write",
	[CAP_AUDIT_CONTROL] = "audit_control",
	[CAP_SETFCAP] = "setfcap",
	[CAP_MAC_OVERRIDE] = "mac_override",
	[CAP_MAC_ADMIN] = "mac_admin",
	[CAP_SYSLOG] = "syslog",
	[CAP_WAKE_ALARM] = "wake_alarm",
	[CAP_BLOCK_SUSPEND] = "block_suspend",
	[CAP_AUDIT_READ] = "audit_read",
	[CAP_PERFMON] = "perfmon",
	[CAP_BPF] = "bpf",
	[CAP_CHECKPOINT_RESTORE] = "checkpoint_restore",
};

static bool is_name(const char *word)
{
	for (size_t i = 0; i < CONF_CAPS; i++)
		if (strcmp(word, conf_cap_names[i]) == 0)
			return true;
	return false;
}

/* A number counts when the running kernel has such a capability. */
static bool is_capability(const char *word)
{
	uint32_t number;

	if (is_name(word))
		return true;
	return num_parse_c32(word, &number) == 0 && number <= 63 &&
	       prctl(PR_CAPBSET_READ, (unsigned long)number, 0UL, 0UL, 0UL) >= 0;
}

/* "CAP_SYS_ADMIN" in LXC's way: "sys_admin"; in place. */
static void to_lxc_name(char *word)
{
	size_t skip = strncasecmp(word, "cap_", 4) == 0 ? 4 : 0;

	memmove(word, word + skip, strlen(word + skip) + 1);
	for (; *word; word++)
		*word = (char)tolower((unsigned char)*word);
}

/* Hints at the whole line in LXC's spelling or, where that is not enough, at the nearest name. */
static void hint_caps(const struct conf_slot *slot, const struct strv *words, struct err *err)
{
	_cleanup_(text_done) struct text line = {};

	for (size_t i = 0; i < words->n; i++) {
		_cleanup_free_ char *word = strdup(words->items[i]);
		const char *nearest;

		if (!word)
			return;
		to_lxc_name(word);
		if (!is_capability(word) && strcmp(word, "none") != 0) {
			nearest = conf_nearest(word, conf_cap_names);
			if (nearest)
				err_hint(err, "did you mean '%s'?", nearest);
			return;
		}
		text_addf(&line, "%s%s", i ? " " : "", word);
	}
	if (line.data && !line.failed)
		conf_hint_line(slot, line.data, err);
}

static int check_words(const struct conf_slot *slot, const struct strv *words, bool keep,
                       struct err *err)
{
	for (size_t i = 0; i < words->n; i++) {
		const char *word = words->items[i];

		if (is_capability(word) || (keep && strcmp(word, "none") == 0))
			continue;
		(void)err_say(err, -EINVAL, "'%s': there is no capability '%s'", slot->name,
		              SHOW(word));
		if (strcmp(word, "none") == 0)
			err_hint(err, "to drop nothing, write '%s =' with no value", slot->name);
		else
			hint_caps(slot, words, err);
		return -EINVAL;
	}
	return 0;
}

/* "none" discards what came before, and goes when something follows. */
static int add_cap(struct strv *list, const char *word)
{
	bool is_none = strcmp(word, "none") == 0;

	if (is_none || (list->n == 1 && strcmp(list->items[0], "none") == 0))
		strv_done(list);
	return strv_add(list, word);
}

static int caps_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	struct conf *conf = slot->base;
	struct strv *list = conf_field(slot);
	bool keep = list == &conf->cap_keep;
	_cleanup_(strv_done) struct strv words = {};
	const char *word;
	size_t len;

	if (keep ? conf->cap_drop.n : conf->cap_keep.n) {
		(void)err_say(err, -EINVAL, "'%s' and 'lxc.cap.%s' exclude each other", slot->name,
		              keep ? "drop" : "keep");
		err_hint(err, "put 'lxc.cap.%s =' in front to start anew", keep ? "drop" : "keep");
		return -EINVAL;
	}
	while (conf_next_word(&value, &word, &len))
		if (strv_add_len(&words, word, len) < 0)
			return err_oom(err);
	if (check_words(slot, &words, keep, err) < 0)
		return -EINVAL;
	for (size_t i = 0; i < words.n; i++)
		if (add_cap(list, words.items[i]) < 0)
			return err_oom(err);
	return 0;
}

static int caps_clear(const struct conf_slot *slot, struct err *err)
{
	struct conf *conf = slot->base;

	(void)err;
	strv_done(&conf->cap_drop);
	strv_done(&conf->cap_keep);
	return 0;
}

const struct conf_type conf_caps = { .set = caps_set, .get = conf_lines_get, .clear = caps_clear };
