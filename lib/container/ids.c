/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/ids.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/num.h"
#include "base/strv.h"
#include "base/text.h"
#include "container/mark.h"
#include "host/subid.h"
#include "idmap/idmap.h"
#include "os/fd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_NAME ".rlxc-ids"
#define RECORD_DIR ".local/share/lxc"
#define RECORD_MAX (4 * 1024 * 1024)

static int parse_range(const char *text, struct conf_idmaps *maps)
{
	_cleanup_(strv_done) struct strv words = {};
	uint32_t ns_first, host_first, count;
	int r;

	r = strv_split_at(&words, text, ' ');
	if (r < 0)
		return r;
	if (words.n != 4 || num_parse_u32(words.items[1], &ns_first) < 0 ||
	    num_parse_u32(words.items[2], &host_first) < 0 ||
	    num_parse_u32(words.items[3], &count) < 0 || count == 0)
		return -EINVAL;
	if (strcmp(words.items[0], "u") != 0 && strcmp(words.items[0], "g") != 0)
		return -EINVAL;
	return idmap_add(maps, words.items[0][0] == 'u' ? IDMAP_UID : IDMAP_GID, ns_first,
	                 host_first, count);
}

int ids_parse_line(const char *line, struct conf_idmaps *ret_maps, const char **ret_path)
{
	_cleanup_(strv_done) struct strv ranges = {};
	_cleanup_(idmap_done) struct conf_idmaps maps = {};
	_cleanup_free_ char *head = NULL;
	const char *path = strchr(line, '/');
	int r;

	if (!path || path == line || path[-1] != ' ')
		return -EINVAL;
	head = strndup(line, (size_t)(path - 1 - line));
	if (!head)
		return -ENOMEM;
	r = strv_split_at(&ranges, head, ',');
	for (size_t i = 0; r == 0 && i < ranges.n; i++)
		r = parse_range(ranges.items[i], &maps);
	if (r < 0)
		return r;
	*ret_maps = maps;
	*ret_path = path;
	maps = (struct conf_idmaps){};
	return 0;
}

static int append_maps(struct conf_idmaps *to, const struct conf_idmaps *maps)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];

		if (idmap_add(to, range->kind, range->ns_first, range->host_first, range->count) <
		    0)
			return -ENOMEM;
	}
	return 0;
}

/* The directory of the record, locked until it is closed. */
static int open_record_dir(const struct store *store)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *path = path_join(store->caller.home, RECORD_DIR);
	int r;

	if (!path)
		return -ENOMEM;
	r = path_mkdir_parents(path, 0755);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do
		r = flock(fd, LOCK_EX) < 0 ? -errno : 0;
	while (r == -EINTR);
	return r < 0 ? r : take_fd(&fd);
}

static int read_record(int dir_fd, struct strv *ret_lines)
{
	_cleanup_free_ char *text = NULL;
	int r = fd_read_file(dir_fd, RECORD_NAME, RECORD_MAX, &text, NULL);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : strv_split_at(ret_lines, text, '\n');
}

/* Drops what counts no more: the line of @own, those whose container is gone, and rubbish. */
static void prune(struct strv *lines, const char *own)
{
	for (size_t i = lines->n; i-- > 0;) {
		_cleanup_(idmap_done) struct conf_idmaps maps = {};
		const char *path;

		if (ids_parse_line(lines->items[i], &maps, &path) == 0 && strcmp(path, own) != 0 &&
		    (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)))
			continue;
		strv_remove(lines, i);
	}
}

static int write_record(int dir_fd, const struct strv *lines)
{
	_cleanup_free_ char *content = NULL;
	struct text text = {};
	int r;

	for (size_t i = 0; i < lines->n; i++)
		text_addf(&text, "%s\n", lines->items[i]);
	r = text_finish(&text, &content);
	return r < 0 ? r : fd_replace_at(dir_fd, RECORD_NAME, 0600, content, strlen(content));
}

static int add_line(struct strv *lines, const struct conf_idmaps *maps, const char *path)
{
	_cleanup_free_ char *line = NULL;
	struct text text = {};
	char range[MARK_IDMAP_MAX];
	int r;

	for (size_t i = 0; i < maps->n; i++) {
		mark_format_idmap(&maps->items[i], range);
		text_addf(&text, "%s%s", i ? "," : "", range);
	}
	text_addf(&text, " %s", path);
	r = text_finish(&text, &line);
	return r < 0 ? r : strv_take(lines, take_ptr(line));
}

