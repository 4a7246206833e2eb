/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_SIGNALS_H
#define RLXC_CONTAINER_SIGNALS_H

#include "conf/conf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What asks an init to shut down: lxc.signal.halt. Without it, what that program takes for it: see
 * signals_halt_of. *@ret_heard: it was configured, or init is known to listen to it. */
int signals_halt(const struct conf *conf, pid_t init, bool *ret_heard);
/* For an init called @program that blocks and catches these signals: some programs are known by
 * name; one that blocks SIGRTMIN+3 takes it as systemd does; else it is LXC's SIGPWR, or SIGTERM
 * where that alone is listened to, as by a plain daemon. */
int signals_halt_of(const char *program, uint64_t blocked, uint64_t caught, bool *ret_heard);
/* What asks an init to reboot: lxc.signal.reboot, or what its program takes for it, else SIGINT. */
int signals_reboot(const struct conf *conf, pid_t init);
/* Those that the process catches, blocks or ignores, as bits 1 << (signal - 1). The kernel drops
 * any other one that is sent to the init of a pid namespace. 0 when there is no such process. */
uint64_t signals_expected(pid_t pid);

#endif
