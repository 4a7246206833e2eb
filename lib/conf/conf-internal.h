/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONF_CONF_INTERNAL_H
#define RLXC_CONF_CONF_INTERNAL_H

#include "base/err.h"
#include "base/text.h"
#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the files of lib/conf share: rows (which keys there are, where each lives) and kinds (how
 * a value is read, written and emptied). A key is one row in keys.c or keys-net.c; a new sort of
 * value is a struct conf_type in a type-<kind>.c. */

struct conf_type;

enum conf_key_flag {
	CONF_FAMILY = 1 << 0,        /* answers to its name, and to its name with ".more" */
	CONF_FAMILY_ONLY = 1 << 1,   /* with CONF_FAMILY: not to the bare name */
	CONF_EMPTY_REFUSED = 1 << 2, /* an empty value is an error, clearing is not */
	CONF_EMPTY_ZERO = 1 << 3,    /* an empty value is "0", clearing gives the default */
};

struct conf_key {
	const char *name;
	const struct conf_type *type;
	uint16_t field;    /* offset in struct conf, in keys-net.c in struct conf_net */
	uint8_t flags;     /* enum conf_key_flag */
	uint8_t net_types; /* keys-net.c: CONF_NET_BIT of the types that have it, 0 for all */
	int32_t arg;       /* the kind knows: default of a number, longest text, second offset */
};

#define CONF_NET_BIT(type) ((uint8_t)(1U << (type)))

/* One access to one key. */
struct conf_slot {
	void *base; /* the struct conf or struct conf_net that the row's field lies in */
	const struct conf_key *key;
	const char *name; /* in full, as the user wrote it */
	const char *sub;  /* of a family: what follows its name and the dot; else "" */
	const char *file; /* that is being read, NULL: none */
	unsigned int line;
};

struct conf_type {
	/* @value is not empty. A failure leaves the field as it was. */
	int (*set)(const struct conf_slot *slot, const char *value, struct err *err);
	int (*get)(const struct conf_slot *slot, struct text *out, struct err *err);
	/* Back to the default, also from all bytes zero. */
	int (*clear)(const struct conf_slot *slot, struct err *err);
	const struct conf_family *family; /* of a family that does not take any name */
	const char *const *choices;       /* of a choice: the words, the default first */
};

struct conf_family {
	/* Is there such a sub-key? */
	bool (*knows)(const char *sub);
	/* The i-th sub-key, NULL past the end. */
	const char *(*member)(unsigned int i);
	void (*settle)(const struct conf_slot *slot, char *value); /* see conf_slot_settle */
};

static inline void *conf_field(const struct conf_slot *slot)
{
	return (char *)slot->base + slot->key->field;
}

/* type-number.c */
extern const struct conf_type conf_bool, conf_u32, conf_int, conf_u32_noted, conf_count,
	conf_version;
extern const struct conf_type conf_size, conf_tmpfs_size, conf_level;
/* type-signal.c */
extern const struct conf_type conf_signal;
/* type-text.c */
extern const struct conf_type conf_str, conf_hostname, conf_path, conf_arch, conf_facility,
	conf_ifname;
extern const struct conf_type conf_cgroup_dir, conf_cgroup_name, conf_proxy, conf_mtu;
extern const struct conf_type conf_veth_mode, conf_macvlan_mode, conf_ipvlan_mode;
extern const struct conf_type conf_ipvlan_isolation;
/* type-list.c */
extern const struct conf_type conf_lines, conf_words, conf_ids, conf_environment, conf_all_hooks;
/* type-cap.c */
extern const struct conf_type conf_caps;
/* type-pairs.c */
extern const struct conf_type conf_cgroup, conf_prlimit, conf_sysctl, conf_proc;
/* type-ns.c */
extern const struct conf_type conf_ns_list, conf_ns_share, conf_time_offset;
/* type-idmap.c */
extern const struct conf_type conf_idmap;
/* type-mount.c */
extern const struct conf_type conf_mount_auto, conf_rootfs, conf_rootfs_options;
/* type-net.c */
extern const struct conf_type conf_nets, conf_net_kind, conf_net_flags;
/* type-vlan.c */
extern const struct conf_type conf_vlan_id, conf_veth_vlan, conf_veth_vlan_tagged;
/* type-addr.c */
extern const struct conf_type conf_publish;
extern const struct conf_type conf_address, conf_route, conf_gateway, conf_hwaddr;
/* read.c */
extern const struct conf_type conf_include;

/* keys.c */
/* The row of a key and, of a family, the rest of the name; NULL: no such key. */
const struct conf_key *conf_key_find(const char *name, const char **ret_sub);
const struct conf_key *conf_key_at(size_t i); /* NULL past the end */
/* Says that there is no such key, and in a hint which one may have been meant. */
int conf_key_unknown(const char *name, struct err *err);

