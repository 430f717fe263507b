// SPDX-License-Identifier: GPL-2.0
// panel.js - all that is known of a page, in words: beside the picture, at the
// pointer, and for those who listen.  Text from outside is only ever set as text.

// What is to be said of a page: { page, vma, state, kind }.
function look_at(page)
{
	const i = vma_of(page);

	if (i < 0)
		return { page, vma: -1 };
	const run = run_at(BASE[i] + page - START[i]);

	return { page, vma: i, run, state: RUN_STATE[run], mask: KINDS[RUN_KIND[run]][1] };
}

function categories_of(at)
{
	return STATES[at.state].name === "unknown" ? [] :
		names_of(at.mask, R.categories.map(c => c && c[0]));
}

// One line: for the pointer, and for a reader of screens.
function page_line(page)
{
	const at = look_at(page);

	if (at.vma < 0) {
		const gap = GAPS[above(START, page, 0, COUNT)];

		return gap.end === null ? "unmapped, to the end of user space" :
			`unmapped: ${size_text((gap.end - gap.start) * PAGE)} from ${hex(gap.start)}`;
	}
	return `${hex(page)} ${STATES[at.state].words}, page ${page - START[at.vma] + 1} of ` +
		`${PAGES[at.vma]} in ${vma_words(at.vma)}`;
}

// ---- of a page -------------------------------------------------------------------

function category_list(at)
{
	const names = categories_of(at);

	if (!names.length)
		return [STATES[at.state].name === "unknown" ? "nobody told of it" : "none"];
	return names.map(name => make("span", { class: "tag",
		title: R.categories.find(c => c && c[0] === name)[1] }, name));
}

function untold()
{
	const names = R.categories.filter((c, bit) => c && !has(R.told, bit)).map(c => c[0]);

	return names.length ? make("details", null, make("summary", null, `${names.length} not told by the source`),
		names.join(", ")) : null;
}

function symbol_rows(at)
{
	const object = object_at(at.page);

	if (!object)
		return [];
	const offset = (at.page - object.base) * PAGE, symbols = symbols_in(object, at.page);
	const named = symbols.slice(0, 12).map(k => make("div", { class: "symbol" },
		make("code", null, shown(object.symbols[k])),
		` ${SYMBOL_TYPES[object.symbol_type[k]]}, ${size_text(object.symbol_size[k])} at ` +
		hex(object.base, object.symbol_at[k])));

	if (symbols.length > named.length)
		named.push(make("div", null, `and ${symbols.length - named.length} more`));
	return [["sections", sections_in(object, offset, PAGE).map(s => shown(s.name)).join(", ")],
		["symbols", named.length ? named : null]];
}

// Pages beside it of which the same is to be said.
function run_row(at)
{
	const i = at.vma, begin = Math.max(at.run ? RUN_END[at.run - 1] : 0, BASE[i]);
	const end = Math.min(RUN_END[at.run], BASE[i + 1]);

	return end - begin > 1 ? `${number_text(end - begin)} pages, from ${hex(START[i] + begin - BASE[i])}` :
		"this page alone";
}

function page_part(at)
{
	const i = at.vma, offset = VMAS.offset[i] + at.page - START[i];
	const has_file = VMAS.backing[i] !== null && R.files[VMAS.file[i]].inode;

	return terms(make("dl"), [
		["page", `${number_text(at.page - START[i] + 1)} of ${number_text(PAGES[i])}`],
		["holds", category_list(at)],
		["alike", run_row(at)],
		["in the file", has_file ? `at ${hex(offset)}` : null],
		...symbol_rows(at),
	]);
}

// ---- of a VMA --------------------------------------------------------------------

function lock_words(i)
{
	const flags = names_of(VMAS.flags[i], R.flags);

	return flags.includes("locked") ? flags.includes("lock-on-fault") ? "on fault" : "yes" : null;
}

function account_rows(i)
{
	const rows = [["resident", column("rss", i)], ["share of it (pss)", column("pss", i)],
		["shared clean", column("shared_clean", i)], ["shared dirty", column("shared_dirty", i)],
		["private clean", column("private_clean", i)], ["private dirty", column("private_dirty", i)],
		["swapped", column("swap", i)], ["locked (pss)", column("pss_locked", i)],
		["huge", column("anon_huge", i)], ["hugetlb", column("hugetlb", i)]];
	const always = ["resident", "swapped"];

	return rows.filter(([name, value]) => value !== null && (value || always.includes(name)))
		.map(([name, value]) => [name, size_text(value)]);
}

