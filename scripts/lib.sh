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
PROMETHEUS=$CACHE/prometheus    # its programs, for tests, where none are installed
ROOTS=$CACHE/roots              # of Debian suites, and of other architectures
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

# The version of the module and of all that comes with it.
version() { sed -n 's/^#define MMSCOPE_VERSION "\(.*\)"/\1/p' "$ROOT/kmod/internal.h"; }

machine() {
	case $(uname -m) in
	x86_64)  echo amd64 ;;
	aarch64) echo arm64 ;;
	*)       uname -m ;;
	esac
}

can_be_root() { ((EUID == 0)) || sudo -n true 2>/dev/null; }
as_root() {
	if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

# --- where packages come from ----------------------------------------------

# mirror [-security]: the URI of the archive that this machine's suite is from.
mirror() {
	local own
	own=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	# shellcheck disable=SC2016  # for apt
	apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 2>/dev/null |
		awk -v suite="$own${1-}" '$2 == suite { print $1; exit }'
}

debian_mirror() {
	if [[ -n ${MMSCOPE_DEBIAN_MIRROR-} ]]; then
		printf '%s\n' "$MMSCOPE_DEBIAN_MIRROR"
	elif grep -q '^ID=debian' /etc/os-release; then
		mirror
	fi
}

# archives SUITE: its sources for apt: the main archive, and updates for its security
# unless it is so old that they are kept no more.
archives() {
	local main security=''
	main=$(debian_mirror)
	[[ -n $main ]] || die "this machine's apt names no Debian mirror; \
name one: MMSCOPE_DEBIAN_MIRROR=URI"
	printf 'deb %s %s main\n' "$main" "$1"
	[[ $1 == bullseye ]] || {
		[[ -n ${MMSCOPE_DEBIAN_MIRROR-} ]] || security=$(mirror -security)
		[[ -z $security ]] ||
			printf 'deb %s %s-security main\n' "$security" "$1"
	}
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

# --- kernels of another architecture ---------------------------------------

# kernel_arch RELEASE: Debian's name of it. A kernel built by hand is our own.
kernel_arch() {
	case $1 in
	*-amd64) echo amd64 ;;
	*-arm64) echo arm64 ;;
	*)       machine ;;
	esac
}
is_foreign() { [[ $(kernel_arch "$1") != "$(machine)" ]]; }

# What kbuild calls the architecture, and the prefix of the tools that build for it.
kbuild_arch()  { [[ $1 == amd64 ]] && echo x86 || echo "$1"; }
tools_prefix() { [[ $1 == amd64 ]] && echo x86_64-linux-gnu || echo aarch64-linux-gnu; }

# What make is told to build for a kernel of another architecture; else nothing.
cross_module() {
	! is_foreign "$1" || printf '%s\n' "ARCH=$(kbuild_arch "$(kernel_arch "$1")")" \
		"CROSS_COMPILE=$(tools_prefix "$(kernel_arch "$1")")-"
}

# The user space of that architecture: what is linked against, and what the lab
# boots into. Our own has none, since it is this machine.
kernel_system() { ! is_foreign "$1" || printf '%s\n' "$ROOTS/system-$(kernel_arch "$1")"; }

# Where the tool and the tests are built for that kernel; in the lab, it is build/.
kernel_build() {
	if is_foreign "$1"; then
		printf '%s\n' "$BUILD/$(kernel_arch "$1")"
	else
		printf '%s\n' "$BUILD"
	fi
}

# make_module RELEASE: through the Makefile, wherever it is to be built.
make_module() {
	local cross build
	mapfile -t cross < <(cross_module "$1")
	build=$(kernel_build "$1")
	make -s -C "$ROOT" module KDIR="$(kernel_headers "$1")" \
		KROOT="$(kernel_root "$1")" KCROSS="${cross[*]}" \
		BUILD="${build#"$ROOT"/}"
}

# make_assigned RELEASE: the modules that tests of grade take for students'; only where
# this machine itself builds for that kernel.
make_assigned() {
	[[ -n $(kernel_root "$1") ]] || is_foreign "$1" ||
		make -s -C "$ROOT" assigned-modules KDIR="$(kernel_headers "$1")"
}

# make_user RELEASE TARGET...: the rest, for the architecture of that kernel.
make_user() {
	local system prefix build
	if ! is_foreign "$1"; then
		make -s -C "$ROOT" "${@:2}"
		return
	fi
	system=$(kernel_system "$1")
	prefix=$(tools_prefix "$(kernel_arch "$1")")
	build=$(kernel_build "$1")
	PKG_CONFIG_SYSROOT_DIR=$system \
	PKG_CONFIG_LIBDIR=$system/usr/lib/$prefix/pkgconfig:$system/usr/share/pkgconfig \
		make -s -C "$ROOT" BUILD="${build#"$ROOT"/}" AR="$prefix-ar" \
		CC="$prefix-gcc --sysroot=$system" "${@:2}"
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
