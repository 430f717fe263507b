# oom.awk: passes a kernel's log on, without the heading "Call Trace:" of reports
# of an out-of-memory kill in a memory cgroup, and of memory that a test made to
# be missing.
#
# The lesson "overcommit" has a process killed that exceeds the limit of a cgroup
# of its own. The kernel's report of that holds a stack trace, though nothing is
# wrong; everywhere else a stack trace is a complaint. So the heading is dropped
# only where all of this holds: it stands among the first lines of a report
# ("invoked oom-killer:"), the report ends with the kill that names a memory
# cgroup, and no other trace begins before that. A kill for want of the machine's
# own memory ("Out of memory:") keeps its heading, and so does a report without
# an end. All other lines pass in any case.
#
# Where the program "load" (tests/fault) makes each allocation of loading a module
# fail, some kernels report that of the module's own memory. So that heading is
# dropped whose trace leads through load_module().

function flush(with_heading,    i) {
	if (with_heading && held)
		print heading
	for (i = 1; i <= held_lines; i++)
		print line[i]
	held = held_lines = 0
}

held && (/Call Trace:/ || /invoked oom-killer:/ || held_lines >= 400) { flush(1) }

held {
	line[++held_lines] = $0
	if (loading) {
		if (/ load_module\+/)
			flush(0)
		else if (/<\/TASK>/)
			flush(1)
	} else if (/(^|\] )Memory cgroup out of memory: Killed process [0-9]+ /)
		flush(0)
	else if (/(^|\] )Out of memory/)
		flush(1)
	next
}

/ invoked oom-killer: / { begun = NR; loading = 0 }
/(^|\] )load: (vmalloc error|page allocation failure):/ { begun = NR; loading = 1 }

begun && NR - begun <= 6 && /(^|\] )Call Trace:[ \t]*$/ {
	heading = $0
	held = 1
	begun = 0
	next
}

{ print }

END { flush(1) }
