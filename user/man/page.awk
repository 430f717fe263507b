# SPDX-License-Identifier: GPL-2.0
# page.awk - a manual page from a template and the headers that it is about: comments
# become prose, declarations lists, so that who reads either reads the same.
# usage: awk -v version=V -v date=YYYY-MM-DD -f user/man/page.awk TEMPLATE > PAGE
#
# A template is roff, with lines that begin with @:
#   @chapters SH|SS FILE   the comment on top of a header: its first lines, its chapters
#   @index FILE            the functions of a header, by section
#   @reference FILE        all that a header declares
#   @code FILE [N]         a file as it is, with a tab of N columns (8)
# and with @version and @date in its .TH line.

# ---- text -------------------------------------------------------------------

function plain(s)
{
	gsub(/\\/, "\\e", s)
	gsub(/-/, "\\-", s)
	gsub(/~/, "\\(ti", s)
	gsub(/\^/, "\\(ha", s)
	return s
}

function bold(s)
{
	return "\\fB" plain(s) "\\fR"
}

# A paragraph, but for the first below a heading.
function put_paragraph()
{
	if (!untold)
		print ".PP"
	untold = 0
}

function put_title(macro, title)
{
	print "." macro " \"" title "\""
	untold = 1
}

# What C would take it for: no quote is turned, no line filled.
function code(s)
{
	s = plain(s)
	gsub(/'/, "\\(aq", s)
	gsub(/`/, "\\(ga", s)
	return s
}

function upper_first(s)
{
	return toupper(substr(s, 1, 1)) substr(s, 2)
}

function is_errno(word)
{
	return word ~ /^E(2BIG|ACCES|AGAIN|BADF|BUSY|EXIST|FAULT|FBIG|INTR|INVAL|IO|NOENT|NOMEM|NOSPC|NOTCONN|NOTTY|NXIO|PERM|RANGE|SRCH|STALE)$/
}

# Prose: names of the interface, errnos and other pages in bold, `words` in italics.
function mark(s,   out, word, behind)
{
	while (match(s, /`[^`]*`|[A-Za-z_][A-Za-z0-9_]*/)) {
		word = substr(s, RSTART, RLENGTH)
		out = out plain(substr(s, 1, RSTART - 1))
		s = substr(s, RSTART + RLENGTH)
		behind = ""
		if (match(s, /^\([1-8]?\)/)) {
			behind = substr(s, 1, RLENGTH)
			s = substr(s, RLENGTH + 1)
		}
		if (word ~ /^`/)
			out = out "\\fI" plain(substr(word, 2, length(word) - 2)) "\\fR" behind
		else if (word ~ /^MMS(COPE)?_/ || (word ~ /^mms_/ && behind == "()") ||
			 behind ~ /[1-8]/ || is_errno(word))
			out = out bold(word) behind
		else
			out = out plain(word) behind
	}
	return out plain(s)
}

# One line each sentence; none that roff would take for a request.
function put_text(s,   n, i, part)
{
	untold = 0
	n = split(s, part, /  +/)
	for (i = 1; i <= n; i++)
		if (part[i] != "")
			print (part[i] ~ /^[.']/ ? "\\&" : "") mark(part[i])
}

# A line that had room for the next one's first word ends a paragraph.
function is_short(before, s)
{
	sub(/^ +/, "", s)
	sub(/ .*/, "", s)
	return before ~ /[.]$/ && length(before) + length(s) < 72
}

# Lines of a comment: paragraphs, and lists of words with what is said of each.
function put_prose(text, n,   i, s, len, gap, any, listed)
{
	for (i = 1; i <= n; i++) {
		s = text[i]
		if (s ~ /^ *$/) {
			gap = any
			continue
		}
		if (match(s, /^  +[A-Z0-9_]+  +/)) {
			if (!listed)
				print ".PP\n.PD 0"
			print ".TP 12"
			len = RLENGTH
			put_text(substr(s, 1, len))
			s = substr(s, len + 1)
			listed = 1
			gap = 0
		} else if (listed && s !~ /^      /) {
			print ".PD"
			listed = 0
		}
		if (gap || (any && s ~ /^Errors[:,]/) || (!listed && is_short(text[i - 1], s)))
			print ".PP"
		gap = 0
		any = 1
		sub(/^ +/, "", s)
		put_text(s)
	}
	if (listed)
		print ".PD"
}

# ---- lists of names, each with what is said of it ---------------------------

# What stops at "they" goes on at the next name.
function row(tag, text)
{
	if (rows && row_text[rows] ~ / they$/) {
		row_tag[rows] = row_tag[rows] "\n" tag
		row_text[rows] = row_text[rows] " " text
		return
	}
	row_tag[++rows] = tag
	row_text[rows] = text
}

function tag_length(tag)
{
	gsub(/\\f./, "", tag)
	gsub(/\\\(../, "x", tag)
	gsub(/\\/, "", tag)
	return length(tag)
}

function put_rows(spaced,   i, k, n, len, width, tag)
{
	if (!rows)
		return
	width = 8
	for (i = 1; i <= rows; i++) {
		len = tag_length(row_tag[i])
		if (row_text[i] != "" && len > width && len <= 32)
			width = len
	}
	print ".RS 4" (spaced ? "" : "\n.PD 0")
	for (i = 1; i <= rows; i++) {
		if (row_tag[i] == "") {
			gsub(/`/, "", row_text[i])
			print ".PD\n.PP\n.I \"" plain(row_text[i]) "\"\n.PD 0"
			continue
		}
		n = split(row_tag[i], tag, "\n")
		for (k = 1; k <= n; k++)
			print (k > 1 ? ".TQ" : ".TP " width + 2) "\n" tag[k]
		if (row_text[i] != "")
			put_text(row_text[i])
		if (spaced && i == 1)
			print ".PD 0"
	}
	print ".PD\n.RE"
	rows = untold = 0
}

