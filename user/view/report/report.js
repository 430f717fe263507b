// SPDX-License-Identifier: GPL-2.0
// report.js - puts the parts together: figures and bars, the keys and the pointer,
// filters, the theme, and what is different on paper.

// ---- figures ---------------------------------------------------------------------

function figure(name, value, from, note)
{
	return make("div", { class: "figure" }, make("dt", null, name), make("dd", null, value),
		make("p", { class: "faint" }, note || (from ? "from " + from : "")));
}

function break_figure()
{
	if (MM.brk)
		return figure("program break", make("span", { class: "hex" }, MM.brk), null,
			MM.start_brk ? `heap ${size_text(parse_hex(MM.brk) - parse_hex(MM.start_brk))}, exact` : "exact");
	return figure("program break", "?", null, MM.heap_end ? `at or below ${MM.heap_end}` : "there is no [heap]");
}

function draw_figures()
{
	const gap = R.largest_gap, go = make("button", { type: "button", class: "plain", title: "show it" },
		size_text(gap.size));

	go.addEventListener("click", () => {
		show_page(parse_hex(gap.start) / PAGE);
		choose_page(parse_hex(gap.start) / PAGE);
	});
	$("figures").replaceChildren(
		figure("virtual", size_text(R.sums.size), null, `${number_text(COUNT)} VMAs, from ${R.list_from}`),
		figure("resident", size_text(R.sums.resident), R.counts_from || R.list_from,
			MM.hiwater_rss ? `peak ${size_text(MM.hiwater_rss)}, from ${FROM.hiwater_rss}` : ""),
		figure("swapped", size_text(R.sums.swapped), R.counts_from || R.list_from),
		figure("locked", size_text(R.sums.locked), null, R.sums.locked === null ? "not told by this source" :
			R.locked_vmas ? "whole VMAs: which pages is not told" : "pages with the lock flag"),
		break_figure(),
		figure("largest free gap", gap.size ? go : "?", null, gap.size ? `from ${gap.start}` : ""),
		figure("page tables", size_text(MM.pgtables), FROM.pgtables),
		figure("lock limit", size_text(MM.rlim_memlock), FROM.rlim_memlock));
}

function capture_words(capture)
{
	const still = { held: "held still: all is of one moment", seemed: "it ran, and was not seen to change",
		moved: "it changed meanwhile" };

	return `captured from ${capture.source} on Linux ${capture.kernel}, ${still[capture.still] || ""}`;
}

function draw_title()
{
	const t = DATA.target, when = new Date(R.taken_ms).toISOString().replace("T", " ").slice(0, 19);

	$("name").textContent = shown(t.comm);
	$("pid").textContent = t.pid;
	$("source").textContent = `${when} UTC, ` + (t.capture ? capture_words(t.capture) : `source: ${t.source}`);
	const notes = [];

	if (t.lack)
		notes.push(`Without the module (${t.lack}): dirty, shared, locked and zero pages are all "present".`);
	if (R.cut)
		notes.push("There were too many runs of pages: from some address on their state is not in this file.");
	if (R.symbols_left_out)
		notes.push(`${number_text(R.symbols_left_out)} symbols of libraries were left out.`);
	$("notes").replaceChildren(...notes.map(n => make("p", null, n)));
}

// ---- bars by purpose -------------------------------------------------------------

function bar_cell(value, most)
{
	const bar = make("span", { class: "bar" }), part = most ? value / most * 100 : 0;

	bar.style.width = (value ? Math.max(part, 1.5) : 0) + "%";
	return make("td", { class: "num" }, make("span", { class: "amount" }, value === null ? "" : size_text(value)),
		make("span", { class: "track", "aria-hidden": "true" }, bar));
}

function draw_purposes()
{
	const keys = ["size", "resident", "locked", "swapped"], most = {};
	const sums = [...R.purpose_sums].sort((a, b) => (b.resident - a.resident) || (b.size - a.size));

	for (const key of keys)
		most[key] = Math.max(...sums.map(s => s[key] || 0));
	$("purposes").replaceChildren(...sums.map(s => {
		const button = make("button", { type: "button", "aria-pressed": "false", "data-purpose": s.purpose },
			make("span", { class: "swatch" }), s.purpose || "other");

		button.firstChild.dataset.purpose = s.purpose;
		button.addEventListener("click", () => set_purpose(table.purpose === s.purpose ? "" : s.purpose));
		return make("tr", null, make("th", { scope: "row" }, button),
			make("td", { class: "num few" }, number_text(s.vmas)), ...keys.map(key => bar_cell(s[key], most[key])));
	}));
	$("total").replaceChildren(make("th", { scope: "row" }, "all"), make("td", { class: "num few" }, number_text(R.sums.vmas)),
		...keys.map(key => make("td", { class: "num" }, make("span", { class: "amount" }, R.sums[key] === null ? "" : size_text(R.sums[key])))));
	$("locked-head").textContent = R.locked_vmas ? "Locked VMAs" : "Locked";
	colour_swatches();
}

