/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_HOST_PASSWD_H
#define RLXC_HOST_PASSWD_H

#include <sys/types.h>

/* Entries of /etc/passwd, see passwd(5). The file is read directly; the name service is asked
 * only for somebody who is not in it, so that an ordinary start loads no NSS module. */
struct passwd_entry {
	char *name;
	uid_t uid;
	gid_t gid;
	char *home;
};

/* -ENOENT: nobody of that uid or name. */
int passwd_by_uid(uid_t uid, struct passwd_entry *ret_entry);
int passwd_by_name(const char *name, struct passwd_entry *ret_entry);
void passwd_done(struct passwd_entry *entry);

/* The first line of @text for @name, or for @uid when @name is NULL; malformed lines and those
 * of the old "+name" form are passed over. -ENOENT: none. */
int passwd_parse(const char *text, const char *name, uid_t uid, struct passwd_entry *ret_entry);

#endif
