# known.awk: passes a kernel's log on, without the headings ("WARNING:", "Call
# Trace:") of reports of bugs that are known to be a kernel's own.
#
# Linux 6.1.y took over hugetlb_split() ("mm/hugetlb: unshare page tables during VMA
# split, not before") with its assertion that the file's rmap lock is held; but its
# __vma_adjust() calls it before it takes that lock. With lockdep that is reported
# whenever a mapping of hugetlb pages is split, whoever looks on. Only where it is
# __vma_adjust() that calls, and no frame is of the module, the headings are
# dropped; all other lines pass in any case.

function flush(known,    i) {
	for (i = 1; i <= held; i++)
		if (!known || line[i] !~ /WARNING:|Call Trace:/)
			print line[i]
	held = 0
}

held && (/WARNING:/ || held >= 150) { flush(0) }

/WARNING: .* at hugetlb_split\+/ {
	line[held = 1] = $0
	caller = ours = 0
	next
}

held {
	line[++held] = $0
	if (line[held - 1] ~ /<TASK>/)
		caller = / __vma_adjust\+/
	if (/ \[mmscope\]/)
		ours = 1
	if (/<\/TASK>/)
		flush(caller && !ours)
	next
}

{ print }

END { flush(0) }