# ---- a header, line by line -------------------------------------------------

# The next line of the header to `line`; false at its end.
function next_line()
{
	return (getline line < header) > 0
}

# What stands in the comment that `line` opens, to comment[1..comments].
function take_comment(   s, last)
{
	comments = 0
	s = line
	sub(/^\/\*/, "", s)
	for (;;) {
		last = sub(/ *\*\/.*/, "", s)
		if (!sub(/^ \* ?/, "", s))
			sub(/^ /, "", s)
		if (comments || s != "")
			comment[++comments] = s
		if (last || !next_line())
			break
		s = line
	}
	while (comments && comment[comments] == "")
		comments--
}

# The comment at the end of a line of code, which is taken off `line`.
function take_remark(   s)
{
	if (!match(line, /[ \t]*\/\*.*/))
		return ""
	s = substr(line, RSTART)
	line = substr(line, 1, RSTART - 1)
	sub(/^[ \t]*\/\* */, "", s)
	sub(/ *\*\/.*/, "", s)
	return s
}

function put_comment()
{
	if (comments) {
		put_paragraph()
		put_prose(comment, comments)
	}
	comments = 0
}

# Behind a name that it is about.
function put_body(remark)
{
	if (!comments && remark == "")
		return
	print ".RS 4"
	put_prose(comment, comments)
	if (remark != "") {
		if (comments)
			print ".br"
		put_text(upper_first(remark) (remark ~ /[.]$/ ? "" : "."))
	}
	print ".RE"
	comments = 0
}

