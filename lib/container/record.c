/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/record.h"

#include "base/cleanup.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A page: what lies within one is written as a whole, or not at all, by a process that is killed
 * meanwhile. */
#define ADD_MAX 4096

#define END "end\n"

/* -EFBIG: it is time for a new file. */
static int add(int dir_fd, const char *name, const char *data, size_t len)
{
	_cleanup_close_ int fd =
		openat(dir_fd, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size + len > ADD_MAX)
		return -EFBIG;
	n = write(fd, data, len);
	if (n == (ssize_t)len)
		return 0;
	/* Half a record would become the beginning of the next one. */
	if (n > 0)
		(void)ftruncate(fd, st.st_size);
	return -EIO;
}

int record_write(int dir_fd, const char *name, const char *text)
{
	_cleanup_free_ char *data = NULL;
	int len = asprintf(&data, "%s" END, text);

	if (len < 0) {
		data = NULL;
		return -ENOMEM;
	}
	return add(dir_fd, name, data, (size_t)len) == 0
	               ? 0
	               : fd_replace_at(dir_fd, name, 0600, data, (size_t)len);
}

/* Behind the last END of @text, or its start. */
static char *after_end(char *text)
{
	char *found = text;

	for (char *at = text; (at = strstr(at, END)); at += strlen(END))
		if (at == text || at[-1] == '\n')
			found = at + strlen(END);
	return found;
}

int record_read(int dir_fd, const char *name, size_t max, char **ret_text)
{
	_cleanup_free_ char *text = NULL;
	char *end, *start;
	int r = fd_read_file(dir_fd, name, max, &text, NULL);

	if (r < 0)
		return r;
	end = after_end(text);
	if (end > text) {
		end[-(ptrdiff_t)strlen(END)] = '\0';
		start = after_end(text);
		memmove(text, start, strlen(start) + 1);
	}
	*ret_text = take_ptr(text);
	return 0;
}
