# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# Part of tests/cli/run: map --html and --svg. The files by parsers that others wrote,
# and what is in them beside /proc; then a browser (look.py).
report=$work/report
mkdir "$report"

# A process that says where a page is that it wrote to, and one that it left alone.
cat >"$work/subject.py" <<'END'
import ctypes, mmap, time
m = mmap.mmap(-1, 64 * 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
at = ctypes.addressof(ctypes.c_char.from_buffer(m))
m[20 * 4096] = 1
print("present", hex(at + 20 * 4096))
print("untouched", hex(at + 40 * 4096), flush=True)
time.sleep(300)
END
start python3 "$work/subject.py"
python=$pid
for _ in $(seq 100); do [ "$(wc -l <"$work/told")" = 2 ] && break; sleep 0.05; done
cp "$work/told" "$report/subject.told"

exits 0 report.html "$mm" map --source procfs "$python" --html "$report/subject.html"
[ "$(stat -c %a "$report/subject.html")" = 600 ] && [ "$(find "$report" -name 'subject.html*' | wc -l)" = 1 ]
result $? report.html.one_private_file
[ "$(stat -c %s "$report/subject.html")" -lt 1000000 ]
result $? report.html.is_small
exits 0 report.html.replaced "$mm" map --source procfs "$python" --html "$report/subject.html" \
	--svg "$report/subject.svg"
[ "$(grep -c "^$report/subject" "$work/out")" = 2 ]
result $? report.both_are_told
python3 tests/cli/report/files.py page "$report/subject.html" "$python" >"$work/out" 2>"$work/err"
result $? report.html.sound_and_as_proc
python3 tests/cli/report/files.py picture "$report/subject.svg" >"$work/out" 2>"$work/err"
result $? report.svg.sound
libc=$(sed -n 's/.* \(\/.*libc\.so\.6\)$/\1/p' "/proc/$python/maps" | head -n 1)
base=$(awk -v file="$libc" '$6 == file { sub(/-.*/, ""); print; exit }' "/proc/$python/maps")
echo "malloc 0x$(printf %x $((0x$base + 0x$(nm -D "$libc" | sed -n 's/^\([0-9a-f]*\) T malloc@@.*/\1/p'))))" \
	>>"$report/subject.told"

# Processes that never were: each state, names that could end a tag; and very many.
build/tests/cli/make-capture states "$work/states.mms" >"$report/states.told" 2>"$work/err" &&
	build/tests/cli/make-capture many "$work/many.mms" 2>>"$work/err"
result $? report.captures
exits 0 report.from "$mm" map --from "$work/states.mms" --html "$report/states.html" --svg "$report/picture.svg"
python3 tests/cli/report/files.py page "$report/states.html" <"$report/states.told" >"$work/out" 2>"$work/err"
result $? report.states.sound
python3 tests/cli/report/files.py picture "$report/picture.svg" >"$work/out" 2>"$work/err"
result $? report.states.svg.sound
if command -v xmllint >/dev/null; then
	exits 0 report.svg.xmllint xmllint --noout --nonet "$report/picture.svg"
fi
exits 0 report.many timeout 60 "$mm" map --from "$work/many.mms" --html "$report/many.html" \
	--svg "$report/many.svg"
[ "$(stat -c %s "$report/many.html")" -lt 20000000 ] && [ "$(stat -c %s "$report/many.svg")" -lt 2000000 ]
result $? report.many.is_bounded

# All of it or nothing.
echo before >"$report/full.html"
run sh -c "ulimit -f 100; exec $mm map --from $work/many.mms --html $report/full.html"
[ "$status" = 1 ] && [ "$(cat "$report/full.html")" = before ] && [ "$(find "$report" -name 'full*' | wc -l)" = 1 ]
result $? report.full.leaves_what_was
err_has 'File too large' report.full.says_so
if mkdir "$work/small" && mount -t tmpfs -o size=64k small "$work/small" 2>/dev/null; then
	run "$mm" map --source procfs "$python" --html "$work/small/r.html"
	left=$(find "$work/small" -type f | wc -l)
	umount "$work/small"
	[ "$status" = 1 ] && [ "$left" = 0 ] && grep -q 'No space left' "$work/err"
	result $? report.full.disk
else
	n=$((n + 1))
	echo "ok $n - cli.report.full.disk # SKIP may not mount a small tmpfs"
fi
exits 2 report.usage.a_device "$mm" map --source procfs "$python" --html /dev/full
exits 2 report.usage.no_folder "$mm" map --source procfs "$python" --svg "$work/no/such"
exits 2 report.usage.a_folder "$mm" map --source procfs "$python" --html "$work"
exits 2 report.usage.no_name "$mm" map --source procfs "$python" --html ''
exits 2 report.usage.zoom "$mm" map --source procfs "$python" --html "$report/none" --zoom heap
exits 2 report.usage.json "$mm" map --source procfs "$python" --svg "$report/none" --json
exits 3 report.gone "$mm" map 4194304 --html "$report/none"
[ ! -e "$report/none" ]
result $? report.failed.leaves_nothing
exits 0 report.itself "$mm" map --source procfs self --html "$report/itself.html"

while read -r verdict name reason; do
	case $verdict in
	ok) n=$((n + 1)) && echo "ok $n - cli.report.browser.$name $reason" ;;
	not) n=$((n + 1)) bad=$((bad + 1)) && echo "not ok $n - cli.report.browser.$reason" ;;
	skip) n=$((n + 1)) && echo "ok $n - cli.report.$name # SKIP $reason" ;;
	*) echo "$verdict $name $reason" ;;
	esac
done < <(timeout $((240 * ${MMSCOPE_SLOW:-1})) python3 tests/cli/report/look.py "$report" 2>&1 ||
	echo "not ok ends")
kill "$python"
