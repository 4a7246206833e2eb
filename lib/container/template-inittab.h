/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_TEMPLATE_INITTAB_H
#define RLXC_CONTAINER_TEMPLATE_INITTAB_H

/* Virtual terminals of a container without another lxc.tty.max: see template_base_config. */
#define TEMPLATE_TTYS 4

/* Makes sysvinit's /etc/inittab below @root_fd fit a container: SIGPWR halts where it would do
 * nothing, gettys are on the console and on ttys that there are. 0 also when there is none.
 * -EINVAL: it is no plain file of one name. */
int template_inittab_adapt(int root_fd);

/* The same for a text. *@ret_new is the caller's. Programs are looked for below @root_fd. */
int template_inittab_text(int root_fd, const char *old, char **ret_new);

#endif
