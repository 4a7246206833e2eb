/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/import-internal.h"

#include "base/cleanup.h"
#include "os/fd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPOOL_BLOCK (1024 * 1024)

static int copy_all(int from, int to)
{
	_cleanup_free_ char *block = malloc(SPOOL_BLOCK);
	ssize_t n;
	int r = 0;

	if (!block)
		return -ENOMEM;
	while (r == 0 && (n = read(from, block, SPOOL_BLOCK)) != 0)
		if (n < 0)
			r = errno == EINTR ? 0 : -errno;
		else
			r = fd_write(to, block, (size_t)n);
	return r;
}

/* As a child, which an interruption ends. */
static int spool(void *arg, struct err *err)
{
	const struct import *import = arg;
	int r = copy_all(STDIN_FILENO, import->archive_fd);

	return r < 0 ? err_set(err, r, "cannot keep the archive in '%s'", import->c.store->path)
	             : 0;
}

static int supervise_spool(void *arg, int stop_fd, struct err *err)
{
	const struct import *import = arg;

	return guard_supervise(&import->c.guard, stop_fd, spool, arg, err);
}

static int open_stdin(struct import *import, struct err *err)
{
	struct stat st;

	if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode)) {
		import->archive_fd = fd_dup(STDIN_FILENO);
		return import->archive_fd < 0
		               ? err_set(err, import->archive_fd, "cannot read stdin")
		               : 0;
	}
	import->archive_fd =
		open(import->c.store->path, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (import->archive_fd < 0) {
		int r = err_set(err, -errno, "cannot keep the archive in '%s'",
		                import->c.store->path);

		err_hint(err, "name a file instead of a pipe");
		return r;
	}
	return guard_run(&import->c.guard, supervise_spool, import, err);
}

int import_open_archive(struct import *import, struct err *err)
{
	const char *file = import->options->file;

	import->archive = strdup(file ? file : "stdin");
	if (!import->archive)
		return err_oom(err);
	import->program_fd = unpack_find(err);
	if (import->program_fd < 0)
		return import->program_fd;
	if (!file)
		return open_stdin(import, err);
	import->archive_fd = unpack_open(file, err);
	return import->archive_fd < 0 ? import->archive_fd : 0;
}

static size_t depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* The container is where the uppermost `config` is. */
static const struct unpack_file *find_config(const struct unpack_files *files)
{
	const struct unpack_file *found = NULL;

	for (size_t i = 0; i < files->n; i++) {
		const struct unpack_file *file = &files->items[i];

		if (strcmp(path_last(file->name), "config") == 0 &&
		    (!found || depth(file->name) < depth(found->name)))
			found = file;
	}
	return found;
}

const struct unpack_file *import_find_beside(const struct import *import, const char *name)
{
	const struct unpack_file *found = NULL;
	size_t len = strlen(import->top);

	for (size_t i = 0; i < import->files.n; i++) {
		const struct unpack_file *file = &import->files.items[i];
		const char *last = file->name + len + (len > 0);

		if (strncmp(file->name, import->top, len) == 0 &&
		    (!len || file->name[len] == '/') && strcmp(last, name) == 0)
			found = file;
	}
	return found;
}

static int find_top(struct import *import, struct err *err)
{
	const struct unpack_file *config = find_config(&import->files);

	if (!config) {
		err_say(err, -EINVAL, "'%s' holds no container: it has no file 'config'",
		        import->archive);
		err_hint(err, "lxc-create -t local makes one of the archive of a root file system");
		return -EINVAL;
	}
	import->top = strndup(config->name, (size_t)(path_last(config->name) - config->name -
	                                             (path_last(config->name) > config->name)));
	return import->top ? 0 : err_oom(err);
}

int import_find_container(struct import *import, struct err *err)
{
	const struct unpack_file *rootfs;
	int r;

	r = unpack_container(import->program_fd, import->archive_fd, import->archive, EXPORTED_NAME,
	                     import->top, import->options->trust, &import->files, err);
	if (r == 0 && !import->top)
		r = find_top(import, err);
	if (r < 0)
		return r;
	rootfs = import_find_beside(import, "rootfs/");
	import->owner = rootfs ? rootfs->text : NULL;
	if (asprintf(&import->rootfs, "%s%srootfs", import->top, *import->top ? "/" : "") < 0)
		return err_oom(err);
	return 0;
}
