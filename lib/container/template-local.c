/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/template.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "container/template-inittab.h"
#include "container/unpack.h"
#include "os/fd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef RLXC_DATA_DIR
#define RLXC_DATA_DIR "/usr/share/lxc"
#endif

/* A system from archives at hand: the tree, and optionally the metadata that image builders put
 * beside it (config, fstab, excludes, templates, create-message). */

#define METADATA_LEVEL ".5" /* of the format; a file with this suffix goes before one without */
#define TEMPLATED_MAX (1024 * 1024)

struct local {
	const char *fstree, *metadata; /* paths, as given */
	bool no_dev;
	int fstree_fd, program_fd;
	struct unpack_files files;
};

static void local_done(struct template_run *run)
{
	struct local *local = run->data;

	if (!local)
		return;
	cleanup_close(&local->fstree_fd);
	cleanup_close(&local->program_fd);
	unpack_files_done(&local->files);
	free(local);
	run->data = NULL;
}

/* ---- as the caller ---- */

static int read_metadata(struct local *local, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;

	if (!local->metadata)
		return 0;
	fd = unpack_open(local->metadata, err);
	if (fd < 0)
		return fd;
	return unpack_files(local->program_fd, fd, local->metadata, &local->files, err);
}

static int open_all(struct local *local, struct err *err)
{
	if (!local->fstree) {
		err_say(err, -EINVAL, "template 'local' needs the archive of a root file system");
		err_hint(err, "lxc-create -t local NAME -- --fstree rootfs.tar.xz");
		return -EINVAL;
	}
	local->fstree_fd = unpack_open(local->fstree, err);
	if (local->fstree_fd < 0)
		return local->fstree_fd;
	local->program_fd = unpack_find(err);
	if (local->program_fd < 0)
		return local->program_fd;
	return read_metadata(local, err);
}

static int local_prepare(struct template_run *run, struct err *err)
{
	struct local *local = calloc(1, sizeof(*local));
	struct template_option options[] = {
		{ .name = "fstree", .letter = 'f', .ret_value = local ? &local->fstree : NULL },
		{ .name = "metadata", .letter = 'm', .ret_value = local ? &local->metadata : NULL },
		{ .name = "no-dev", .ret_flag = local ? &local->no_dev : NULL },
	};
	int r;

	if (!local)
		return err_oom(err);
	local->fstree_fd = -EBADF;
	local->program_fd = -EBADF;
	run->data = local;
	r = template_parse("local", run->words, options, ARRAY_SIZE(options), err);
	return r < 0 ? r : open_all(local, err);
}

/* A file of the metadata: first of all NAME-MODE, then the level's suffix added to what was chosen.
 * NULL: there is none. */
static const char *metadata_text(const struct template_run *run, const char *name)
{
	const struct local *local = run->data;
	const struct unpack_file *file;
	char chosen[64], leveled[80];

	(void)snprintf(chosen, sizeof(chosen), "%s-%s", name,
	               run->mapped || run->store->caller.in_userns ? "user" : "system");
	if (!unpack_file_find(&local->files, chosen))
		(void)snprintf(chosen, sizeof(chosen), "%s", name);
	(void)snprintf(leveled, sizeof(leveled), "%s" METADATA_LEVEL, chosen);
	file = unpack_file_find(&local->files, leveled);
	if (!file)
		file = unpack_file_find(&local->files, chosen);
	return file ? file->text : NULL;
}

/* ---- words that stand for something ---- */

static void add_substituted(struct text *text, const char *from, const struct template_run *run)
{
	const struct {
		const char *word, *value;
	} words[] = {
		{ "LXC_NAME", run->name },
		{ "LXC_PATH", run->container_path },
		{ "LXC_ROOTFS", run->rootfs_path },
		{ "LXC_TEMPLATE_CONFIG", RLXC_DATA_DIR "/config" },
		{ "LXC_HOOK_DIR", RLXC_DATA_DIR "/hooks" },
	};

	while (*from) {
		size_t i, plain = strcspn(from, "L");

		text_add_len(text, from, plain);
		from += plain;
		for (i = 0; i < ARRAY_SIZE(words); i++)
			if (str_starts_with(from, words[i].word))
				break;
		if (i < ARRAY_SIZE(words)) {
			text_add(text, words[i].value);
			from += strlen(words[i].word);
		} else if (*from) {
			text_add_len(text, from++, 1);
		}
	}
}