function colour_swatches()
{
	for (const swatch of document.querySelectorAll(".swatch"))
		swatch.style.background = purpose_colour(swatch.dataset.purpose, true, map.dark);
}

function set_purpose(purpose)
{
	table.purpose = purpose;
	for (const button of $("purposes").querySelectorAll("button"))
		button.setAttribute("aria-pressed", String(button.dataset.purpose === purpose && purpose !== ""));
	table.box.scrollTop = 0;
	arrange();
	draw_filter();
}

// ---- states: legend and filter ---------------------------------------------------

function draw_legend()
{
	const there = STATES.map((s, i) => i).filter(i => TOTAL[i]).reverse();

	$("legend").replaceChildren(...there.map(state => {
		const chip = make("button", { type: "button", "aria-pressed": "false", "data-state": STATES[state].name },
			state_sign(state), ` ${STATES[state].words} `, make("b", null, size_text(TOTAL[state] * PAGE)));

		chip.addEventListener("click", () => toggle_state(state));
		return chip;
	}));
}

function toggle_state(state)
{
	const states = new Set(map.shown || []);

	if (!states.delete(state))
		states.add(state);
	map.shown = states.size ? states : null;
	for (const chip of $("legend").querySelectorAll("button"))
		chip.setAttribute("aria-pressed", String(states.has(state_number[chip.dataset.state])));
	map.mini_done = null;
	table.box.scrollTop = 0;
	arrange();
	draw_filter();
	redraw();
}

// What is left out is to be seen, and undone with one key.
function draw_filter()
{
	const words = [];

	if (map.shown)
		words.push([...map.shown].map(s => STATES[s].words).join(", "));
	if (table.purpose)
		words.push(table.purpose);
	if (table.text)
		words.push(`\u201c${shown(table.text)}\u201d`);
	$("filter").hidden = !words.length;
	$("filter-words").textContent = words.join(" \u00b7 ");
	if (words.length)
		say(`${table.order.length} VMAs: ${words.join(", ")}`);
}

function clear_filters()
{
	map.shown = null;
	map.mini_done = null;
	table.text = $("filter-text").value = "";
	for (const chip of $("legend").querySelectorAll("button"))
		chip.setAttribute("aria-pressed", "false");
	set_purpose("");
	redraw();
}

// ---- the cursor ------------------------------------------------------------------

function choose_page(page)
{
	map.cursor = page;
	map.hover = null;
	show_detail(page);
	say(page_line(page));
	for (const row of table.body.querySelectorAll("tr[data-vma]"))
		row.toggleAttribute("aria-selected", Number(row.dataset.vma) === vma_of(page));
	soon();
}

function zoom_words()
{
	const at = at_place(Math.min(map.from + columns() * map.scale / 2, space_size * (1 - 1e-12)));
	const cursor = map.cursor === null ? -1 : vma_of(map.cursor), i = cursor >= 0 ? cursor : at.vma;

	if (is_whole())
		return "the whole address space";
	if (i < 0)
		return `${size_text(Math.round(map.width * map.scale) * PAGE)} a row`;
	const pages = map.width * map.scale / unit_of(i);

	return pages < 1.5 ? "a page a row" : pages < 1024 ? `${Math.round(pages)} pages a row` :
		`${size_text(Math.round(pages) * PAGE)} a row`;
}

map.before_draw = () => {
	$("zoom").textContent = zoom_words();
	map.canvas.setAttribute("aria-label", `Memory map, ${zoom_words()}`);
};

// To where the cursor is, or the middle.
function cursor_at()
{
	const at = map.cursor === null ? -1 : (place_of(map.cursor) - map.from) / map.scale;

	return at >= 0 && at < columns() ? at : columns() / 2;
}

