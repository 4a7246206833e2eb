/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_HOST_TOOLS_H
#define RLXC_HOST_TOOLS_H

#include "base/err.h"

/* Opens a program of ours that is not in PATH (rlxc-init, rlxc-unpack), O_PATH: beside our own
 * executable (the build tree), in ../libexec/lxc from there, or where it was installed. PATH has no
 * say. */
int tools_open(const char *name, struct err *err);

/* Runs our program argv[0] for what it prints (owned, at most 1 MiB): without an environment, with
 * @input as its standard input (-EBADF: nothing to read), its complaints unheard. Returns its exit
 * code as a shell would report it; 127: it cannot be run. -ENOENT: there is no such program. */
int tools_ask(char *const argv[], int input, char **ret_text, struct err *err);
/* The same with its complaints in the text, for a program that prints an answer or a complaint. */
int tools_ask_words(char *const argv[], char **ret_text, struct err *err);
/* The same on these descriptors: the text is what it complains about. */
int tools_run(char *const argv[], int input, int output, char **ret_words, struct err *err);
/* The same of a program of the host's, which is looked for in PATH and gets our environment: for
 * what root asks for. */
int tools_ask_host(char *const argv[], char **ret_text, struct err *err);

#endif
