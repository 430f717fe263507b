# tap.awk: reads the TAP of one or more test tiers, prints what failed as it
# comes, and at the end of each tier its sums. A tier that does not say how many
# tests it has, or that ends in any other way than it said, has failed.
#
# A tier begins with "@tier begin NAME" and ends with "@tier end NAME STATUS".
# Variables: on (the kernel's name, or empty), sums (a file that gets one line
# "TIER PASSED FAILED SKIPPED SECONDS" a tier), failures (a file for the names).

function now(   t) { "date +%s" | getline t; close("date +%s"); return t }

function label() { return on == "" ? tier : tier "." on }

function fail(name, why) {
	failed++
	print "  FAILED " name (why == "" ? "" : ": " why)
	print label() " " name >>failures
	fflush()
}

function begin(name) {
	tier = name
	plan = -1
	passed = failed = skipped = seen = 0
	notes = bail = ""
	after_failure = 0
	started = now()
}

# What the runner did as a whole is one more test, and only told if it failed.
function end(status,   runner) {
	runner = label() ".runner"
	if (bail != "")
		fail(runner, bail)
	else if (plan < 0)
		fail(runner, "no plan; ended with status " status " after " \
		     seen " tests")
	else if (plan != seen)
		fail(runner, "planned " plan " tests, ran " seen \
		     ", ended with status " status)
	else if (status != "0" && !failed)
		fail(runner, "all tests passed, but it ended with status " status)
	else if (!seen && !skipped)
		fail(runner, "no test in it")
	if (failed && notes != "")
		printf "%s", notes
	printf "    %s: %d passed, %d failed, %d skipped (%d s)\n", label(),
	       passed, failed, skipped, now() - started
	print label(), passed, failed, skipped, now() - started >>sums
	fflush()
	tier = ""
}

function result(   name, directive) {
	seen++
	name = $0
	directive = ""
	if (match(name, /[ \t]#[ \t]*[Ss][Kk][Ii][Pp]/)) {
		directive = substr(name, RSTART + 1)
		name = substr(name, 1, RSTART - 1)
	}
	sub(/^(not )?ok[ \t]*[0-9]*[ \t]*(-[ \t]*)?/, "", name)
	after_failure = 0
	if ($0 ~ /^not ok/) {
		fail(name == "" ? "number " seen : name, "")
		printf "%s", notes
		after_failure = 1
	} else if (directive != "") {
		skipped++
	} else {
		passed++
	}
	notes = ""
}

{ sub(/\r$/, "") }

/^@tier begin / { if (tier != "") end("none"); begin($3); next }
/^@tier end /   { if (tier != "") end($4); next }
tier == ""      { next }
/^1\.\.[0-9]+/ {
	if (plan >= 0)
		bail = "two plans"
	plan = substr($1, 4) + 0
	if (!plan && $0 ~ /#[ \t]*[Ss][Kk][Ii][Pp]/)
		skipped++
	next
}
/^(not )?ok([ \t]|$)/ { result(); next }
/^Bail out!/ { bail = $0; next }
/^#/ {
	if (after_failure)
		print "         " $0
	else if (length(notes) < 4000)
		notes = notes "         " $0 "\n"
	fflush()
}

END { if (tier != "") end("none") }