# A header without sections: a comment's first words, up to a point or comma, head one;
# those of a command the first time.
function put_heading(   s, title, key, command)
{
	s = comment[1]
	if (s !~ /^[A-Z]/ || !match(s, /[:,.;(]/))
		return
	title = substr(s, 1, RSTART - 1)
	command = title ~ /^[A-Z]+( |$)/ && title !~ /^VMA /
	key = title
	if (command)
		sub(/ .*/, "", key)
	if (key in headed && key != title)
		return
	s = substr(s, substr(s, RSTART, 1) == "(" ? RSTART : RSTART + 1)
	sub(/^ +/, "", s)
	comment[1] = upper_first(s)
	if (s == "" && comments == 1)
		comments = 0
	if (!(key in headed))
		put_title("SS", (command ? "MMSCOPE_" : "") title)
	headed[key] = 1
}

# `#define NAME VALUE`, a row.
function take_define(   remark, name, value)
{
	while (line ~ /\\$/) {
		value = line
		next_line()
		sub(/[ \t]*\\$/, " ", value)
		sub(/^[ \t]+/, "", line)
		line = value line
	}
	remark = take_remark()
	sub(/^#define +/, "", line)
	match(line, /^[A-Za-z0-9_]+(\([a-z, ]*\))?/)
	name = substr(line, 1, RLENGTH)
	value = substr(line, RLENGTH + 1)
	gsub(/^[ \t]+|[ \t]+$/, "", value)
	if (match(value, /^\(1U?L?L? << [0-9]+\)$/))
		value = "bit " substr(value, index(value, "<<") + 3, length(value) - index(value, "<<") - 3)
	sub(/ULL$/, "", value)
	if (value ~ /^(bit )?[0-9a-fx]+$/ || value ~ /^"/)
		row(bold(name) "  " value, remark)
	else
		row(bold(name), value (remark == "" ? "" : "  " remark))
}

# The names in a line of an enum.
function enum_row(s, remark,   n, i, name, tag, one)
{
	n = split(s, name, /, */)
	for (i = 1; i <= n; i++) {
		one = name[i]
		gsub(/^[ \t]+|[ \t]+$/, "", one)
		if (one == "")
			continue
		if (match(one, /[ \t]*= */))
			one = bold(substr(one, 1, RSTART - 1)) "  " substr(one, RSTART + RLENGTH)
		else
			one = bold(one)
		tag = tag (tag == "" ? "" : "\n") one
	}
	row(tag, remark)
}

# A struct or enum with its body.
function take_type(   is_enum, name, remark, deep, told)
{
	told = comments
	is_enum = line ~ /^enum/
	name = line
	sub(/ *\{.*/, "", name)
	put_paragraph()
	print bold(name)
	if (line ~ /\}/) {
		remark = take_remark()
		sub(/^[^{]*\{ */, "", line)
		sub(/ *\}.*/, "", line)
		put_body(remark)
		enum_row(line, "")
		put_rows(told || remark != "")
		return
	}
	put_body("")
	while (next_line() && line !~ /^\}/) {
		deep = line ~ /^\t\t\t/
		remark = take_remark()
		gsub(/^[ \t]+|;$/, "", line)
		if (line == "" && deep && rows)
			row_text[rows] = row_text[rows] (row_text[rows] == "" ? "" : " ") remark
		else if (line != "" && is_enum)
			enum_row(line, remark)
		else if (line != "")
			row(bold(line), remark)
		else if (remark != "")
			row("", remark)
	}
	put_rows(told)
}

# A declaration as lines of at most 71 columns, the name bold.
function put_prototype(s,   name, at, indent, rest, cut)
{
	gsub(/[ \t]+/, " ", s)
	sub(/ *__attribute__.*/, "", s)
	sub(/^static inline /, "", s)
	sub(/;? *$/, ";", s)
	name = function_name(s)
	indent = place_of(name, s) + length(name)
	if (s ~ /^typedef/)
		indent += 1
	if (indent > 40)
		indent = 8
	for (rest = ""; length(s) > 71; s = blanks(indent) s) {
		for (cut = 71; cut > indent && substr(s, cut, 2) != ", "; cut--)
			;
		if (cut <= indent) {
			cut = place_of(name, s) - 1
			indent = 8
			if (cut <= indent)
				break
		}
		rest = rest substr(s, 1, cut) "\n"
		s = substr(s, cut + 1)
		sub(/^ /, "", s)
	}
	s = code(rest s)
	at = place_of(name, s)
	if (name == "")
		print "\\fB" s "\\fR"
	else
		print substr(s, 1, at - 1) "\\fB" name "\\fR" substr(s, at + length(name))
}

function function_name(s)
{
	if (match(s, /mms_[a-z0-9_]+\)?\(/))
		return substr(s, RSTART, RLENGTH - (substr(s, RSTART + RLENGTH - 2, 1) == ")" ? 2 : 1))
	return ""
}

function place_of(name, s)
{
	return index(s, name "(") + index(s, name ")(")
}

function put_functions(   i)
{
	if (!functions)
		return
	put_paragraph()
	print ".nf"
	for (i = 1; i <= functions; i++)
		put_prototype(declared[i])
	print ".fi"
	functions = 0
}

# Of several side by side the comment is about all, but for one with a remark of its own.
function take_function(   remark, s)
{
	remark = take_remark()
	s = line
	while (line !~ /;$/ && next_line()) {
		if (line ~ /^\{/) {
			while (next_line() && line !~ /^\}/)
				;
			break
		}
		remark = remark take_remark()
		s = s " " line
	}
	if (remark != "")
		end_functions("")
	declared[++functions] = s
	if (remark != "")
		end_functions(remark)
}

function end_functions(remark)
{
	if (!functions)
		return
	put_functions()
	put_body(remark)
}

function end_paragraph()
{
	put_rows(1)
	end_functions("")
	put_comment()
}

function must_open(file,   s)
{
	if ((getline s < file) <= 0) {
		print "page.awk: cannot read " file > "/dev/stderr"
		exit 1
	}
	close(file)
}

# Behind the comment on top.
function open_header(file)
{
	must_open(file)
	header = file
	while (next_line() && line != "/*")
		;
	take_comment()
	functions = rows = 0
}

function has_sections(file,   found)
{
	header = file
	while (next_line())
		found += line ~ /^\/\* ---- /
	close(file)
	return found
}

function section_name()
{
	gsub(/^\/\* -+ | -+ \*\/$/, "", line)
	return line
}

function reference(file,   sections, begins)
{
	sections = has_sections(file)
	open_header(file)
	comments = 0
	while (next_line() && line !~ /^\/\* The layout is a promise/) {
		if (line ~ /^#ifdef __cplusplus/) {
			while (next_line() && line !~ /^#endif/)
				;
		} else if (line == "") {
			end_paragraph()
		} else if (line ~ /^\/\* ---- /) {
			put_title("SH", toupper(section_name()))
		} else if (line ~ /^\/\*/) {
			begins = !rows
			end_paragraph()
			take_comment()
			if (!sections && begins)
				put_heading()
		} else if (line ~ /^#define [A-Z0-9_]*_H$/ || line ~ /^#(if|include|endif)/) {
			continue
		} else if (line ~ /^#define/) {
			end_functions("")
			put_comment()
			take_define()
		} else if (line ~ /^(struct|enum) .*\{/) {
			put_rows(1)
			end_functions("")
			take_type()
		} else {
			put_rows(1)
			take_function()
		}
	}
	end_paragraph()
	close(file)
}

function chapters(level, file,   i, n, s, title, text)
{
	open_header(file)
	close(file)
	for (i = 1; i <= comments; i++) {
		s = comment[i]
		if (i == 1 && match(s, /^[a-z.]+ - /))
			s = "`<" substr(s, 1, RLENGTH - 3) ">` is " substr(s, RLENGTH + 1)
		if (s !~ /^[A-Z][A-Z ]+$/ && s !~ /^[A-Z][A-Z ]+ \(.*\)$/) {
			text[++n] = s
			continue
		}
		put_prose(text, n)
		n = 0
		title = s
		sub(/ \(.*/, "", title)
		if (level == "SS")
			title = upper_first(tolower(title))
		put_title(level, title)
		if (sub(/^[A-Z ]+\(/, "", s))
			text[++n] = upper_first(substr(s, 1, length(s) - 1)) "."
	}
	put_prose(text, n)
}

function index_of(file,   name, title, any)
{
	header = file
	while (next_line()) {
		if (line ~ /^\/\* ---- /) {
			title = section_name()
		} else if (line ~ /^[a-z]/ && (name = function_name(line)) != "" && line !~ /^typedef/) {
			if (title != "")
				print (any ? "\n" : "") ".TP\n" plain(upper_first(title))
			else
				print " ,"
			title = ""
			any = 1
			printf ".BR %s ()", name
		}
	}
	print ""
	close(file)
}

function blanks(n)
{
	return substr("                                                        ", 1, n)
}

# Tabs become blanks, to columns of `tab`.
function put_code(file, tab,   s, at)
{
	must_open(file)
	put_paragraph()
	print ".EX"
	while ((getline s < file) > 0) {
		while ((at = index(s, "\t")))
			s = substr(s, 1, at - 1) blanks(tab - (at - 1) % tab) substr(s, at + 1)
		print (s ~ /^[.']/ ? "\\&" : "") code(s)
	}
	print ".EE"
	close(file)
}

/^@chapters / { chapters($2, $3); next }
/^@index / { index_of($2); next }
/^@reference / { reference($2); next }
/^@code / { put_code($2, $3 ? $3 : 8); next }
{
	gsub(/@version/, version)
	gsub(/@date/, date)
	untold = $0 ~ /^\.S[HS] /
	print
}