function follow(page)
{
	const at = (place_of(page) - map.from) / map.scale, row = map.width * map.scale;

	if (at < 0)
		move(Math.floor(at / map.width) * row);
	else if (at >= columns() - 1e-6)
		move((Math.floor(at / map.width + 1e-9) - map.rows + 1) * row);
}

// The next page, or what is a few columns on; over a gap at once.
function step(columns_on)
{
	const page = map.cursor === null ? at_place(map.from).page : map.cursor, i = vma_of(page);
	const forward = columns_on > 0, pixels = page_pixels(i);
	let to;

	if (i < 0)
		return step_vma(forward ? 1 : -1);
	to = pixels >= CELL && Math.abs(columns_on) < map.width ? page + (forward ? 1 : -1) :
		at_place(Math.max(0, Math.min(space_size * (1 - 1e-12), place_of(page + 0.5) + columns_on * map.scale))).page;
	if (to === page)
		to += forward ? 1 : -1;
	if (vma_of(to) < 0 && Math.abs(columns_on) < map.width)
		return step_vma(forward ? 1 : -1);
	follow(to);
	choose_page(to);
}

function step_vma(by)
{
	const page = map.cursor === null ? at_place(map.from).page : map.cursor, i = vma_of(page);
	const next = i >= 0 ? i + by : by > 0 ? above(START, page, 0, COUNT) : above(START, page, 0, COUNT) - 1;

	if (next < 0 || next >= COUNT)
		return;
	const to = by > 0 || i < 0 ? START[next] + (by > 0 ? 0 : PAGES[next] - 1) : START[next];

	follow(to);
	choose_page(to);
}

function whole()
{
	map.scale = widest();
	map.from = 0;
	clamp();
	say("the whole address space");
}

function press(event)
{
	const keys = {
		ArrowRight: () => step(8), ArrowLeft: () => step(-8),
		ArrowDown: () => step(map.width), ArrowUp: () => step(-map.width),
		PageDown: () => step(columns()), PageUp: () => step(-columns()),
		Home: () => { follow(START[0]); choose_page(START[0]); },
		End: () => { follow(START[COUNT - 1]); choose_page(START[COUNT - 1] + PAGES[COUNT - 1] - 1); },
		"+": () => zoom(2, cursor_at()), "=": () => zoom(2, cursor_at()), "-": () => zoom(0.5, cursor_at()),
		Enter: () => { if (map.cursor !== null) { show_page(map.cursor); choose_page(map.cursor); } },
		Escape: whole, "0": whole,
		n: () => step_vma(1), p: () => step_vma(-1),
	};
	const act = COUNT && keys[event.key];

	if (!act || event.ctrlKey || event.metaKey || event.altKey)
		return;
	event.preventDefault();
	act();
}

// ---- the pointer -----------------------------------------------------------------

const pointers = new Map();
let dragged = false;

function local(event, canvas)
{
	const box = canvas.getBoundingClientRect();

	return [event.clientX - box.left, event.clientY - box.top];
}

function hover(event)
{
	const at = place_at(...local(event, map.canvas)), page = at_place(at.place).page;

	map.hover = page;
	show_tip(page, event.clientX, event.clientY);
	show_detail(page);
	soon();
}

function drag(event, before)
{
	const x = event.clientX - before.x, y = event.clientY - before.y;

	dragged = dragged || Math.abs(event.clientX - before.x0) + Math.abs(event.clientY - before.y0) > 4;
	if (!dragged)
		return;
	const rows = Math.trunc((y + before.rest) / map.row);

	move(-(x + rows * map.width) * map.scale);
	pointers.set(event.pointerId, Object.assign(before, { x: event.clientX, y: event.clientY,
		rest: y + before.rest - rows * map.row }));
	hide_tip();
}

// Two fingers: their distance is the zoom.
function pinch(event)
{
	const old = pointers.get(event.pointerId), other = [...pointers].find(([id]) => id !== event.pointerId)[1];
	const distance = p => Math.hypot(p.x - other.x, p.y - other.y);
	const now = Object.assign({}, old, { x: event.clientX, y: event.clientY });
	const box = map.canvas.getBoundingClientRect();

	zoom(Math.max(10, distance(now)) / Math.max(10, distance(old)),
		place_at((now.x + other.x) / 2 - box.left, (now.y + other.y) / 2 - box.top).at);
	pointers.set(event.pointerId, now);
	dragged = true;
}