function state_rows(i)
{
	const counts = new Float64Array(STATES.length);

	count_states(BASE[i], BASE[i + 1], counts);
	return [...THERE, ...NOT_THERE].filter(s => counts[s]).map(s => make("div", { class: "count" },
		state_sign(s), ` ${STATES[s].words} `, make("b", null, size_text(counts[s] * PAGE))));
}

function vma_part(i)
{
	const file = R.files[VMAS.file[i]], threads = THREADS_OF.get(i) || [];
	const roles = ["heap", "stack", "deleted"].filter((name, bit) => has(VMAS.role[i], bit));

	return terms(make("dl"), [
		["range", make("span", { class: "hex" }, `${hex(START[i])}\u2013${hex(START[i] + PAGES[i])}`)],
		["size", `${size_text(PAGES[i] * PAGE)}, ${number_text(PAGES[i])} page${PAGES[i] === 1 ? "" : "s"}`],
		["access", make("code", null, perms(i))],
		["name", file.name ? make("span", { class: "path" }, shown(file.name)) : null],
		["its bytes", file.name_hex ? make("span", { class: "hex" }, file.name_hex) : null],
		["backing", VMAS.backing[i] === null ? null : R.backings[VMAS.backing[i]] +
			(roles.includes("deleted") ? ", without a name by now" : "")],
		["lock intent", lock_words(i)],
		["threads", threads.length ? threads.slice(0, 8).join(", ") +
			(threads.length > 8 ? ` and ${threads.length - 8} more` : "") : null],
		["states", state_rows(i)],
		...account_rows(i),
		["flags", names_of(VMAS.flags[i], R.flags).join(", ")],
		["file", file.inode ? `inode ${file.inode} on ${file.device}, from ${hex(VMAS.offset[i])}` : null],
		["page size", column("page_shift", i) && 2 ** VMAS.page_shift[i] !== PAGE ?
			size_text(2 ** VMAS.page_shift[i]) : null],
		["protection key", column("pkey", i) || null],
	]);
}

function gap_part(page)
{
	const i = above(START, page, 0, COUNT), gap = GAPS[i];

	return terms(make("dl"), [
		["range", make("span", { class: "hex" },
			`${hex(gap.start)}\u2013${gap.end === null ? "the end of user space" : hex(gap.end)}`)],
		["size", gap.end === null ? null : size_text((gap.end - gap.start) * PAGE)],
		["before it", i ? vma_words(i - 1) : null],
		["behind it", i < COUNT ? vma_words(i) : null],
	]);
}

// ---- where it is shown -----------------------------------------------------------

const detail = document.getElementById("detail");
const tip = document.getElementById("tip");
let detail_of = null;

function headline(at)
{
	if (at.vma < 0)
		return [make("h3", null, "Nothing is mapped here")];
	return [make("h3", null, make("span", { class: "hex" }, hex(at.page))),
		make("p", { class: "state", id: "state" }, state_sign(at.state), " ", STATES[at.state].words,
			make("span", { class: "faint" }, STATES[at.state].words === STATES[at.state].name ? "" :
				` (${STATES[at.state].name})`))];
}

function show_detail(page)
{
	if (page === detail_of)
		return;
	detail_of = page;
	const at = look_at(page);

	detail.replaceChildren(...headline(at), ...(at.vma < 0 ? [gap_part(page)] :
		[page_part(at), untold() || "", make("h4", null, vma_words(at.vma)), vma_part(at.vma)]));
	detail.dataset.page = hex(page);
	detail.dataset.state = at.vma < 0 ? "unmapped" : STATES[at.state].name;
}

function show_tip(page, x, y)
{
	const at = look_at(page), box = document.documentElement.clientWidth;

	tip.replaceChildren(...(at.vma < 0 ? [page_line(page)] : [state_sign(at.state), " ",
		make("b", null, STATES[at.state].words), ` ${hex(page)}`, make("br"), vma_words(at.vma).slice(0, 120),
		make("br"), `${size_text(PAGES[at.vma] * PAGE)} ${perms(at.vma)}  ` +
		categories_of(at).join(" ")]));
	tip.hidden = false;
	tip.style.left = Math.max(4, Math.min(x + 14, box - tip.offsetWidth - 8)) + "px";
	tip.style.top = y + 18 + "px";
}

function hide_tip() { tip.hidden = true; }