/* One file of the new system that the metadata calls a template. It is plain and has one name. */
static int substitute_file(const struct template_run *run, const char *path)
{
	_cleanup_close_ int fd =
		path_open_beneath(run->rootfs_fd, path, O_RDWR | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *old = NULL, *new = NULL;
	struct text text = {};
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
		return -EINVAL;
	r = fd_read_all(fd, TEMPLATED_MAX, &old, NULL);
	if (r < 0)
		return r;
	add_substituted(&text, old, run);
	r = text_finish(&text, &new);
	if (r < 0)
		return r;
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return fd_write(fd, new, strlen(new));
}

/* ---- inside ---- */

static int add_lines(struct strv *list, const char *text)
{
	_cleanup_(strv_done) struct strv lines = {};
	int r = text ? strv_split_at(&lines, text, '\n') : 0;

	for (size_t i = 0; r == 0 && i < lines.n; i++) {
		char *line = lines.items[i];

		line[strcspn(line, "\r")] = '\0';
		if (*line && *line != '#')
			r = strv_add(list, line);
	}
	return r;
}

static int substitute_files(const struct template_run *run, struct err *err)
{
	_cleanup_(strv_done) struct strv paths = {};

	if (add_lines(&paths, metadata_text(run, "templates")) < 0)
		return err_oom(err);
	for (size_t i = 0; i < paths.n; i++) {
		int r = substitute_file(run, paths.items[i]);

		if (r < 0)
			log_warn("cannot put the container's name into '%s': %s, leaving it",
			         paths.items[i], strerror(-r));
	}
	return 0;
}

/* A bare tree has the name of the machine that it was made on, and its init would set that. */
static int write_hostname(const struct template_run *run)
{
	_cleanup_close_ int fd =
		path_open_beneath(run->rootfs_fd, "etc/hostname", O_WRONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
		return -EINVAL;
	if (ftruncate(fd, 0) < 0)
		return -errno;
	r = fd_write(fd, run->name, strlen(run->name));
	return r < 0 ? r : fd_write(fd, "\n", 1);
}

static void adapt(const struct template_run *run)
{
	int r;

	r = write_hostname(run);
	if (r < 0)
		log_warn("cannot put the container's name into 'etc/hostname': %s, leaving it",
		         strerror(-r));
	r = template_inittab_adapt(run->rootfs_fd);
	if (r < 0)
		log_warn("cannot fit 'etc/inittab' to a container: %s, leaving it", strerror(-r));
}

static int local_fill(struct template_run *run, struct err *err)
{
	const struct local *local = run->data;
	_cleanup_(strv_done) struct strv excludes = {};
	int fd, r;

	r = add_lines(&excludes, metadata_text(run, "excludes"));
	if (r == 0 && local->no_dev)
		r = strv_add(&excludes, "dev/*");
	if (r < 0)
		return err_oom(err);
	r = unpack_tree(local->program_fd, local->fstree_fd, local->fstree, run->rootfs_fd,
	                &(struct unpack_how){ .excludes = excludes.items }, err);
	if (r < 0)
		return r;
	fd = path_make_dir(run->rootfs_fd, "dev/pts", 0755);
	if (fd >= 0)
		(void)close(fd); /* else the container's own init has to live with it */
	if (!local->metadata)
		adapt(run);
	return substitute_files(run, err);
}

/* ---- configuration ---- */

enum part { PART_OTHER, PART_SPECIFIC, PART_NETWORK };

static enum part part_of(const char *line)
{
	line += strspn(line, " \t");
	if (str_starts_with(line, "lxc.net"))
		return PART_NETWORK;
	return str_starts_with(line, "lxc.") ? PART_SPECIFIC : PART_OTHER;
}

static void add_part(struct text *text, const char *config, enum part part)
{
	while (*config) {
		size_t len = strcspn(config, "\n");

		if (part_of(config) == part && (len || part != PART_OTHER)) {
			text_add_len(text, config, len);
			text_add(text, "\n");
		}
		config += len + (config[len] == '\n');
	}
}

static bool sets_key(const char *config, const char *key, size_t len)
{
	while (*config) {
		config += strspn(config, " \t");
		if (strncmp(config, key, len) == 0 && strspn(config + len, " \t=") > 0)
			return true;
		config += strcspn(config, "\n");
		config += *config == '\n';
	}
	return false;
}

/* For an image that says nothing itself: an initial configuration is often the network alone. */
static void add_base(struct text *text, const char *config)
{
	const char *line = template_base_config, *title = "\n# System containers\n";

	while (*line) {
		size_t len = strcspn(line, "\n");

		if (!sets_key(config, line, strcspn(line, " "))) {
			text_add(text, title);
			text_add_len(text, line, len + 1);
			title = "";
		}
		line += len + 1;
	}
}

static int write_fstab(const struct template_run *run, const char *fstab, struct err *err)
{
	_cleanup_close_ int dir_fd = -EBADF;
	_cleanup_free_ char *content = NULL;
	struct text text = {};
	int r;

	add_substituted(&text, fstab, run);
	if (text_finish(&text, &content) < 0)
		return err_oom(err);
	dir_fd = store_open_dir(run->store, run->name, err);
	if (dir_fd < 0)
		return dir_fd;
	r = fd_replace_at(dir_fd, "fstab", 0644, content, strlen(content));
	return r < 0 ? err_set(err, r, "cannot write '%s/fstab'", run->container_path) : 0;
}

/* The message for who made the container; it came from the archive. */
static void show_message(const struct template_run *run)
{
	_cleanup_(strv_done) struct strv lines = {};
	const char *message = metadata_text(run, "create-message");

	if (run->quiet || !message || strv_split_at(&lines, message, '\n') < 0)
		return;
	(void)puts("\n---");
	for (size_t i = 0; i < lines.n; i++) {
		_cleanup_free_ char *line = NULL;
		struct text text = {};

		text_add_printable(&text, lines.items[i]);
		if (text_finish(&text, &line) == 0 && (*line || i + 1 < lines.n))
			(void)puts(line);
	}
	(void)fflush(stdout);
}

/* The image's own lines come before those of the initial configuration, which so have the last
 * word; the network is at the end. */
static int local_configure(const struct template_run *run, const char *config, char **ret_config,
                           struct err *err)
{
	const char *own = metadata_text(run, "config"), *fstab = metadata_text(run, "fstab");
	struct text text = {};
	int r;

	if (fstab) {
		r = write_fstab(run, fstab, err);
		if (r < 0)
			return r;
	}
	add_part(&text, config, PART_OTHER);
	if (own) {
		text_add(&text, "\n# Distribution configuration\n");
		add_substituted(&text, own, run);
		text_add(&text, "\n");
	} else {
		add_base(&text, config);
	}
	text_add(&text, "\n# Container specific configuration\n");
	add_part(&text, config, PART_SPECIFIC);
	if (fstab)
		text_addf(&text, "lxc.mount.fstab = %s/fstab\n", run->container_path);
	text_add(&text, "\n# Network configuration\n");
	add_part(&text, config, PART_NETWORK);
	if (text_finish(&text, ret_config) < 0)
		return err_oom(err);
	show_message(run);
	return 0;
}

const struct template template_local = {
	.name = "local",
	.purpose = "a system from tar archives (.tar, .tar.gz, .tar.xz, .tar.zst)",
	.help = "-f, --fstree FILE     archive of the root file system\n"
		"-m, --metadata FILE   archive with the image's config, excludes, templates, "
		"fstab\n"
		"                      and create-message; without it the usual keys of a system\n"
		"                      are set, /etc/hostname gets the container's name, and "
		"sysvinit's\n"
		"                      /etc/inittab halts on SIGPWR\n"
		"    --no-dev          leave out what is below /dev\n",
	.prepare = local_prepare,
	.fill = local_fill,
	.configure = local_configure,
	.done = local_done,
};