/* keys-net.c */
const struct conf_key *conf_net_key_find(const char *name);
const struct conf_key *conf_net_key_at(size_t i); /* the first one is "type" */

/* type-net.c */
/* "0.ipv4.address" -> 0, "ipv4.address" ("" when there is nothing); -EINVAL: no index. */
int conf_net_split(const char *sub, uint32_t *ret_index, const char **ret_rest);
struct conf_net *conf_net_find(const struct conf_nets *nets, uint32_t index);
void conf_net_init(struct conf_net *net, uint32_t index);
void conf_net_done(struct conf_net *net);

/* type-addr.c: each x of a MAC address becomes a random digit. */
void conf_hwaddr_fill(char *value);

/* type-mount.c: is @option one of the comma-separated words, up to its '='? */
bool conf_has_option(const char *options, const char *option);
bool conf_is_backend(const char *name);

/* Members that several kinds share: of a string, a number, a list with one element a line. */
int conf_str_get(const struct conf_slot *slot, struct text *out, struct err *err);
int conf_str_clear(const struct conf_slot *slot, struct err *err);
int conf_int_get(const struct conf_slot *slot, struct text *out, struct err *err);
int conf_int_clear(const struct conf_slot *slot, struct err *err);
int conf_u32_get(const struct conf_slot *slot, struct text *out, struct err *err);
int conf_u32_clear(const struct conf_slot *slot, struct err *err);
int conf_lines_get(const struct conf_slot *slot, struct text *out, struct err *err);
int conf_lines_clear(const struct conf_slot *slot, struct err *err);

/* type-text.c: puts a copy of @value into @field. */
int conf_replace_text(char **field, const char *value, struct err *err);

/* item.c */
/* The row and the rest of the name; @conf is written to by conf_slot_set and _clear only. */
int conf_slot_find(const struct conf *conf, const char *name, struct conf_slot *ret_slot,
                   struct err *err);
int conf_slot_set(const struct conf_slot *slot, const char *value, struct err *err);
/* Draws what is random in @value, in place, so that the saved line has the outcome. False: nothing
 * is in values of this key. */
bool conf_slot_settle(const struct conf_slot *slot, char *value);

/* save.c */
void conf_saved_add(struct text *saved, const char *line, size_t len);

/* line.c: the lexical rules. */
enum conf_line_kind {
	CONF_LINE_BLANK,
	CONF_LINE_COMMENT,
	CONF_LINE_FOREIGN,      /* does not begin with "lxc." and is none of ours */
	CONF_LINE_NO_SEPARATOR, /* no '=' */
	CONF_LINE_ITEM,
};

struct conf_line {
	const char *text;
	size_t key_at, key_len; /* into @text; also of CONF_LINE_NO_SEPARATOR */
	size_t value_at, value_len;
};

/* @text: one line without its end. */
enum conf_line_kind conf_line_split(const char *text, size_t len, struct conf_line *ret_line);
/* Bytes of the marks that some editors put in front of UTF-8; they count at a file's start only. */
size_t conf_line_mark(const char *text);
/* Next run of bytes other than space and tab; *@text moves behind it. */
bool conf_next_word(const char **text, const char **ret_word, size_t *ret_len);

/* legacy.c: names from before 2.1. */
enum conf_legacy {
	CONF_LEGACY_NONE,    /* not an old name */
	CONF_LEGACY_RENAMED, /* something else stands for it now */
	CONF_LEGACY_REMOVED, /* nothing does */
	CONF_LEGACY_MERGED,  /* into another key (lxc.rootfs.backend) */
};

/* @last_net: the highest index of a network device so far, -1 for none. @ret_name: owned, set
 * for CONF_LEGACY_RENAMED; NULL there without memory. */
enum conf_legacy conf_legacy_name(const char *key, int64_t last_net, char **ret_name);
/* Replaces an old key (and its value, where that has another form now) by today's; carries out
 * what is merged. Returns enum conf_legacy or a negative errno. */
int conf_legacy_translate(struct conf *conf, char **key, char **value, struct err *err);

/* show.c: words of messages. */
#define CONF_SHOW_MAX 160
/* @value fit for a message: control bytes as \xNN, the end of a long one left out. */
const char *conf_show(char *buf, const char *value);
#define SHOW(value) conf_show((char[CONF_SHOW_MAX]){ 0 }, (value))
/* "'KEY' must be WANT, not 'VALUE'" */
int conf_bad_value(const struct conf_slot *slot, const char *value, const char *want,
                   struct err *err);
/* The hint "write 'KEY = VALUE'". */
void conf_hint_line(const struct conf_slot *slot, const char *value, struct err *err);
/* The entry of a NULL-terminated list (in lower case) that is closest to @word, NULL when none is
 * close. */
const char *conf_nearest(const char *word, const char *const *words);
/* Most edits at which two words may still be the same one mistyped. */
unsigned int conf_typo_limit(const char *word);

#endif
