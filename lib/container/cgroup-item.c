/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/cgroup-item.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cgroup/item.h"
#include "cgroup/keys.h"
#include "container/control.h"
#include "os/fd.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(((struct control_cgroup *)NULL)->file) == CGROUP_FILE_MAX,
               "the name does not fit its message");

static int ask(int sock, const char *file, struct cgroup_item *ret_item, struct err *err)
{
	struct control_cgroup answer = {};
	_cleanup_close_ int fd = -EBADF;
	size_t len;
	int r;

	r = control_call(sock, CONTROL_CGROUP, 0, file, &answer, sizeof(answer), &len, &fd, 1, err);
	if (r < 0)
		return r;
	if (len != sizeof(answer) || fd < 0 || !memchr(answer.file, 0, sizeof(answer.file)))
		return err_say(err, -EBADMSG, "the container's monitor gave a malformed answer");
	ret_item->kind = (enum cgroup_item_kind)answer.kind;
	memcpy(ret_item->file, answer.file, sizeof(ret_item->file));
	ret_item->dir_fd = take_fd(&fd);
	return 0;
}

/* @how: arg of CONTROL_CGROUP */
static int set_device(int sock, int how, const char *file, const char *value, struct err *err)
{
	_cleanup_(text_done) struct text rule = {};

	text_addf(&rule, "%s %s", file, value);
	if (rule.failed)
		return err_oom(err);
	return control_call(sock, CONTROL_CGROUP, how, rule.data, NULL, 0, NULL, NULL, 0, err);
}

static int use(int sock, const char *file, const char *value, char **ret_text, struct err *err)
{
	struct cgroup_item item;
	int r;

	r = ask(sock, file, &item, err);
	if (r < 0)
		return r;
	if (!value)
		r = cgroup_item_read(&item, file, ret_text, err);
	else if (item.kind == CGROUP_ITEM_DEVICES)
		r = set_device(sock, 1, file, value, err);
	else
		r = cgroup_item_write(&item, file, value, err);
	cleanup_close(&item.dir_fd);
	return r;
}

/* @value: NULL to read. */
static int connect_and_use(const struct store *store, const char *name, const char *file,
                           const char *value, char **ret_text, struct err *err)
{
	_cleanup_close_ int sock = -EBADF;
	int r;

	r = cgroup_file_check(file, file, err);
	if (r < 0)
		return r;
	sock = control_connect(store, name, err);
	if (sock < 0)
		return sock;
	r = use(sock, file, value, ret_text, err);
	return r < 0 ? err_wrap(err, r, "cannot %s '%s' of container '%s'", value ? "set" : "read",
	                        file, name)
	             : 0;
}

/* A v1 leaf without rules lists "a *:* rwm". */
static bool v1_allows_all(const struct cgroup_item *item)
{
	char text[8];

	return fd_read_short(item->dir_fd, "devices.list", text, sizeof(text)) > 0 &&
	       text[0] == 'a';
}

int container_cgroup_rule(int sock, bool allow, const char *rule, struct err *err)
{
	const char *file = allow ? "devices.allow" : "devices.deny";
	struct cgroup_item item;
	int r = ask(sock, file, &item, err);

	if (r == -EOPNOTSUPP || r == -ENODEV || r == -ENOENT)
		return 0; /* without a cgroup no rule holds */
	if (r < 0)
		return r;
	if (item.kind == CGROUP_ITEM_DEVICES)
		r = set_device(sock, 2, file, rule, err);
	else if (!v1_allows_all(&item))
		r = cgroup_item_write(&item, file, rule, err);
	cleanup_close(&item.dir_fd);
	return r;
}

int container_cgroup_get(const struct store *store, const char *name, const char *file,
                         char **ret_text, struct err *err)
{
	return connect_and_use(store, name, file, NULL, ret_text, err);
}

int container_cgroup_set(const struct store *store, const char *name, const char *file,
                         const char *value, struct err *err)
{
	return connect_and_use(store, name, file, value, NULL, err);
}
