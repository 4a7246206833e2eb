/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/volume.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "host/tools.h"
#include "os/mountfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define NOT_INSTALLED 127 /* what tools_ask_host returns */

/* Each is tried by its own driver only: the others' parsers never see what is not theirs. */
const char *volume_detect(int fd)
{
	static const struct {
		char name[10], magic[10];
		size_t len;
		off_t offset;
	} known[] = {
		{ "ext4", "\x53\xef", 2, 1080 }, /* ext2 and ext3, too */
		{ "xfs", "XFSB", 4, 0 },
		{ "btrfs", "_BHRfS_M", 8, 65600 },
		{ "squashfs", "hsqs", 4, 0 },
		{ "erofs", "\xe2\xe1\xf5\xe0", 4, 1024 },
		{ "f2fs", "\x10\x20\xf5\xf2", 4, 1024 },
	};
	char found[8];

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (pread(fd, found, known[i].len, known[i].offset) == (ssize_t)known[i].len &&
		    memcmp(found, known[i].magic, known[i].len) == 0)
			return known[i].name;
	return NULL;
}

/* mkfs makes one of these with files in it, or there is none. */
static bool is_read_only(const char *fstype)
{
	return strcmp(fstype, "squashfs") == 0 || strcmp(fstype, "erofs") == 0;
}

struct volume_shape volume_shape(const struct storage_spec *spec)
{
	const struct storage *like = spec->like;
	struct volume_shape shape = { spec->fstype, spec->fssize };
	_cleanup_close_ int fd = -EBADF;
	const char *found;
	off_t end;

	if (like && like->type->is_volume && like->path[0] == '/')
		fd = open(like->path, O_RDONLY | O_CLOEXEC);
	end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	found = fd < 0 ? NULL : volume_detect(fd);
	if (!shape.fstype)
		shape.fstype = found && !is_read_only(found) ? found : VOLUME_FSTYPE;
	if (!shape.bytes)
		shape.bytes = end > 0 ? (uint64_t)end : VOLUME_FSSIZE;
	return shape;
}

int volume_choose_free(struct storage *storage, const char *prefix,
                       bool (*is_taken)(const struct storage *storage), struct err *err)
{
	for (unsigned int i = 1; i == 1 || is_taken(storage); i++) {
		free(storage->path);
		if (i == 1 ? asprintf(&storage->path, "%s", prefix) < 0
		           : asprintf(&storage->path, "%s_%u", prefix, i) < 0) {
			storage->path = NULL;
			return err_oom(err);
		}
	}
	return 0;
}

int volume_mount(const char *fstype, const char *source, const char *path,
                 const struct storage_user *user, int *ret_fd, struct err *err)
{
	_cleanup_(strv_done) struct strv words = {};
	char why[256];
	int fd, r;

	r = strv_addf(&words, "source=%s", source);
	if (r == 0 && strcmp(fstype, "xfs") == 0) /* a clone has the UUID of its source */
		r = strv_add(&words, "nouuid");
	for (size_t i = 0; r == 0 && user->options && i < user->options->n; i++)
		r = strv_add(&words, user->options->items[i]);
	if (r < 0)
		return err_oom(err);
	fd = mountfd_new_words(fstype, &words, 0, why, sizeof(why));
	if (fd < 0 && *why)
		return err_say(err, fd, "cannot mount '%s' (%s): %s", path, fstype, why);
	if (fd < 0)
		return err_set(err, fd, "cannot mount '%s' (%s)", path, fstype);
	*ret_fd = fd;
	return 0;
}

int volume_mount_device(const char *device, const char *path, const struct storage_user *user,
                        int *ret_fd, struct err *err)
{
	_cleanup_close_ int fd = open(device, O_RDONLY | O_CLOEXEC);
	const char *fstype;

	if (fd < 0)
		return err_set(err, -errno, "cannot open '%s'", device);
	fstype = volume_detect(fd);
	if (fstype)
		return volume_mount(fstype, device, path, user, ret_fd, err);
	err_say(err, -EINVAL, "there is no file system in '%s' that we know", path);
	err_hint(err, "ext4, xfs, btrfs, f2fs, erofs and squashfs can be used");
	return -EINVAL;
}

