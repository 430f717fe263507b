# shellcheck shell=bash
# lib.sh: what the scripts share: where things are, how they speak, and which
# kernels the lab can boot. Sourced, never run. Sourcing it changes nothing but
# the caller's variables.

# shellcheck disable=SC2034  # the sourcing scripts use these
ROOT=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd -P)
SCRIPTS=$ROOT/scripts
BUILD=$ROOT/build
CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/mmscope
KERNELS=$CACHE/kernels          # RELEASE/{boot,lib/modules}; `list` names them
PATH=$PATH:/usr/sbin:/sbin

ME=${0##*/}

say()  { printf '==> %s\n' "$*"; }
warn() { printf '%s: %s\n' "$ME" "$*" >&2; }
die()  { warn "$*"; exit 1; }

# usage_from FILE: the lines between "# Usage:" and the first non-comment.
usage_from() { sed -n '/^# Usage:/,/^[^#]/s/^# \{0,1\}//p' "$1"; }

# quoted WORD...: the words as a shell would have to read them.
quoted() {
	local word sep=
	for word; do
		case $word in
		'' | *[!A-Za-z0-9_@%+=:,./-]*)
			printf "%s'%s'" "$sep" "${word//\'/\'\\\'\'}" ;;
		*)	printf '%s%s' "$sep" "$word" ;;
		esac
		sep=' '
	done
	printf '\n'
}

machine() {
	case $(uname -m) in
	x86_64)  echo amd64 ;;
	aarch64) echo arm64 ;;
	*)       uname -m ;;
	esac
}

# --- kernels ---------------------------------------------------------------

# The lab's kernels, one "NAME RELEASE" a line, the default one first.
kernel_list() { [[ ! -r $KERNELS/list ]] || cat "$KERNELS/list"; }

kernel_image()   { printf '%s\n' "$KERNELS/$1/boot/vmlinuz-$1"; }
kernel_modules() { printf '%s\n' "$KERNELS/$1/lib/modules/$1"; }

# Those of scripts/matrix, in the same form; they may have names of the list.
matrix_list() { [[ ! -r $KERNELS/matrix ]] || cat "$KERNELS/matrix"; }
matrix_release() { matrix_list | awk -v n="$1" '$1 == n { print $2 }'; }

# register_kernel NAME RELEASE: all that a lab needs of it is there by now.
register_kernel() (
	exec 8>"$KERNELS/matrix.lock"
	flock 8
	touch "$KERNELS/matrix"
	new=$(mktemp "$KERNELS/.matrix.XXXXXX")
	{
		grep -v "^$1 " "$KERNELS/matrix" || :
		printf '%s %s\n' "$1" "$2"
	} | sort -V >"$new"
	chmod 644 "$new"
	mv "$new" "$KERNELS/matrix"
)

# The root of another suite in which a kernel's modules are built, if they are:
# its headers' tools need that suite's libraries. Not if this machine has them.
kernel_root() {
	[[ ! -e $KERNELS/$1/headers && ! -e /usr/src/linux-headers-$1/Makefile ]] ||
		return 0
	[[ ! -e $KERNELS/$1/root ]] || readlink -f "$KERNELS/$1/root"
}

# A kernel that was built by hand brings its own build folder along.
kernel_headers() {
	if [[ -e $KERNELS/$1/headers ]]; then
		printf '%s\n' "$KERNELS/$1/headers"
	else
		printf '%s\n' "$(kernel_root "$1")/usr/src/linux-headers-$1"
	fi
}

# make_module RELEASE: through the Makefile, wherever it is to be built.
make_module() {
	make -s -C "$ROOT" module KDIR="$(kernel_headers "$1")" \
		KROOT="$(kernel_root "$1")"
}

# kernel_release NAME: "default", "6.1" or a full release becomes a release.
kernel_release() {
	local name release
	while read -r name release; do
		if [[ $1 == default || $1 == "$name" || $1 == "$release" ]]; then
			printf '%s\n' "$release"
			return
		fi
	done < <(kernel_list && matrix_list)
	[[ $1 != */* && -e $(kernel_image "$1") ]] && printf '%s\n' "$1"
}

kernel_names() { kernel_list | cut -d' ' -f1; }

# shape_kernel DIR RELEASE: unpacked packages of a kernel get one form, whichever
# Debian they are of: boot/vmlinuz-RELEASE, and lib/modules with its index.
shape_kernel() {
	[[ ! -d $1/usr/lib/modules || -d $1/lib/modules ]] ||
		mv "$1/usr/lib" "$1/lib"
	[[ -e $1/boot/vmlinuz-$2 || ! -e $1/lib/modules/$2/vmlinuz ]] || {
		mkdir -p "$1/boot"
		mv "$1/lib/modules/$2/vmlinuz" "$1/boot/vmlinuz-$2"
	}
	[[ -e $1/boot/vmlinuz-$2 ]] && depmod -b "$1" "$2" && chmod 755 "$1"
}

# --- tools -----------------------------------------------------------------

find_virtiofsd() {
	local path
	for path in /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd \
		    "$(command -v virtiofsd)"; do
		[[ -x $path ]] || continue
		printf '%s\n' "$path"
		return
	done
	return 1
}