map.canvas.addEventListener("pointerdown", event => {
	pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, x0: event.clientX, y0: event.clientY, rest: 0 });
	dragged = pointers.size > 1;
	map.canvas.setPointerCapture(event.pointerId);
});
map.canvas.addEventListener("pointermove", event => {
	const before = pointers.get(event.pointerId);

	if (!before) {
		hover(event);
	} else if (pointers.size > 1) {
		pinch(event);
	} else {
		drag(event, before);
	}
});
map.canvas.addEventListener("pointerup", event => {
	if (!dragged && pointers.has(event.pointerId))
		choose_page(at_place(place_at(...local(event, map.canvas)).place).page);
	pointers.delete(event.pointerId);
});
map.canvas.addEventListener("pointercancel", event => pointers.delete(event.pointerId));
map.canvas.addEventListener("pointerleave", () => {
	hide_tip();
	map.hover = null;
	if (map.cursor !== null)
		show_detail(map.cursor);
	soon();
});
map.canvas.addEventListener("dblclick", event => zoom(8, place_at(...local(event, map.canvas)).at));

// Where it cannot be nearer or farther the page scrolls.  Small turns add up.
let turned = 0;
map.canvas.addEventListener("wheel", event => {
	const at = place_at(...local(event, map.canvas)), i = at_place(at.place).vma;
	const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;

	if (!sideways && event.deltaY > 0 && is_whole())
		return;
	event.preventDefault();
	if (sideways) {
		move((event.deltaX || event.deltaY) * map.scale);
		return;
	}
	turned += Math.max(-120, Math.min(120, event.deltaY * (event.deltaMode ? 30 : 1)));
	const cells = i >= 0 && page_pixels(i) >= CELL / 2, least = cells ? 60 : 1;

	if (Math.abs(turned) < least)
		return;
	zoom(cells ? (turned < 0 ? 2 : 0.5) : Math.exp(-turned * 0.004), at.at);
	turned = 0;
	hover(event);
}, { passive: false });

function mini_to(event)
{
	const [x] = local(event, map.mini), box = map.left + map.width;

	map.from = x / box * space_size - columns() * map.scale / 2;
	clamp();
}

map.mini.addEventListener("pointerdown", event => {
	map.mini.setPointerCapture(event.pointerId);
	mini_to(event);
});
map.mini.addEventListener("pointermove", event => { if (event.buttons) mini_to(event); });

// ---- controls --------------------------------------------------------------------

map.canvas.addEventListener("keydown", press);
document.addEventListener("keydown", event => {
	const typing = event.target.closest("input, select, textarea");

	if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
		event.preventDefault();
		search.input.focus();
		search.input.select();
	} else if (event.key === "Escape" && !typing && event.target !== map.canvas) {
		clear_filters();
	}
});
$("nearer").addEventListener("click", () => zoom(2, cursor_at()));
$("farther").addEventListener("click", () => zoom(0.5, cursor_at()));
$("whole").addEventListener("click", whole);
$("clear").addEventListener("click", clear_filters);
$("scale").addEventListener("change", () => {
	fold_space($("scale").value === "true");
	map.mini_done = null;
	whole();
});
$("filter-text").addEventListener("input", () => {
	table.text = $("filter-text").value.trim();
	table.box.scrollTop = 0;
	arrange();
	draw_filter();
});

function new_colours()
{
	take_colours();
	map.mini_done = null;
	colour_swatches();
	draw_rows(true);
}

on_colours(new_colours);
addEventListener("resize", () => { resize(); draw_rows(true); });

// Paper has no pointer: all rows, as far as that makes sense, and dark on white.
addEventListener("beforeprint", () => {
	document.documentElement.dataset.print = "1";
	take_colours();
	map.mini_done = null;
	resize();
	frame();
	colour_swatches();
	put_rows(0, Math.min(table.order.length, PRINTED_MAX));
	$("printed").textContent = table.order.length > PRINTED_MAX ?
		`The first ${PRINTED_MAX} of ${number_text(table.order.length)} VMAs.` : "";
});
addEventListener("afterprint", () => {
	delete document.documentElement.dataset.print;
	resize();
	new_colours();
});

// ---- begin -----------------------------------------------------------------------

fold_space(false);
take_colours();
draw_title();
draw_figures();
draw_legend();
draw_purposes();
resize();
whole();
draw_head();
arrange();
if (COUNT)
	show_detail(START[0]);
live.textContent = "";
document.documentElement.dataset.ready = "1";