/* Maps of the other containers: those of the store by their configurations, all by the record. */
static int gather_taken(const struct store *store, const char *own_name, const struct strv *names,
                        const struct strv *lines, struct conf_idmaps *taken, struct err *err)
{
	for (size_t i = 0; i < names->n; i++) {
		_cleanup_(conf_freep) struct conf *conf = NULL;

		if (strcmp(names->items[i], own_name) == 0)
			continue;
		(void)store_load_conf(store, names->items[i], NULL, /* tolerate= */ true, &conf,
		                      NULL);
		if (conf && append_maps(taken, &conf->idmaps) < 0)
			return err_oom(err);
	}
	for (size_t i = 0; i < lines->n; i++) {
		_cleanup_(idmap_done) struct conf_idmaps maps = {};
		const char *path;

		if (ids_parse_line(lines->items[i], &maps, &path) == 0 &&
		    append_maps(taken, &maps) < 0)
			return err_oom(err);
	}
	return 0;
}

static int choose(const struct store *store, const struct conf_idmaps *taken,
                  struct conf_idmaps *ret_maps, bool *ret_single, struct err *err)
{
	_cleanup_(subid_done) struct subids uids = {}, gids = {};
	int r;

	r = subid_load(&store->caller, IDMAP_UID, &uids, err);
	if (r == 0)
		r = subid_load(&store->caller, IDMAP_GID, &gids, err);
	if (r < 0)
		return r;
	return idmap_choose(&store->caller, &uids, &gids, taken, ret_maps, ret_single, err);
}

int ids_take(const struct store *store, const char *name, struct conf_idmaps *ret_maps,
             bool *ret_single, struct err *err)
{
	_cleanup_(idmap_done) struct conf_idmaps taken = {};
	_cleanup_(strv_done) struct strv names = {}, lines = {};
	_cleanup_close_ int dir_fd = -EBADF;
	_cleanup_free_ char *own = path_join(store->path, name);
	int r;

	if (!own)
		return err_oom(err);
	/* Before the lock: listing may clear away a partial container, which takes the lock. What
	 * is created in between is in the record. */
	r = store_names(store, &names, err);
	if (r < 0)
		return r;
	dir_fd = open_record_dir(store);
	if (dir_fd >= 0 && read_record(dir_fd, &lines) < 0)
		cleanup_close(&dir_fd);
	prune(&lines, own);
	r = gather_taken(store, name, &names, &lines, &taken, err);
	if (r == 0)
		r = choose(store, &taken, ret_maps, ret_single, err);
	if (r < 0)
		return r;
	if (dir_fd < 0 || *ret_single || strchr(own, '\n') || add_line(&lines, ret_maps, own) < 0 ||
	    write_record(dir_fd, &lines) < 0)
		log_debug("the ids of '%s' are not in the user's record", name);
	return 0;
}

void ids_record(const struct store *store, const char *name, const struct conf_idmaps *maps)
{
	_cleanup_(strv_done) struct strv lines = {};
	_cleanup_close_ int dir_fd = open_record_dir(store);
	_cleanup_free_ char *own = path_join(store->path, name);

	if (dir_fd < 0 || !own || strchr(own, '\n') || read_record(dir_fd, &lines) < 0)
		return;
	prune(&lines, own);
	if (add_line(&lines, maps, own) < 0 || write_record(dir_fd, &lines) < 0)
		log_debug("the ids of '%s' are not in the user's record", name);
}

void ids_release(const struct store *store, const char *name)
{
	_cleanup_(strv_done) struct strv lines = {};
	_cleanup_close_ int dir_fd = -EBADF;
	_cleanup_free_ char *own = path_join(store->path, name);
	_cleanup_free_ char *record = path_join(store->caller.home, RECORD_DIR "/" RECORD_NAME);

	if (!own || !record || access(record, F_OK) < 0)
		return;
	dir_fd = open_record_dir(store);
	if (dir_fd < 0 || read_record(dir_fd, &lines) < 0)
		return;
	prune(&lines, own);
	if (write_record(dir_fd, &lines) < 0)
		log_debug("the record of ids cannot be written");
}

uint32_t ids_inside(const struct conf_idmaps *maps, enum idmap_kind kind, uint32_t id)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];

		if (range->kind == kind && id >= range->host_first &&
		    id - range->host_first < range->count)
			return range->ns_first + (id - range->host_first);
	}
	return 0;
}
