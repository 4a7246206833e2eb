/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_UNPACK_READER_H
#define RLXC_UNPACK_READER_H

#include "base/err.h"
#include "place.h"

#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>

struct archive;

/* The members of the archive on stdin: tar, also compressed with gzip, xz or zstd. */
struct reader {
	struct archive *archive;
	uint64_t n_members;
	bool is_trusted; /* there may be any number */
};

int reader_open(struct reader *reader, struct err *err);
void reader_done(struct reader *reader);
/* 1: *@ret_entry is the next member. 0: the end. */
int reader_next(struct reader *reader, struct archive_entry **ret_entry, struct err *err);
/* What the library has to say. */
int reader_say(const struct reader *reader, struct err *err);
/* As it stands in the archive; strings belong to @entry. */
void reader_describe(struct archive_entry *entry, struct member *ret_member);

#endif
