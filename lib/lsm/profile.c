/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lsm/profile.h"

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-"

void lsm_profile_name(const char *container, const char *lxcpath, char ret_name[LSM_LABEL_MAX])
{
	char full[8192];
	int len = snprintf(full, sizeof(full), "lxc-%s_<%s>", container, lxcpath);
	bool is_plain = !container[strspn(container, NAME_CHARS)] &&
	                !lxcpath[strspn(lxcpath, NAME_CHARS)] &&
	                !strstr(lxcpath, "//"); /* divides profile and child */

	if (is_plain && len < LSM_LABEL_MAX)
		(void)strcpy(ret_name, full);
	else
		(void)snprintf(ret_name, LSM_LABEL_MAX, "lxc-%016" PRIx64,
		               hash_bytes(full, strlen(full)));
}

/* Without the classes that only some versions of apparmor_parser know: no line about the ABI means
 * that they are not mediated. */
static const char rules[] =
	"\tfile,\n"
	"\tcapability,\n"
	"\tdeny capability mac_admin,\n"
	"\tdeny capability mac_override,\n"
	"\tnetwork,\n"
	"\tdbus,\n"
	"\tmount,\n"
	"\tremount,\n"
	"\tumount,\n"
	"\n"
	"\t# The host may signal, watch and trace; they only each other.\n"
	"\tsignal (receive),\n"
	"\tsignal (send) peer=@{profile_name},\n"
	"\tptrace (readby, tracedby),\n"
	"\tptrace peer=@{profile_name},\n"
	"\t# Sockets that somebody hands in work; connections are made inside.\n"
	"\tunix (create, bind, listen, accept, getattr, setattr, getopt, setopt, shutdown),\n"
	"\tunix (send, receive),\n"
	"\tunix peer=(label=@{profile_name}),\n"
	"\n"
	"\t# The one kernel's settings, memory and policies.\n"
	"\tdeny mount fstype=(binfmt_misc, configfs, debugfs, efivarfs, pstore, securityfs, "
	"selinuxfs, smackfs, tracefs),\n"
	"\tdeny @{roots}proc/* wklx,\n"
	"\tdeny @{roots}proc/{kcore,kmem,mem,sysrq-trigger} rwklx,\n"
	"\tdeny @{roots}proc/{acpi,bus,fs,irq,mtrr,scsi}/** wklx,\n"
	"\tdeny @{roots}dev/{kmem,mem,port} rwklx,\n"
	"\tdeny @{roots}sys/firmware/** rwklx,\n"
	"\tdeny @{roots}sys/kernel/{debug,security,tracing}/** rwklx,\n"
	"\tdeny @{roots}sys/fs/cgroup/{,**/}release_agent wklx,\n";

static const char rules_free[] =
	"\n"
	"\t# Roots of their own, as of containers inside, each with its procfs and sysfs.\n"
	"\tpivot_root,\n";

static const char rules_alone[] =
	"\n"
	"\t# The rules are about paths: these trees have no other ones than those above.\n"
	"\tdeny pivot_root,\n";

/* Where systemd makes the root of a service: the container's own, bound, and then moved to /. */
#define SANDBOXES "run/systemd/*"
/* What has procfs or sysfs in it. */
#define TREES "/{,{proc,sys}/{,**},run/{,systemd/{,**/}}}"

/* Paths below which the container's own namespaces are set up; '*': and all that begins so. */
static const char *const proc_sys_own[] = { "fs/mqueue/*",     "kernel/domainname",
	                                    "kernel/hostname", "kernel/msg*",
	                                    "kernel/sem*",     "kernel/shm*",
	                                    "net/*",           NULL };
static const char *const sys_own[] = { "devices/virtual/net/*", "fs/cgroup/*", NULL };
static const char *const tree_points[] = { SANDBOXES, NULL };
static const char *const proc_points[] = { "proc/", SANDBOXES, NULL };
static const char *const sys_points[] = { SANDBOXES, "sys/", NULL };

/* Whether an earlier path begins with the same @len characters. */
static bool is_repeated(const char *const *paths, size_t i, size_t len)
{
	for (size_t j = 0; j < i; j++)
		if (strncmp(paths[j], paths[i], len) == 0)
			return true;
	return false;
}

/* One rule for all that goes on otherwise than @paths behind the first @len bytes of path @i. */
static void deny_behind(struct text *text, const char *head, const char *const *paths, size_t i,
                        size_t len, const char *tail)
{
	char next[32] = "";
	size_t n = 0;

	for (const char *const *path = paths; *path; path++)
		if (strncmp(*path, paths[i], len) == 0 && !strchr(next, (*path)[len]) &&
		    n < sizeof(next) - 1)
			next[n++] = (*path)[len];
	text_addf(text, "\tdeny %s%.*s", head, (int)len, paths[i]);
	if (n)
		text_addf(text, "[^%s]**%s,\n", next, tail);
	else
		text_addf(text, "?**%s,\n", tail);
}

/* There is no pattern for "all but these", and no permission that outweighs a denial. */
static void deny_all_but(struct text *text, const char *head, const char *const *paths,
                         const char *tail)
{
	for (size_t i = 0; paths[i]; i++)
		for (size_t len = 0; len <= strlen(paths[i]) && paths[i][len] != '*'; len++)
			if (!is_repeated(paths, i, len))
				deny_behind(text, head, paths, i, len, tail);
}

char *lsm_profile_text(const char *name, bool free_mounts, const struct strv *raw)
{
	_cleanup_(text_done) struct text text = {};
	char *str;

	if (raw->n)
		text_add(&text, "#include <tunables/global>\n");
	text_add(&text, free_mounts ? "@{roots} = /\n" : "@{roots} = / /run/systemd/**/\n");
	text_addf(&text, "profile \"%s\" flags=(attach_disconnected,mediate_deleted) {\n", name);
	text_add(&text, rules);
	deny_all_but(&text, "@{roots}proc/sys/", proc_sys_own, " wklx");
	deny_all_but(&text, "@{roots}sys/", sys_own, " wklx");
	text_add(&text, free_mounts ? rules_free : rules_alone);
	if (!free_mounts) {
		deny_all_but(&text, "mount " TREES " -> /", tree_points, "");
		deny_all_but(&text, "mount fstype=proc -> /", proc_points, "");
		deny_all_but(&text, "mount fstype=sysfs -> /", sys_points, "");
	}
	for (size_t i = 0; i < raw->n; i++)
		text_addf(&text, "%s\t%s\n", i ? "" : "\n", raw->items[i]);
	text_add(&text, "}\n");
	return text_finish(&text, &str) < 0 ? NULL : str;
}