int volume_format(const char *device, const char *fstype, struct err *err)
{
	char program[64];

	if (strchr(fstype, '/') || strlen(fstype) > 32)
		return err_say(err, -EINVAL, "there is no file system '%s'", fstype);
	(void)snprintf(program, sizeof(program), "mkfs.%s", fstype);
	return volume_run(err, program, device, NULL);
}

int volume_open_new(const struct storage *storage, int dir_fd, const char *name,
                    struct storage_made *made, struct err *err)
{
	const struct storage_user user = {};
	int r;

	if (mkdirat(dir_fd, name, 0755) < 0)
		return err_set(err, -errno, "cannot make '%s' to mount '%s' on", name,
		               storage->path);
	r = storage->type->open(storage, &user, &made->mount, err);
	return r < 0 ? r : storage_open_made(made->mount, ".", storage->path, made, err);
}

/* Where it is missed fsck makes another lost+found: this one would be among the container's files.
 */
int volume_format_new(const struct storage *storage, const char *fstype, int dir_fd,
                      const char *name, struct storage_made *made, struct err *err)
{
	int r = volume_format(storage->path, fstype, err);

	if (r == 0)
		r = volume_open_new(storage, dir_fd, name, made, err);
	if (r == 0)
		(void)unlinkat(made->fd, "lost+found", AT_REMOVEDIR);
	return r;
}

/* Any directory will do, what it hides is not looked at. */
int volume_take(const struct storage *storage, const struct storage_user *user, int host_fd,
                struct storage_root *root, struct err *err)
{
	(void)storage;
	(void)user;
	root->tree = fcntl(host_fd, F_DUPFD_CLOEXEC, 3);
	root->under = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root->tree < 0 || root->under < 0
	               ? err_set(err, -errno, "cannot take the root file system")
	               : 0;
}

/* ---- programs ---- */

/* Its own words, in one line. */
static int say_failed(const char *program, int code, const char *printed, struct err *err)
{
	_cleanup_(text_done) struct text text = {};

	for (const char *s = printed; *s; s++)
		if (*s != '\n')
			text_add_len(&text, s, 1);
		else if (s[1])
			text_add(&text, "; ");
	return err_say(err, -EIO, "%s failed with exit status %d: %s", program, code,
	               text.data ? text.data : "it says nothing");
}

static int run_list(const char *program, va_list words, char **ret_answer, struct err *err)
{
	_cleanup_(strv_done) struct strv argv = {};
	_cleanup_free_ char *printed = NULL;
	int r = strv_add(&argv, program);

	for (const char *word; r == 0 && (word = va_arg(words, const char *));)
		r = strv_add(&argv, word);
	if (r < 0)
		return err_oom(err);
	r = tools_ask_host(argv.items, &printed, err);
	if (r == NOT_INSTALLED)
		return err_say(err, -ENOENT, "the program '%s' is not installed", program);
	if (r != 0)
		return r < 0 ? r : say_failed(program, r, printed, err);
	*ret_answer = take_ptr(printed);
	return 0;
}

int volume_run(struct err *err, const char *program, ...)
{
	_cleanup_free_ char *printed = NULL;
	va_list words;
	int r;

	va_start(words, program);
	r = run_list(program, words, &printed, err);
	va_end(words);
	return r;
}

int volume_ask(char **ret_answer, struct err *err, const char *program, ...)
{
	_cleanup_free_ char *printed = NULL;
	const char *first;
	va_list words;
	size_t len;
	int r;

	va_start(words, program);
	r = run_list(program, words, &printed, err);
	va_end(words);
	if (r < 0)
		return r;
	first = printed + strspn(printed, " \t\n");
	for (len = strlen(first); len && strchr(" \t\n", first[len - 1]);)
		len--;
	*ret_answer = strndup(first, len);
	return *ret_answer ? 0 : err_oom(err);
}
