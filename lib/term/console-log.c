/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "term/term.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "os/fd.h"
#include "os/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct console_log {
	char *ring; /* mapping of ring_bytes, a power of two, or NULL */
	uint64_t ring_bytes;
	uint64_t ring_total; /* bytes ever added: the next one goes to ring_total % ring_bytes */

	int fd;     /* -EBADF: no file, or dropped */
	int dir_fd; /* its directory, O_PATH: rotation does not look the path up again */
	char *name; /* the file's name in dir_fd */
	char *path; /* for messages */
	uint64_t limit_bytes, used_bytes;
	bool rotate;
};

/* The largest size that is meant seriously; beyond it, rounding would overflow. */
#define SIZE_MAX_BYTES (UINT64_C(1) << 46)

static uint64_t round_size(uint64_t bytes)
{
	uint64_t size = (uint64_t)sysconf(_SC_PAGESIZE);

	while (size < bytes)
		size *= 2;
	return size;
}

static int ring_map(struct console_log *log, uint64_t bytes, struct err *err)
{
	void *ring;

	if (bytes > SIZE_MAX_BYTES)
		return err_set(err, -ERANGE, "cannot make a console buffer of %llu bytes",
		               (unsigned long long)bytes);
	bytes = round_size(bytes);
	/* Private and anonymous: a page costs memory from its first byte on, not before. */
	ring = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ring == MAP_FAILED)
		return err_set(err, -errno, "cannot make a console buffer of %llu bytes",
		               (unsigned long long)bytes);
	log->ring = ring;
	log->ring_bytes = bytes;
	return 0;
}

/* Without O_NONBLOCK, opening a FIFO would wait for its reader. */
static int file_open(struct console_log *log)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	fd = openat(log->dir_fd, log->name,
	            O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
	            0640);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EOPNOTSUPP;
	if (st.st_nlink > 1) /* in a directory of others: a name they made for a file of ours */
		return -EMLINK;
	log->used_bytes = (uint64_t)st.st_size;
	log->fd = take_fd(&fd);
	return 0;
}

static int file_split_path(struct console_log *log, const char *path)
{
	_cleanup_free_ char *dir = NULL;
	char *slash;

	log->path = strdup(path);
	dir = strdup(path);
	if (!log->path || !dir)
		return -ENOMEM;
	slash = strrchr(dir, '/');
	log->name = strdup(slash ? slash + 1 : dir);
	if (!log->name)
		return -ENOMEM;
	if (slash)
		slash[slash == dir] = '\0'; /* "/file" is in "/" */
	log->dir_fd = open(slash ? dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return log->dir_fd < 0 ? -errno : 0;
}

static int file_start(struct console_log *log, const char *path, struct err *err)
{
	int r;

	r = file_split_path(log, path);
	if (r == 0)
		r = file_open(log);
	if (r == -EOPNOTSUPP || r == -ENXIO)
		return err_say(err, -EOPNOTSUPP,
		               "cannot open console log '%s': it is not a regular file", path);
	if (r == -ELOOP)
		return err_say(err, r, "cannot open console log '%s': %s", path,
		               path_error_text(r));
	if (r < 0)
		return err_set(err, r, "cannot open console log '%s'", path);
	return 0;
}

int console_log_new(uint64_t buffer_bytes, const char *path, uint64_t size_bytes, bool rotate,
                    struct console_log **ret_log, struct err *err)
{
	struct console_log *log;
	int r = 0;

	if (size_bytes > SIZE_MAX_BYTES)
		return err_set(err, -ERANGE, "cannot limit a console log to %llu bytes",
		               (unsigned long long)size_bytes);
	log = calloc(1, sizeof(*log));
	if (!log)
		return err_oom(err);
	log->fd = log->dir_fd = -EBADF;
	log->limit_bytes = size_bytes ? round_size(size_bytes) : 0;
	log->rotate = rotate;
	if (buffer_bytes)
		r = ring_map(log, buffer_bytes, err);
	if (r == 0 && path)
		r = file_start(log, path, err);
	if (r < 0) {
		(void)console_log_free(log);
		return r;
	}
	*ret_log = log;
	return 0;
}

struct console_log *console_log_free(struct console_log *log)
{
	if (!log)
		return NULL;
	if (log->ring)
		(void)munmap(log->ring, log->ring_bytes);
	cleanup_close(&log->fd);
	cleanup_close(&log->dir_fd);
	free(log->name);
	free(log->path);
	free(log);
	return NULL;
}

static void ring_add(struct console_log *log, const char *data, size_t len)
{
	uint64_t at, first;

	if (len > log->ring_bytes) {
		log->ring_total += len - log->ring_bytes;
		data += len - log->ring_bytes;
		len = log->ring_bytes;
	}
	at = log->ring_total % log->ring_bytes;
	first = log->ring_bytes - at < len ? log->ring_bytes - at : len;
	memcpy(log->ring + at, data, first);
	memcpy(log->ring, data + first, len - first);
	log->ring_total += len;
}

/* The file is full: NAME becomes NAME.1, or starts again from nothing. */
static int file_make_room(struct console_log *log)
{
	char old[NAME_MAX + 1];
	int r;

	if (!log->rotate) {
		if (ftruncate(log->fd, 0) < 0)
			return -errno;
		log->used_bytes = 0;
		return 0;
	}
	r = snprintf(old, sizeof(old), "%s.1", log->name);
	if (r < 0 || (size_t)r >= sizeof(old))
		return -ENAMETOOLONG;
	/* Somebody may have moved it away meanwhile: then a new one is all that is needed. */
	if (renameat(log->dir_fd, log->name, log->dir_fd, old) < 0 && errno != ENOENT)
		return -errno;
	cleanup_close(&log->fd);
	return file_open(log);
}

static int file_add(struct console_log *log, const char *data, size_t len)
{
	int r;

	while (len) {
		size_t part = len;

		if (log->limit_bytes && log->used_bytes >= log->limit_bytes) {
			r = file_make_room(log);
			if (r < 0)
				return r;
			if (log->used_bytes >= log->limit_bytes)
				return -EFBIG; /* another writer filled the new one */
		}
		if (log->limit_bytes && part > log->limit_bytes - log->used_bytes)
			part = (size_t)(log->limit_bytes - log->used_bytes);
		r = fd_write(log->fd, data, part);
		if (r < 0)
			return r;
		log->used_bytes += part;
		data += part;
		len -= part;
	}
	return 0;
}

void console_log_add(struct console_log *log, const char *data, size_t len)
{
	int r;

	if (!log || len == 0)
		return;
	if (log->ring)
		ring_add(log, data, len);
	if (log->fd < 0)
		return;
	r = file_add(log, data, len);
	if (r == 0)
		return;
	log_warn("cannot write console log '%s': %s, continuing without it", log->path,
	         strerror(-r));
	cleanup_close(&log->fd);
}

int console_log_copy(const struct console_log *log, int fd)
{
	uint64_t at, first, len;
	int r;

	if (!log || !log->ring)
		return -ENODATA;
	len = log->ring_total < log->ring_bytes ? log->ring_total : log->ring_bytes;
	at = (log->ring_total - len) % log->ring_bytes;
	first = log->ring_bytes - at < len ? log->ring_bytes - at : len;
	r = fd_write(fd, log->ring + at, first);
	if (r == 0)
		r = fd_write(fd, log->ring, len - first);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	return r;
}

void console_log_clear(struct console_log *log)
{
	if (!log || !log->ring)
		return;
	log->ring_total = 0;
	(void)madvise(log->ring, log->ring_bytes, MADV_DONTNEED); /* and gives the memory back */
}
