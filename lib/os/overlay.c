/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/overlay.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "os/mountfd.h"
#include "os/path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define OPTION_MAX 255 /* of a value in fsconfig(2) */

/* All in one option where they fit: one for each is understood since Linux 6.5 only. */
static int add_lowers(const struct overlay_layers *layers, struct strv *words)
{
	struct text text = {};
	char *word;
	int r = 0;

	for (size_t i = 0; i < layers->n_lowers; i++)
		text_addf(&text, "%s/proc/self/fd/%d", i ? ":" : "lowerdir=", layers->lowers[i]);
	if (text_finish(&text, &word) < 0)
		return -ENOMEM;
	if (strlen(word) <= strlen("lowerdir=") + OPTION_MAX)
		return strv_take(words, word);
	free(word);
	for (size_t i = 0; i < layers->n_lowers && r == 0; i++)
		r = strv_addf(words, "lowerdir+=/proc/self/fd/%d", layers->lowers[i]);
	return r;
}

int overlay_add_layers(const struct overlay_layers *layers, struct strv *words)
{
	int r = add_lowers(layers, words);

	if (r == 0 && layers->upper >= 0)
		r = strv_addf(words, "upperdir=/proc/self/fd/%d", layers->upper);
	if (r == 0 && layers->work >= 0)
		r = strv_addf(words, "workdir=/proc/self/fd/%d", layers->work);
	return r;
}

/* Before Linux 6.15 the layers of an overlay must be of a mount that is attached somewhere. */
int overlay_new_tmpfs(int on_fd, mode_t mode, int *ret_upper, int *ret_work)
{
	static const char *const options[] = { "source", "overlay", "mode", "0755", NULL };
	_cleanup_close_ int tree = mountfd_new("tmpfs", options, 0);
	_cleanup_close_ int upper = -EBADF, work = -EBADF;
	int r = tree < 0 ? tree : mountfd_attach(tree, on_fd);

	if (r < 0)
		return r;
	upper = path_make_dir(tree, "upper", mode);
	work = path_make_dir(tree, "work", 0755);
	if (upper < 0 || work < 0)
		return upper < 0 ? upper : work;
	*ret_upper = take_fd(&upper);
	*ret_work = take_fd(&work);
	return 0;
}
