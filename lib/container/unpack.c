/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/unpack.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/num.h"
#include "base/strv.h"
#include "base/text.h"
#include "container/mark.h"
#include "host/tools.h"
#include "os/fd.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PROGRAM "rlxc-unpack"
#define PACK_PROGRAM "rlxc-pack"
#define NO_SPACE 2 /* exit status of both */
#define TOO_LARGE 3
#define OUTPUT_MAX 4096
#define FILES_BYTES_MAX (80 * 1024 * 1024) /* more than --members ever writes */

int unpack_find(struct err *err)
{
	return tools_open(PROGRAM, err);
}

int unpack_find_pack(struct err *err)
{
	return tools_open(PACK_PROGRAM, err);
}

int unpack_open(const char *path, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_set(err, -errno, "cannot open archive '%s'", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_say(err, -EINVAL, "archive '%s' is not a file", path);
	return take_fd(&fd);
}

/* ---- running it ---- */

struct call {
	const char *verb;         /* what it does with the archive */
	int program_fd, input_fd; /* input_fd: a file's beginning counts */
	int dir_fd;               /* working directory, or -EBADF for "/" */
	int output_fd, error_fd;
	char *const *argv;
	const int *fds; /* that it gets as well, under the same numbers */
	size_t n_fds;
};

static int exec_program(void *arg, struct err *err)
{
	const struct call *call = arg;
	char *envp[] = { NULL };

	if (call->dir_fd >= 0 ? fchdir(call->dir_fd) < 0 : chdir("/") < 0)
		return err_set(err, -errno, "cannot enter the root file system");
	for (size_t i = 0; i < call->n_fds; i++)
		if (fcntl(call->fds[i], F_SETFD, 0) < 0)
			return err_set(err, -errno, "cannot prepare for %s", call->argv[0]);
	if (dup2(call->input_fd, STDIN_FILENO) < 0 || dup2(call->output_fd, STDOUT_FILENO) < 0 ||
	    dup2(call->error_fd, STDERR_FILENO) < 0)
		return err_set(err, -errno, "cannot prepare for %s", call->argv[0]);
	(void)syscall(SYS_execveat, call->program_fd, "", call->argv, envp, AT_EMPTY_PATH);
	return err_set(err, -errno, "cannot run %s", call->argv[0]);
}

static void log_lines(char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (str_starts_with(line, "warning: "))
			log_warn("%s", line + strlen("warning: "));
		else
			log_info("%s", line);
	}
}

/* What went wrong is the last line. */
static int say_failed(const struct call *call, const char *path, char *text, int status,
                      struct err *err)
{
	int code = status == NO_SPACE ? -ENOSPC : status == TOO_LARGE ? -EFBIG : -EBADMSG;
	_cleanup_free_ char *clean = NULL;
	struct text out = {};
	size_t len = strlen(text);
	char *line;

	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	line = strrchr(text, '\n');
	text_add_printable(&out, line ? line + 1 : text);
	if (text_finish(&out, &clean) < 0)
		return err_oom(err);
	if (!*clean)
		return err_say(err, code, "cannot %s '%s': %s ended with status %d", call->verb,
		               path, call->argv[0], status);
	return err_say(err, code, "cannot %s '%s': %s", call->verb, path, clean);
}

/* Its stderr goes to memory: it is short, and nobody has to read while it runs. */
static int run_program(struct call *call, const char *path, struct err *err)
{
	_cleanup_close_ int error_fd = memfd_create("errors", MFD_CLOEXEC);
	char text[OUTPUT_MAX];
	ssize_t n;
	int r;

	if (error_fd < 0)
		return err_set(err, -errno, "cannot make a file in memory");
	if (lseek(call->input_fd, 0, SEEK_SET) < 0 && errno != ESPIPE)
		return err_set(err, -errno, "cannot read '%s'", path);
	call->error_fd = error_fd;
	r = proc_run_child(exec_program, call, err);
	if (r < 0)
		return err_wrap(err, r, "cannot %s '%s'", call->verb, path);
	n = pread(error_fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	if (r > 0)
		return say_failed(call, path, text, r, err);
	log_lines(text);
	return 0;
}

static int build_argv(struct strv *argv, const struct unpack_how *how)
{
	char line[MARK_IDMAP_MAX];
	int r = strv_add(argv, PROGRAM);

	for (char *const *pattern = how->excludes; r == 0 && pattern && *pattern; pattern++)
		r = strv_addf(argv, "--exclude=%s", *pattern);
	if (r == 0 && how->below)
		r = strv_addf(argv, "--below=%s", how->below);
	if (r == 0 && how->until)
		r = strv_addf(argv, "--until=%s", how->until);
	for (size_t i = 0; r == 0 && how->shift && i < how->shift->n; i++) {
		mark_format_idmap(&how->shift->items[i], line);
		r = strv_addf(argv, "--shift=%s", line);
	}
	if (r == 0 && how->is_trusted)
		r = strv_add(argv, "--trusted");
	if (r == 0 && how->has_devices)
		r = strv_add(argv, "--devices");
	if (r == 0 && how->is_plain)
		r = strv_addf(argv, "--plain=%u:%u", how->uid, how->gid);
	return r;
}

int unpack_tree(int program_fd, int archive_fd, const char *path, int dir_fd,
                const struct unpack_how *how, struct err *err)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	_cleanup_(strv_done) struct strv argv = {};
	struct call call = { .verb = "unpack",
		             .program_fd = program_fd,
		             .input_fd = archive_fd,
		             .dir_fd = dir_fd,
		             .output_fd = null_fd };

	if (null_fd < 0)
		return err_set(err, -errno, "cannot open '/dev/null'");
	if (build_argv(&argv, how) < 0)
		return err_oom(err);
	call.argv = argv.items;
	return run_program(&call, path, err);
}

