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

# RLXC_STATIC_LIB(VARIABLE, LIBRARY, FUNCTION, INCLUDES, COMPLAINT)
# Sets VARIABLE to what links the library: its archive where position-independent programs can have
# it, else the shared one.
AC_DEFUN([RLXC_STATIC_LIB], [
	AC_MSG_CHECKING([for a static lib$2])
	rlxc_saved_CFLAGS=$CFLAGS
	rlxc_saved_LIBS=$LIBS
	CFLAGS="$CFLAGS -fPIE $RLXC_PIE"
	LIBS="-l:lib$2.a $LIBS"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([$4], [return !$3;])],
		[AC_MSG_RESULT([yes]); $1=-l:lib$2.a], [AC_MSG_RESULT([no]); $1=])
	CFLAGS=$rlxc_saved_CFLAGS
	LIBS=$rlxc_saved_LIBS
	AS_IF([test -z "$$1"], [AC_CHECK_LIB([$2], [$3], [$1=-l$2], [AC_MSG_ERROR([$5])])])
	AC_SUBST([$1])
])
