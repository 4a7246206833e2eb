/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lsm/load.h"

#include "base/cleanup.h"
#include "base/image.h"
#include "base/text.h"
#include "host/cache.h"
#include "host/tools.h"
#include "lsm/lsm.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define POLICY_MAX ((size_t)8 << 20)
#define NOT_INSTALLED 127 /* what tools_ask_host returns */

/* ---- what is compiled already ---- */

/* Where packages put it: the PATH of an ordinary login, which su(1) keeps, has no sbin. */
static const char *find_parser(void)
{
	static const char *const places[] = { "/usr/sbin/apparmor_parser",
		                              "/sbin/apparmor_parser" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return "apparmor_parser";
}

/* The text, the kernel (its build decides what its AppArmor can do), and the parser with its
 * settings. NULL: what becomes of the text depends on more. */
static char *make_key(const char *text)
{
	const char *const files[] = { find_parser(), "/etc/apparmor/parser.conf",
		                      "/usr/share/apparmor-features/features" };
	_cleanup_(text_done) struct text key = {};
	struct utsname kernel;
	struct stat st;
	char *str;

	if (str_starts_with(text, "#include") || files[0][0] != '/' || uname(&kernel) < 0)
		return NULL;
	text_addf(&key, "%s%s %s\n", text, kernel.release, kernel.version);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (stat(files[i], &st) == 0)
			text_addf(&key, "%s %ju %jd %jd.%09ld\n", files[i], (uintmax_t)st.st_ino,
			          (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
			          st.st_mtim.tv_nsec);
	return text_finish(&key, &str) < 0 ? NULL : str;
}

/* The kernel takes a policy in one write, whole or not at all. */
static int give(const char *policy, size_t len)
{
	_cleanup_close_ int fd = open(LSM_APPARMOR_DIR "/.replace", O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd_write(fd, policy, len);
}

static int give_cached(int cache_fd, const struct caller *caller, const char *key)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *image = NULL;
	char name[CACHE_NAME_MAX];
	const char *policy;
	size_t len;
	int r;

	cache_name(key, name);
	fd = cache_open_file(cache_fd, name, caller);
	r = fd < 0 ? fd : fd_read_all(fd, POLICY_MAX, &image, &len);
	if (r < 0)
		return r;
	return image_find(image, len, key, &policy, &len) ? give(policy, len) : -EBADMSG;
}

static void keep(int cache_fd, const char *key, const char *policy, size_t len)
{
	_cleanup_(text_done) struct text image = {};
	char name[CACHE_NAME_MAX];

	cache_name(key, name);
	if (image_make(key, policy, len, &image) == 0)
		(void)cache_keep(cache_fd, name, image.data, image.len);
}

/* ---- what is not ---- */

static int say_not_loaded(const char *name, int code, char *words, struct err *err)
{
	words[strcspn(words, "\n")] = '\0';
	if (code == NOT_INSTALLED) {
		err_say(err, -ENOENT,
		        "cannot load the AppArmor profile of the container: the program "
		        "'apparmor_parser' is not installed");
		err_hint(err, "install the package apparmor, or go without a profile: "
		              "'lxc.apparmor.profile = unconfined'");
		return -ENOENT;
	}
	err_say(err, -EINVAL, "cannot load the AppArmor profile '%s': %s", name,
	        *words ? words : "apparmor_parser fails and does not say why");
	err_hint(err, "are the lines of lxc.apparmor.raw right? 'lxc.apparmor.profile = "
	              "unconfined' goes without a profile");
	return -EINVAL;
}

static int compile(const char *name, int dir_fd, char **ret_policy, size_t *ret_len,
                   struct err *err)
{
	_cleanup_close_ int fd = memfd_create("policy", MFD_CLOEXEC);
	_cleanup_free_ char *words = NULL;
	char input[64], output[64];
	char *const argv[] = {
		(char *)find_parser(), "--quiet", "--skip-cache", "--ofile", output, input, NULL
	};
	int r;

	if (fd < 0)
		return err_set(err, -errno, "cannot make a file in memory");
	(void)snprintf(input, sizeof(input), "/proc/%d/fd/%d/apparmor", (int)getpid(), dir_fd);
	(void)snprintf(output, sizeof(output), "/proc/%d/fd/%d", (int)getpid(), fd);
	r = tools_ask_host(argv, &words, err);
	if (r != 0)
		return r < 0 ? r : say_not_loaded(name, r, words, err);
	r = fd_read_all(fd, POLICY_MAX, ret_policy, ret_len);
	return r < 0 ? err_set(err, r, "cannot read what apparmor_parser made") : 0;
}

int lsm_profile_load(const struct caller *caller, const char *name, const char *text, int dir_fd,
                     struct err *err)
{
	_cleanup_free_ char *key = make_key(text), *policy = NULL;
	_cleanup_close_ int cache_fd = key ? cache_open_dir(caller, "apparmor") : -EBADF;
	size_t len = 0;
	int r = fd_replace_at(dir_fd, "apparmor", 0600, text, strlen(text));

	if (r < 0)
		return err_set(err, r, "cannot write the AppArmor profile of the container");
	if (cache_fd >= 0 && give_cached(cache_fd, caller, key) == 0)
		return 0;
	r = compile(name, dir_fd, &policy, &len, err);
	if (r < 0)
		return r;
	r = give(policy, len);
	if (r < 0)
		return err_set(err, r, "the kernel refuses the AppArmor profile '%s'", name);
	if (cache_fd >= 0)
		keep(cache_fd, key, policy, len);
	return 0;
}

void lsm_profile_unload(const char *name)
{
	(void)fd_write_at(AT_FDCWD, LSM_APPARMOR_DIR "/.remove", name);
}
