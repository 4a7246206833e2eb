/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_SIGNALS_H
#define RLXC_CONTAINER_SIGNALS_H

#include "conf/conf.h"

#include <stdint.h>
#include <sys/types.h>

/* What asks an init to shut down: lxc.signal.halt. Without it SIGRTMIN+3 when init blocks that,
 * which is how systemd shows that it will take it, else SIGPWR. */
int signals_halt(const struct conf *conf, pid_t init);
/* What asks an init to reboot: lxc.signal.reboot, else SIGINT. */
int signals_reboot(const struct conf *conf);
/* Those that the process catches, blocks or ignores, as bits 1 << (signal - 1). The kernel drops
 * any other one that is sent to the init of a pid namespace. 0 when there is no such process. */
uint64_t signals_expected(pid_t pid);

#endif