int unpack_pack(int program_fd, int out_fd, const char *path, const char *filter,
                const struct strv *members, const int *fds, size_t n_fds, struct err *err)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	_cleanup_(strv_done) struct strv argv = {};
	struct call call = { .verb = "export to",
		             .program_fd = program_fd,
		             .input_fd = null_fd,
		             .dir_fd = -EBADF,
		             .output_fd = out_fd,
		             .fds = fds,
		             .n_fds = n_fds };
	int r;

	if (null_fd < 0)
		return err_set(err, -errno, "cannot open '/dev/null'");
	r = strv_add(&argv, PACK_PROGRAM);
	if (r == 0)
		r = strv_add(&argv, filter);
	for (size_t i = 0; r == 0 && i < members->n; i++)
		r = strv_add(&argv, members->items[i]);
	if (r < 0)
		return err_oom(err);
	call.argv = argv.items;
	return run_program(&call, path, err);
}

/* ---- small files ---- */

void unpack_files_done(struct unpack_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		free(files->items[i].name);
		free(files->items[i].text);
	}
	free(files->items);
	*files = (struct unpack_files){};
}

const struct unpack_file *unpack_file_find(const struct unpack_files *files, const char *name)
{
	for (size_t i = 0; i < files->n; i++)
		if (strcmp(files->items[i].name, name) == 0)
			return &files->items[i];
	return NULL;
}

static int add_file(struct unpack_files *files, const char *name, size_t name_len,
                    const char *content, size_t len)
{
	struct unpack_file *items = reallocarray(files->items, files->n + 1, sizeof(*items));
	struct unpack_file *file;

	if (!items)
		return -ENOMEM;
	files->items = items;
	file = &items[files->n++];
	*file = (struct unpack_file){ .name = strndup(name, name_len),
		                      .text = malloc(len + 1),
		                      .len = len };
	if (!file->name || !file->text)
		return -ENOMEM;
	memcpy(file->text, content, len);
	file->text[len] = '\0';
	return 0;
}

/* "SIZE NAME\n" at @data; the lengths of its parts. */
static int parse_line(const char *data, size_t len, size_t *ret_number_len, size_t *ret_line_len,
                      uint32_t *ret_size)
{
	const char *newline = memchr(data, '\n', len);
	const char *blank = newline ? memchr(data, ' ', (size_t)(newline - data)) : NULL;
	char number[NUM_TEXT_MAX];

	if (!blank || blank - data >= NUM_TEXT_MAX || blank + 1 == newline)
		return -EBADMSG;
	memcpy(number, data, (size_t)(blank - data));
	number[blank - data] = '\0';
	if (num_parse_u32(number, ret_size) < 0)
		return -EBADMSG;
	*ret_number_len = (size_t)(blank - data);
	*ret_line_len = (size_t)(newline - data);
	return 0;
}

int unpack_files_parse(const char *data, size_t len, struct unpack_files *ret_files)
{
	_cleanup_(unpack_files_done) struct unpack_files files = {};

	while (len) {
		size_t number_len, line_len;
		uint32_t size;
		int r = parse_line(data, len, &number_len, &line_len, &size);

		if (r < 0 || size > len - line_len - 1)
			return -EBADMSG;
		r = add_file(&files, data + number_len + 1, line_len - number_len - 1,
		             data + line_len + 1, size);
		if (r < 0)
			return r;
		data += line_len + 1 + size;
		len -= line_len + 1 + size;
	}
	*ret_files = files;
	files = (struct unpack_files){};
	return 0;
}

static int read_files(int program_fd, int archive_fd, const char *path, char *const *argv,
                      struct unpack_files *ret_files, struct err *err)
{
	_cleanup_close_ int output = memfd_create("members", MFD_CLOEXEC);
	struct call call = { .verb = "unpack",
		             .program_fd = program_fd,
		             .input_fd = archive_fd,
		             .dir_fd = -EBADF,
		             .output_fd = output,
		             .argv = argv };
	_cleanup_free_ char *data = NULL;
	size_t len;
	int r;

	if (output < 0)
		return err_set(err, -errno, "cannot make a file in memory");
	r = run_program(&call, path, err);
	if (r < 0)
		return r;
	if (lseek(output, 0, SEEK_SET) < 0)
		return err_set(err, -errno, "cannot read what '%s' holds", path);
	r = fd_read_all(output, FILES_BYTES_MAX, &data, &len);
	if (r == 0)
		r = unpack_files_parse(data, len, ret_files);
	return r < 0 ? err_set(err, r, "cannot read what '%s' holds", path) : 0;
}

int unpack_files(int program_fd, int archive_fd, const char *path, struct unpack_files *ret_files,
                 struct err *err)
{
	char *const argv[] = { (char *)PROGRAM, (char *)"--members", NULL };

	return read_files(program_fd, archive_fd, path, argv, ret_files, err);
}

int unpack_container(int program_fd, int archive_fd, const char *path, const char *marker,
                     const char *below, bool is_trusted, struct unpack_files *ret_files,
                     struct err *err)
{
	_cleanup_(strv_done) struct strv argv = {};
	int r = strv_add(&argv, PROGRAM);

	if (r == 0)
		r = strv_addf(&argv, "--container=%s", marker);
	if (r == 0 && below)
		r = strv_addf(&argv, "--below=%s", below);
	if (r == 0 && is_trusted)
		r = strv_add(&argv, "--trusted");
	return r < 0 ? err_oom(err)
	             : read_files(program_fd, archive_fd, path, argv.items, ret_files, err);
}
