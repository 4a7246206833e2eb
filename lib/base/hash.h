/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_BASE_HASH_H
#define RLXC_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a with 64 bits: names for files, and a sum against accidents. Nothing that has to withstand
 * somebody who chooses the data. */
uint64_t hash_bytes(const void *data, size_t len);

#endif
