/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "output.h"

#include "base/text.h"

#include <string.h>

/* rlxc completion bash: a script made of the command table and the constant parts below. What it
 * knows about a command are two lists: the options, and what each option's argument may be. */

static const char head[] = "# bash completion for rlxc, printed by 'rlxc completion bash'\n"
			   "# shellcheck shell=bash disable=SC2034,SC2207\n"
			   "\n";

/* clang-format off */
static const char tail[] =
	"# What another command of ours prints: _rlxc_ask COMMAND ARG...\n"
	"_rlxc_ask()\n"
	"{\n"
	"	local program=(\"${COMP_WORDS[0]}\" \"$1\")\n"
	"\n"
	"	[[ ${COMP_WORDS[0]##*/} == lxc-* ]] && program=(\"${COMP_WORDS[0]%lxc-*}lxc-$1\")\n"
	"	shift\n"
	"	\"${program[@]}\" \"$@\" 2>/dev/null\n"
	"}\n"
	"\n"
	"# Names of containers, from the directory of -P; the arguments are filters of ls.\n"
	"_rlxc_names()\n"
	"{\n"
	"	_rlxc_ask ls -1 \"${path[@]}\" \"$@\"\n"
	"}\n"
	"\n"
	"_rlxc_keys()\n"
	"{\n"
	"	_rlxc_ask config explain | sed -n -e 's/\\.N\\./.0./' -e 's/^\\(lxc\\.[^ ]*\\).*/\\1/p'\n"
	"}\n"
	"\n"
	"_rlxc_groups()\n"
	"{\n"
	"	_rlxc_ask ls -f -F GROUPS \"${path[@]}\" | sed -e 1d -e 's/^- *$//' -e 's/,/ /g'\n"
	"}\n"
	"\n"
	"_rlxc_snapshots()\n"
	"{\n"
	"	_rlxc_ask snapshot \"${path[@]}\" -n \"$named\" -L | sed -n 's/^\\([^ ]*\\) (.*/\\1/p'\n"
	"}\n"
	"\n"
	"# Words of a command that are no names of containers, in $reply; fails where files are meant.\n"
	"_rlxc_words()\n"
	"{\n"
	"	case $command:$prev in\n"
	"	checkconfig:*) reply='namespaces ids cgroup files mounts security net helpers budgets' ;;\n"
	"	config:explain) reply=$(_rlxc_keys) ;;\n"
	"	config:check) return 1 ;;\n"
	"	config:*) reply=\"check explain $(_rlxc_ask config -l)\" ;;\n"
	"	device:\"$named\") reply='add del' ;;\n"
	"	*) return 1 ;;\n"
	"	esac\n"
	"}\n"
	"\n"
	"# Words joined with a separator: _rlxc_list SEPARATOR WORD...\n"
	"_rlxc_list()\n"
	"{\n"
	"	local sep=$1 value=${cur#[\\'\\\"]} prefix=\n"
	"\n"
	"	shift\n"
	"	[[ $value == *\"$sep\"* ]] && prefix=${value%\"$sep\"*}$sep\n"
	"	COMPREPLY=($(compgen -P \"$prefix\" -W \"$*\" -- \"${value##*\"$sep\"}\"))\n"
	"}\n"
	"\n"
	"_rlxc_templates()\n"
	"{\n"
	"	local file words='busybox image local none'\n"
	"\n"
	"	for file in /usr/share/lxc/templates/lxc-* /usr/local/share/lxc/templates/lxc-*; do\n"
	"		[[ -x $file && \" $words \" != *\" ${file##*/lxc-} \"* ]] &&\n"
	"			words+=\" ${file##*/lxc-}\"\n"
	"	done\n"
	"	COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	"}\n"
	"\n"
	"# The argument of option $1, of the kind in $reply.\n"
	"_rlxc_value()\n"
	"{\n"
	"	case ${reply#=} in\n"
	"	@files | @templates)\n"
	"		[[ $reply == @templates && $cur != */* ]] && _rlxc_templates && return\n"
	"		compopt -o filenames 2>/dev/null\n"
	"		mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
	"	@dirs)\n"
	"		compopt -o filenames 2>/dev/null\n"
	"		mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
	"	@names)\n"
	"		[[ $1 == -n || $1 == --name ]] && _rlxc_filter \"$command\" || reply=--running\n"
	"		COMPREPLY=($(compgen -W \"$(_rlxc_names \"$reply\")\" -- \"$cur\")) ;;\n"
	"	'|'*) reply=${reply#=} && _rlxc_list '|' \"${reply#?}\" ;;\n"
	"	,*) _rlxc_list , \"${reply#?}\" ;;\n"
	"	@groups) _rlxc_list , \"$(_rlxc_groups)\" ;;\n"
	"	@keys) COMPREPLY=($(compgen -W \"$(_rlxc_keys)\" -- \"$cur\")) ;;\n"
	"	@snapshots) COMPREPLY=($(compgen -W \"$(_rlxc_snapshots)\" -- \"$cur\")) ;;\n"
	"	@*) ;;\n"
	"	*) COMPREPLY=($(compgen -W \"$reply\" -- \"$cur\")) ;;\n"
	"	esac\n"
	"}\n"
	"\n"
	"# Reads the words before the cursor: path, named (the container), and whether '--' was among them.\n"
	"_rlxc_scan()\n"
	"{\n"
	"	local word\n"
	"\n"
	"	for ((; i < COMP_CWORD; i++)); do\n"
	"		word=${COMP_WORDS[i]}\n"
	"		[[ $word == -- ]] && return 1\n"
	"		if [[ $word != -* ]]; then\n"
	"			named=${named:-$word}\n"
	"			continue\n"
	"		fi\n"
	"		_rlxc_argument \"$command\" \"$word\" || continue\n"
	"		[[ $reply == =* && ${COMP_WORDS[i + 1]} != = ]] && continue\n"
	"		[[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))\n"
	"		((i++))\n"
	"		((i < COMP_CWORD)) || return 0\n"
	"		case $word in\n"
	"		-P | --lxcpath) path=(-P \"${COMP_WORDS[i]}\") ;;\n"
	"		-n | --name) named=${COMP_WORDS[i]} ;;\n"
	"		esac\n"
	"	done\n"
	"	return 0\n"
	"}\n"
	"\n"
	"_rlxc()\n"
	"{\n"
	"	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"	local command=${COMP_WORDS[0]##*/} i=1 path=() named='' reply='' glued=''\n"
	"\n"
	"	COMPREPLY=()\n"
	"	if [[ $command == lxc-* ]]; then\n"
	"		command=${command#lxc-}\n"
	"	elif ((COMP_CWORD == 1)); then\n"
	"		COMPREPLY=($(compgen -W \"$_rlxc_commands --help --version\" -- \"$cur\"))\n"
	"		return\n"
	"	else\n"
	"		command=${COMP_WORDS[1]} i=2\n"
	"	fi\n"
	"	# The shell makes a word of its own of '='.\n"
	"	if [[ $cur == = ]]; then\n"
	"		cur='' glued=1\n"
	"	elif [[ $prev == = ]]; then\n"
	"		prev=${COMP_WORDS[COMP_CWORD - 2]} glued=1\n"
	"	fi\n"
	"	if ! _rlxc_scan; then\n"
	"		compopt -o default 2>/dev/null\n"
	"		return\n"
	"	fi\n"
	"	if [[ $prev == -* ]] && _rlxc_argument \"$command\" \"$prev\" &&\n"
	"		[[ $glued || $reply != =* ]]; then\n"
	"		_rlxc_value \"$prev\"\n"
	"	elif [[ $cur == -* ]]; then\n"
	"		_rlxc_options \"$command\"\n"
	"		COMPREPLY=($(compgen -W \"$reply\" -- \"$cur\"))\n"
	"	elif [[ $command == help ]]; then\n"
	"		COMPREPLY=($(compgen -W \"$_rlxc_commands\" -- \"$cur\"))\n"
	"	elif [[ $command == completion ]]; then\n"
	"		COMPREPLY=($(compgen -W bash -- \"$cur\"))\n"
	"	elif [[ ! $named ]] && _rlxc_filter \"$command\"; then\n"
	"		COMPREPLY=($(compgen -W \"$(_rlxc_names \"$reply\")\" -- \"$cur\"))\n"
	"	elif _rlxc_words; then\n"
	"		COMPREPLY=($(compgen -W \"$reply\" -- \"$cur\"))\n"
	"	else\n"
	"		compopt -o default 2>/dev/null\n"
	"	fi\n"
	"}\n"
	"\n"
	"complete -F _rlxc rlxc";
/* clang-format on */

typedef void (*row_fn)(struct text *text, const struct command *command,
                       const struct option_row *row);

/* Calls @fn for every option that the help of @command shows. */
static void each_option(struct text *text, const struct command *command, row_fn fn)
{
	for (const struct option_row *row = command->options; row && row->name; row++)
		if (*option_help(row))
			fn(text, command, row);
	for (const struct option_row *row = options_common(command); row->name; row++)
		if (*option_help(row) && options_is_offered(command, row))
			fn(text, command, row);
}

static void add_option(struct text *text, const struct command *command,
                       const struct option_row *row)
{
	(void)command;
	if (row->letter)
		text_addf(text, " -%c", row->letter);
	text_addf(text, " --%s", row->name);
}

/* A pattern and what $reply becomes; a leading '=' for an argument that has to be glued. */
static void add_argument(struct text *text, const struct command *command,
                         const struct option_row *row)
{
	const char *arg = option_arg(row), *offer = option_offer(row);

	if (!*arg)
		return;
	text_add(text, "\t");
	if (row->letter)
		text_addf(text, "%s:-%c | ", command->name, row->letter);
	text_addf(text, "%s:--%s) reply='%s%s' ;;\n", command->name, row->name,
	          *arg == '[' ? "=" : "", *offer ? offer : "@nothing");
}

static void add_options(struct text *text)
{
	const struct command *command;

	text_add(text, "# The options of command $1.\n"
	               "_rlxc_options()\n{\n\tcase $1 in\n");
	for (size_t i = 0; (command = commands_at(i)); i++) {
		text_addf(text, "\t%s) reply='", command->name);
		each_option(text, command, add_option);
		text_add(text, "' ;;\n");
	}
	text_add(text, "\t*) reply='' ;;\n\tesac\n}\n\n");
}

static void add_arguments(struct text *text)
{
	const struct command *command;

	text_add(text, "# What the argument of option $2 of command $1 may be; fails when there is "
	               "none.\n"
	               "_rlxc_argument()\n{\n\tcase $1:$2 in\n");
	for (size_t i = 0; (command = commands_at(i)); i++)
		each_option(text, command, add_argument);
	text_add(text, "\t*) return 1 ;;\n\tesac\n}\n\n");
}

/* Which containers a command can work on, as an option of ls. */
static void add_filters(struct text *text)
{
	const struct command *command;

	text_add(text, "# The containers that command $1 can work on, as an option of ls.\n"
	               "_rlxc_filter()\n{\n\tcase $1 in\n");
	for (size_t i = 0; (command = commands_at(i)); i++)
		if (command->names)
			text_addf(text, "\t%s) reply=%s ;;\n", command->name, command->names);
	text_add(text, "\t*) reply='' && return 1 ;;\n\tesac\n}\n\n");
}

static void add_bash(struct text *text)
{
	const struct command *command;

	text_add(text, head);
	text_add(text, "_rlxc_commands='");
	for (size_t i = 0; (command = commands_at(i)); i++)
		text_addf(text, "%s%s", i ? " " : "", command->name);
	text_add(text, "'\n\n");
	add_options(text);
	add_arguments(text);
	add_filters(text);
	text_add(text, tail);
	for (size_t i = 0; (command = commands_at(i)); i++)
		if (!(command->flags & COMMAND_RLXC))
			text_addf(text, " \\\n\tlxc-%s", command->name);
	text_add(text, "\n");
}

int cmd_completion(struct request *req)
{
	struct text text = {};
	int r;

	r = options_parse(req, NULL);
	if (r != OPTIONS_GO)
		return r;
	if (req->n_words != 1 || strcmp(req->words[0], "bash") != 0)
		return output_usage(req, "the shell is missing or unknown: there is a script for "
		                         "bash");
	add_bash(&text);
	return output_answer(req, &text);
}
