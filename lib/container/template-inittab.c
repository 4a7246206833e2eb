/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inittab of a bare tree is made for a machine with a screen and a power supply. SIGPWR, which
 * halts a container, would run a script that Debian does not ship; lxc-console would find a getty
 * on its ttys, but none on the console; and those beyond our ttys would fail for ever. */
#include "container/template-inittab.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INITTAB_MAX (1024 * 1024)
#define CONSOLE_GETTY "co:2345:respawn:/sbin/getty 38400 console\n"

/* One line: "id:runlevels:action:process", see inittab(5). */
struct entry {
	const char *action, *process;
	size_t action_len, process_len;
};

static bool parse(const char *line, size_t len, struct entry *ret_entry)
{
	const char *end = line + len, *colons[3] = {};

	if (len == 0 || *line == '#')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(colons); i++) {
		const char *from = i ? colons[i - 1] + 1 : line;

		colons[i] = memchr(from, ':', (size_t)(end - from));
		if (!colons[i])
			return false;
	}
	*ret_entry = (struct entry){ .action = colons[1] + 1,
		                     .action_len = (size_t)(colons[2] - colons[1] - 1),
		                     .process = colons[2] + 1,
		                     .process_len = (size_t)(end - colons[2] - 1) };
	return true;
}

static bool action_is(const struct entry *entry, const char *action)
{
	return entry->action_len == strlen(action) &&
	       memcmp(entry->action, action, entry->action_len) == 0;
}

/* Is the first word of the line's process there? A relative one, or none, is not looked for. */
static bool program_is_absent(int root_fd, const struct entry *entry)
{
	_cleanup_free_ char *path = strndup(entry->process, entry->process_len);
	_cleanup_close_ int fd = -EBADF;

	if (!path || *path != '/')
		return false;
	path[strcspn(path, " \t")] = '\0';
	fd = path_open_beneath(root_fd, path, O_PATH);
	return fd == -ENOENT;
}

/* N of a last word "ttyN" or of "ttyN" before more words; 0: it is for no virtual terminal. */
static unsigned long tty_of(const struct entry *entry)
{
	static const char word[] = " tty";
	const char *tty = memmem(entry->process, entry->process_len, word, strlen(word));

	if (!tty || !memmem(entry->process, entry->process_len, "getty", strlen("getty")))
		return 0;
	return strtoul(tty + strlen(word), NULL, 10);
}

static bool is_console(const struct entry *entry)
{
	return memmem(entry->process, entry->process_len, " console", strlen(" console"));
}

static void add_line(struct text *text, const char *line, size_t len, int root_fd,
                     bool *has_console)
{
	struct entry entry;

	if (parse(line, len, &entry)) {
		bool fails = action_is(&entry, "powerwait") || action_is(&entry, "powerfail") ||
		             action_is(&entry, "powerfailnow");

		*has_console |= is_console(&entry);
		if (fails && program_is_absent(root_fd, &entry)) {
			text_add_len(text, line, (size_t)(entry.process - line));
			text_add(text, "/sbin/init 0\n");
			return;
		}
		if (tty_of(&entry) > TEMPLATE_TTYS)
			text_add(text, "#");
	}
	text_add_len(text, line, len);
	text_add(text, "\n");
}

int template_inittab_text(int root_fd, const char *old, char **ret_new)
{
	bool has_console = false;
	struct text text = {};

	while (*old) {
		size_t len = strcspn(old, "\n");

		add_line(&text, old, len, root_fd, &has_console);
		old += len + (old[len] == '\n');
	}
	if (!has_console)
		text_add(&text, CONSOLE_GETTY);
	return text_finish(&text, ret_new);
}

int template_inittab_adapt(int root_fd)
{
	_cleanup_close_ int fd =
		path_open_beneath(root_fd, "etc/inittab", O_RDWR | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *old = NULL, *new = NULL;
	struct stat st;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
		return -EINVAL;
	r = fd_read_all(fd, INITTAB_MAX, &old, NULL);
	if (r < 0)
		return r;
	/* BusyBox has the same file with another meaning and no levels; it needs no power lines. */
	if (!strstr(old, ":initdefault:"))
		return 0;
	r = template_inittab_text(root_fd, old, &new);
	if (r < 0)
		return r;
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return fd_write(fd, new, strlen(new));
}
