# SPDX-License-Identifier: LGPL-2.1-or-later

# RLXC_TRY_FLAGS(VARIABLE, FLAGS...)
# Appends each of the flags that the compiler takes without a word to VARIABLE.
AC_DEFUN([RLXC_TRY_FLAGS], [
	m4_foreach_w([flag], [$2], [
		AC_MSG_CHECKING([whether $CC accepts m4_defn([flag])])
		rlxc_saved_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -Werror $$1 flag"
		AC_COMPILE_IFELSE(
			[AC_LANG_PROGRAM([#include <string.h>], [char s[[8]]; memset(s, 0, sizeof(s));])],
			[AC_MSG_RESULT([yes]); $1="$$1 flag"],
			[AC_MSG_RESULT([no])])
		CFLAGS=$rlxc_saved_CFLAGS
	])
])

# RLXC_TRY_LDFLAGS(VARIABLE, FLAGS...)
# The same for flags of the linker.
AC_DEFUN([RLXC_TRY_LDFLAGS], [
	m4_foreach_w([flag], [$2], [
		AC_MSG_CHECKING([whether the linker accepts m4_defn([flag])])
		rlxc_saved_CFLAGS=$CFLAGS
		rlxc_saved_LDFLAGS=$LDFLAGS
		CFLAGS="$CFLAGS -Werror -fPIE"
		LDFLAGS="$LDFLAGS flag"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([#include <string.h>], [])],
			[AC_MSG_RESULT([yes]); $1="$$1 flag"],
			[AC_MSG_RESULT([no])])
		CFLAGS=$rlxc_saved_CFLAGS
		LDFLAGS=$rlxc_saved_LDFLAGS
	])
])
