# races.awk: passes a kernel's log on, without the heading "BUG: KCSAN:" of reports
# of data races that are the kernel's own. With the variable `count` set it prints
# only how many those are.
#
# A debug kernel that looks for data races finds them all over itself, and each
# would be a complaint. A race is the module's if one of its functions is in
# either of the two stacks; also below functions of the kernel's, which it may
# have called without the lock that they need. But not below the entry of an
# interrupt or an exception: what raced there only happened to come in between. And
# not below mmput(): an address space that is used no more is torn down by whoever
# lets go of it last, under no lock.
#
# Nor is one where the module's own access is marked (READ_ONCE, an atomic, a bit of
# a page's flags): then it is the other side that does not mark its own.
#
# Some are known, and left out by their titles, unless that names the module, too:
# whoever sleeps for a time looks whether the timer has cleared a word of his,
# without a lock; who asks for a capability notes that in a word that interrupts
# read; whoever opens a path in /proc/PID sets the owner and mode of its inodes.
# None of these has to be asked for under a lock.
#
# A report stands between two lines of "=". It has ended, or nothing is dropped;
# lines of others that came in between pass in any case.

# text(LINE): without "[    1.234567]" or "[    1.234567][   T12]".
function text(s) {
	while (match(s, /^\[[^]]*\] ?/))
		s = substr(s, RLENGTH + 1)
	return s
}

function flush(with_heading,    i) {
	if (!count)
		for (i = 1; i <= held; i++)
			if (with_heading || i != heading)
				print line[i]
	held = heading = mine = known = marked = below_entry = 0
}

{ t = text($0) }

held && t ~ /^=====+[ \t\r]*$/ && heading {
	line[++held] = $0
	others += !mine || known
	flush(mine && !known)
	next
}

held && !heading && t !~ /^BUG: KCSAN:/ { flush(1) }
held > 400 { flush(1) }

!held && t ~ /^=====+[ \t\r]*$/ { line[held = 1] = $0; next }

held {
	line[++held] = $0
	if (t ~ /^BUG: KCSAN:/) {
		heading = held
		known = t !~ /\[mmscope/ &&
			t ~ /(in|\/) (hrtimer_wakeup|(ns_)?capable|pid_revalidate|task_dump_owner)( |$)/
	}
	else if (t ~ / (to|at) 0x[0-9a-f]+ of [0-9]+ bytes by /) {
		below_entry = 0		# a stack begins
		marked = t ~ /\(marked\)/
		next
	}
	else if (t ~ /^ (asm_(sysvec|exc|common_interrupt|call)|mmput\+)/)
		below_entry = 1
	else if (t ~ /^ .*\[mmscope[^]]*\]/ && marked)
		below_entry = 1		# its own access, and a marked one
	else if (t ~ /^ .*\[mmscope[^]]*\]/ && !below_entry)
		mine = 1
	marked = 0
	next
}

!count { print }

END {
	flush(1)
	if (count)
		print others + 0
}
