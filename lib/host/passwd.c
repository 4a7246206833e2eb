/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/passwd.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "host/lookup.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PASSWD_FILE "/etc/passwd"
#define PASSWD_SIZE_MAX ((size_t)16 << 20)

enum { FIELD_NAME, FIELD_PASSWORD, FIELD_UID, FIELD_GID, FIELD_GECOS, FIELD_HOME, FIELD_MAX };

void passwd_done(struct passwd_entry *entry)
{
	free(entry->name);
	free(entry->home);
	*entry = (struct passwd_entry){};
}

static int entry_fill(const char *name, uid_t uid, gid_t gid, const char *home,
                      struct passwd_entry *ret_entry)
{
	struct passwd_entry entry = { .uid = uid, .gid = gid };

	entry.name = strdup(name);
	entry.home = strdup(home);
	if (!entry.name || !entry.home) {
		passwd_done(&entry);
		return -ENOMEM;
	}
	*ret_entry = entry;
	return 0;
}

/* Cuts @line in place; false when it is no entry at all. */
static bool line_split(char *line, char *fields[FIELD_MAX], uid_t *ret_uid, gid_t *ret_gid)
{
	char *rest = line;

	for (int i = 0; i < FIELD_MAX; i++) {
		fields[i] = strsep(&rest, ":");
		if (!fields[i])
			return false;
	}
	if (!fields[FIELD_NAME][0] || fields[FIELD_NAME][0] == '+' || fields[FIELD_NAME][0] == '-')
		return false;
	return num_parse_u32(fields[FIELD_UID], ret_uid) == 0 &&
	       num_parse_u32(fields[FIELD_GID], ret_gid) == 0;
}

int passwd_parse(const char *text, const char *name, uid_t uid, struct passwd_entry *ret_entry)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *line;

	if (!copy)
		return -ENOMEM;
	while ((line = strsep(&rest, "\n"))) {
		char *fields[FIELD_MAX];
		uid_t found;
		gid_t gid;

		if (!line_split(line, fields, &found, &gid))
			continue;
		if (name ? strcmp(fields[FIELD_NAME], name) == 0 : found == uid)
			return entry_fill(fields[FIELD_NAME], found, gid, fields[FIELD_HOME],
			                  ret_entry);
	}
	return -ENOENT;
}

/* The same by the name service: SSSD, LDAP, systemd-homed and so on. */
static int lookup_nss(const char *name, uid_t uid, struct passwd_entry *ret_entry)
{
	_cleanup_free_ char *text = NULL;
	char number[NUM_TEXT_MAX];
	int r;

	num_format(number, uid);
	r = lookup_ask(name ? "name" : "uid", name ? name : number, &text);
	if (r < 0)
		return r == -ENOMEM ? r : -ENOENT;
	return passwd_parse(text, name, uid, ret_entry);
}

static int lookup(const char *name, uid_t uid, struct passwd_entry *ret_entry)
{
	_cleanup_free_ char *text = NULL;
	int r = -ENOENT;

	if (fd_read_file(AT_FDCWD, PASSWD_FILE, PASSWD_SIZE_MAX, &text, NULL) == 0)
		r = passwd_parse(text, name, uid, ret_entry);
	return r == -ENOENT ? lookup_nss(name, uid, ret_entry) : r;
}

int passwd_by_uid(uid_t uid, struct passwd_entry *ret_entry)
{
	return lookup(NULL, uid, ret_entry);
}

int passwd_by_name(const char *name, struct passwd_entry *ret_entry)
{
	return lookup(name, (uid_t)-1, ret_entry);
}
