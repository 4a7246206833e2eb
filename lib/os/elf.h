/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_OS_ELF_H
#define RLXC_OS_ELF_H

/* Does the program behind @fd (readable) run without a dynamic loader? 1: it is static; 0: it
 * names a loader; -ENOEXEC: it is no ELF program of this machine's byte order. See elf(5). */
int elf_is_static(int fd);

#endif
