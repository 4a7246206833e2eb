/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lsm/profile.h"

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/text.h"
#include "host/tools.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* ---- text ---- */

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
	"\tdeny /proc/* wklx,\n"
	"\tdeny /proc/{kcore,kmem,mem,sysrq-trigger} rwklx,\n"
	"\tdeny /proc/{acpi,bus,fs,irq,mtrr,scsi}/** wklx,\n"
	"\tdeny /dev/{kmem,mem,port} rwklx,\n"
	"\tdeny /sys/firmware/** rwklx,\n"
	"\tdeny /sys/kernel/{debug,security,tracing}/** rwklx,\n"
	"\tdeny /sys/fs/cgroup/{,**/}release_agent wklx,\n";

static const char rules_nested[] =
	"\n"
	"\t# Containers inside: roots of their own, each with its procfs and sysfs.\n"
	"\tpivot_root,\n";

static const char rules_alone[] = "\n"
				  "\t# The rules are about paths: these trees have no other ones.\n"
				  "\tdeny pivot_root,\n"
				  "\tdeny mount / -> /**,\n"
				  "\tdeny mount /{proc,sys}/{,**} -> /**,\n";

/* Paths below which the container's own namespaces are set up; '*': and all that begins so. */
static const char *const proc_sys_own[] = { "fs/mqueue/*",     "kernel/domainname",
	                                    "kernel/hostname", "kernel/msg*",
	                                    "kernel/sem*",     "kernel/shm*",
	                                    "net/*",           NULL };
static const char *const sys_own[] = { "devices/virtual/net/*", "fs/cgroup/*", NULL };
static const char *const proc_point[] = { "proc/", NULL };
static const char *const sys_point[] = { "sys/", NULL };

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

char *lsm_profile_text(const char *name, bool nesting, const struct strv *raw)
{
	_cleanup_(text_done) struct text text = {};
	char *str;

	text_add(&text, "#include <tunables/global>\n");
	text_addf(&text, "profile \"%s\" flags=(attach_disconnected,mediate_deleted) {\n", name);
	text_add(&text, rules);
	deny_all_but(&text, "/proc/sys/", proc_sys_own, " wklx");
	deny_all_but(&text, "/sys/", sys_own, " wklx");
	text_add(&text, nesting ? rules_nested : rules_alone);
	if (!nesting) {
		deny_all_but(&text, "mount fstype=proc -> /", proc_point, "");
		deny_all_but(&text, "mount fstype=sysfs -> /", sys_point, "");
	}
	for (size_t i = 0; i < raw->n; i++)
		text_addf(&text, "%s\t%s\n", i ? "" : "\n", raw->items[i]);
	text_add(&text, "}\n");
	return text_finish(&text, &str) < 0 ? NULL : str;
}

/* ---- the kernel's ---- */

#define NOT_INSTALLED 127 /* what tools_ask_host returns */

/* Where packages put it: the PATH of an ordinary login, which su(1) keeps, has no sbin. */
static const char *find_parser(void)
{
	static const char *const places[] = { "/usr/sbin/apparmor_parser",
		                              "/sbin/apparmor_parser" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return "apparmor_parser";
}

static int say_not_loaded(const char *name, int code, char *words, struct err *err)
{
	words[strcspn(words, "\n")] = '\0';
	if (code == NOT_INSTALLED) {
		err_say(err, -ENOENT,
		        "cannot load the AppArmor profile of the container: the program "
		        "'apparmor_parser' is not installed");
		err_hint(err, "install the package apparmor, or go without a profile: "
		              "'lxc.apparmor.profile = unconfined'");
		return -ENOENT;
	}
	err_say(err, -EINVAL, "cannot load the AppArmor profile '%s': %s", name,
	        *words ? words : "apparmor_parser fails and does not say why");
	err_hint(err, "are the lines of lxc.apparmor.raw right? 'lxc.apparmor.profile = "
	              "unconfined' goes without a profile");
	return -EINVAL;
}

int lsm_profile_load(const char *name, const char *text, int dir_fd, struct err *err)
{
	_cleanup_free_ char *words = NULL;
	char path[64];
	char *const argv[] = { (char *)find_parser(), "--replace", "--quiet",
		               "--skip-cache",        path,        NULL };
	int r = fd_replace_at(dir_fd, "apparmor", 0600, text, strlen(text));

	if (r < 0)
		return err_set(err, r, "cannot write the AppArmor profile of the container");
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d/apparmor", (int)getpid(), dir_fd);
	r = tools_ask_host(argv, &words, err);
	return r > 0 ? say_not_loaded(name, r, words, err) : r;
}

void lsm_profile_unload(const char *name)
{
	(void)fd_write_at(AT_FDCWD, LSM_APPARMOR_DIR "/.remove", name);
}
