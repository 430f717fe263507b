// SPDX-License-Identifier: GPL-2.0
// timeline.js - puts the parts together: the moment, the process, filters, the keys,
// playing, and what is different on paper.

// The process, the event of it that the page is at, and which of its events are shown.
const now = { p: null, k: 0, shown: [], wanted: null, playing: 0 };

function is_wanted(k) { return !now.wanted || now.wanted[k] === 1; }

// ---- the moment ------------------------------------------------------------------

function show_sums(list)
{
	const p = now.p, k = now.k, parts = [`${number_text(list.length)} VMAs`, `${size_text(p.mapped[k])} mapped`];

	if (!Number.isNaN(p.heap[k]))
		parts.push(`heap ${size_text(p.heap[k])}`);
	if (!Number.isNaN(p.resident[k]))
		parts.push(`${size_text(p.resident[k])} resident`);
	$("sums").textContent = list.length ? parts.join(", ") : "no list of VMAs is known here";
	$("moment").textContent = `Map after event ${number_text(k + 1)}`;
	space.canvas.setAttribute("aria-label", `Memory map: ${$("sums").textContent}`);
}

function show_maps()
{
	if ($("maps").open)
		$("maps-text").textContent = space.list.map(v_line).join("\n");
}

// What was chosen may be another VMA by now: the one that has its first page.
function follow_chosen(list)
{
	if (space.chosen === null)
		return;
	const i = vma_at(list, V_START[space.chosen]);

	if (i >= 0 && v_name(list[i]) === v_name(space.chosen))
		space.chosen = list[i];
}

function show_moment()
{
	const p = now.p, k = now.k, effect = effect_of(p, k), list = list_at(p, k);

	follow_chosen(list);
	show_space(list, effect, pages_at(p, k));
	show_event(p, k, effect);
	show_vma_words(space.chosen, space.chosen === null || list.includes(space.chosen));
	show_sums(list);
	show_maps();
	follow_time();
	soon_time();
	follow_list();
	for (const [name, value] of [["valuemax", p.n], ["valuenow", k + 1],
		["valuetext", `event ${k + 1} of ${p.n}: ${what_of(p.events[k])}`]])
		time.canvas.setAttribute("aria-" + name, value);
}

function go(k)
{
	now.k = Math.max(0, Math.min(now.p.n - 1, k));
	show_moment();
	say(`${now.k + 1}: ${event_words(now.p.events[now.k])}`);
}

// So many of the events that are shown, forwards or back.
function step(by)
{
	const shown = now.shown, at = place_shown(now.k), on_one = shown[at] === now.k;
	const to = by > 0 ? (on_one ? at + by : at + by - 1) : at + by;

	if (!shown.length) {
		say("no event is shown");
		return;
	}
	go(shown[Math.max(0, Math.min(shown.length - 1, to))]);
}

function page_step() { return Math.max(2, Math.ceil(now.shown.length / 20)); }

// ---- playing ---------------------------------------------------------------------

function stop_playing()
{
	clearInterval(now.playing);
	now.playing = 0;
	$("play").textContent = "play";
	$("play").setAttribute("aria-pressed", "false");
}

function play_on()
{
	if (!now.shown.length || now.k >= now.shown[now.shown.length - 1]) {
		stop_playing();
		return;
	}
	step(Number($("pace").value));
}

function toggle_playing()
{
	if (now.playing) {
		stop_playing();
		return;
	}
	if (now.shown.length && now.k >= now.shown[now.shown.length - 1])
		go(now.shown[0]);
	now.playing = setInterval(play_on, 160);
	$("play").textContent = "pause";
	$("play").setAttribute("aria-pressed", "true");
}

// ---- filters ---------------------------------------------------------------------

function filter_again()
{
	const words = filter_words();

	now.shown = choose_events(now.p);
	now.wanted = null;
	if (is_filtered()) {
		now.wanted = new Uint8Array(now.p.n);
		for (const k of now.shown)
			now.wanted[k] = 1;
	}
	for (const chip of $("kinds").children)
		chip.setAttribute("aria-pressed", String(filter.kinds.has(Number(chip.dataset.kind))));
	$("caller").value = filter.caller === null ? "" : String(filter.caller);
	$("filter").hidden = !words.length;
	$("filter-words").textContent = words.join(" \u00b7 ");
	draw_count();
	redraw_time();
	follow_list();
	show_vma_words(space.chosen, space.chosen === null || space.list.includes(space.chosen));
	if (words.length)
		say(`${now.shown.length} events: ${words.join(", ")}`);
}

function clear_filters()
{
	filter.kinds.clear();
	filter.caller = filter.vma = null;
	filter.text = $("search").value = "";
	filter_again();
}

function set_caller(caller)
{
	filter.caller = filter.caller === caller ? null : caller;
	filter_again();
}

function toggle_vma_filter()
{
	const id = space.chosen;

	filter.vma = filter.vma || id === null ? null :
		{ start: V_START[id], pages: V_PAGES[id], words: v_words(id) };
	filter_again();
}

function choose_vma(id)
{
	space.chosen = id;
	show_vma_words(id, id === null || space.list.includes(id));
	soon_space();
	if (id !== null)
		say(`${v_words(id)}, ${size_text(V_PAGES[id] * PAGE)} ${v_perms(id)}, ${sign_sums(id)}`);
}

function step_vma(by)
{
	const items = space.items.filter(item => item.gap === undefined);
	const at = items.findIndex(item => item.id === space.chosen);
	const item = items[at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.max(0, Math.min(items.length - 1, at + by))];

	if (!item)
		return;
	choose_vma(item.id);
	if (item.y < space.box.scrollTop || item.y + HIGH > space.box.scrollTop + space.box.clientHeight)
		space.box.scrollTop = Math.max(0, item.y - HIGH);
}

// ---- legends ---------------------------------------------------------------------

function draw_kinds()
{
	const counts = new Map();

	for (const e of now.p.events)
		counts.set(E.kind[e], (counts.get(E.kind[e]) || 0) + 1);
	$("kinds").replaceChildren(...[...counts].sort((a, b) => a[0] - b[0]).map(([kind, n]) => {
		const chip = make("button", { type: "button", "aria-pressed": "false", "data-kind": kind },
			shape_of(kind), ` ${KINDS[kind]} `, make("b", null, number_text(n)));

		chip.addEventListener("click", () => {
			if (!filter.kinds.delete(kind))
				filter.kinds.add(kind);
			filter_again();
		});
		return chip;
	}));
}

// Those that did the most come first.
function draw_callers()
{
	const counts = new Map();

	for (const e of now.p.events)
		if (E.caller[e] !== null)
			counts.set(E.caller[e], (counts.get(E.caller[e]) || 0) + 1);
	$("caller").replaceChildren(make("option", { value: "" }, "any"), ...[...counts].sort((a, b) => b[1] - a[1])
		.slice(0, 300).map(([caller, n]) => make("option", { value: caller }, `${shown(TEXTS[caller])} (${n})`)));
	$("caller").disabled = !counts.size;
}

function draw_legend()
{
	const sample = (how, words) => make("span", { class: "lit " + how }, HOW_SIGN[how] + " " + words);

	$("legend").replaceChildren(sample("made", "new"), sample("changed", "changed"), sample("gone", "gone"),
		now.p.locks ? make("span", { class: "key" }, make("span", { class: "swatch thin" }), "VMA is locked") : "",
		make("span", { class: "faint" }, now.p.signs.includes(true) ? "pages, as calls and faults told:" : ""),
		...SIGNS.map((sign, s) => {
			if (!now.p.signs[s])
				return "";
			const swatch = make("span", { class: "swatch" });

			swatch.style.background = space.colours[s];
			return make("span", { class: "key" }, swatch, sign.words);
		}));
	for (const swatch of $("legend").querySelectorAll(".thin"))
		swatch.style.background = space.colours[0];
}

function draw_title()
{
	const when = new Date(T.began_ms).toISOString().replace("T", " ").slice(0, 19);
	const out = Object.entries(T.left_out), notes = [];

	$("name").textContent = base_name(T.program) || "?";
	$("pid").textContent = T.pid;
	$("source").textContent = `${when} UTC, ${number_text(EVENTS)} events of ${number_text(PROCESSES.length)} ` +
		`process${PROCESSES.length === 1 ? "" : "es"}, source: ${T.source}` + (T.attached ? ", attached while it ran" : "");
	if (out.length)
		notes.push("There were too many events; left out, mostly at the end: " +
			out.map(([kind, n]) => `${number_text(n)} ${kind}`).join(", ") + ".");
	if (T.source !== "module")
		notes.push("Without the module: which VMAs are locked is known since the first call about locks.");
	$("notes").replaceChildren(...notes.map(note => make("p", { class: "left-out" }, note)));
}

// ---- processes -------------------------------------------------------------------

function draw_processes()
{
	$("process").replaceChildren(...PROCESSES.map((p, i) => make("option", { value: i },
		`${p.pid} ${p.name} (${number_text(p.events.length)})`)));
	$("process").disabled = PROCESSES.length < 2;
}

function choose_process(i)
{
	stop_playing();
	now.p = PROCESSES[i];
	prepare(now.p);
	now.k = 0;
	space.chosen = filter.vma = filter.caller = null;
	filter.kinds.clear();
	now.p.signs = now.p.signs || signs_of(now.p);
	now.p.locks = now.p.changes.some(change => change && (change.list || change.flatMap(part => part[2])).some(v_locked));
	$("process").value = String(i);
	draw_legend();
	draw_kinds();
	draw_callers();
	arrange_time();
	whole_time();
	filter_again();
	show_moment();
}

function step_process(by)
{
	const i = now.p.number + by;

	if (PROCESSES[i]) {
		choose_process(i);
		say(`process ${now.p.pid} ${now.p.name}, ${now.p.n} events`);
	}
}

// ---- the keys --------------------------------------------------------------------

function toggle_axis()
{
	time.by_time = !time.by_time;
	$("axis").value = time.by_time ? "time" : "number";
	whole_time();
}

function zoom_at_moment(factor)
{
	const at = place_of(now.k);

	zoom_time(factor, at >= time.from && at <= time.to ? at : (time.from + time.to) / 2);
}

const ACTIONS = {
	ArrowLeft: () => step(-1), ArrowRight: () => step(1),
	PageUp: () => step(-page_step()), PageDown: () => step(page_step()),
	Home: () => step(-Infinity), End: () => step(Infinity),
	" ": toggle_playing, "+": () => zoom_at_moment(2), "=": () => zoom_at_moment(2),
	"-": () => zoom_at_moment(0.5), 0: whole_time, t: toggle_axis,
	n: () => step_vma(1), p: () => step_vma(-1), f: toggle_vma_filter,
	"[": () => step_process(-1), "]": () => step_process(1),
	"/": () => { $("search").focus(); $("search").select(); },
	"?": () => $("help").showModal(), Escape: clear_filters,
};

document.addEventListener("keydown", event => {
	const typing = event.target.closest("input, select, textarea, dialog, pre");
	const presses = event.key === " " && event.target.closest("button, summary");

	if (!now.p || typing || presses || event.ctrlKey || event.metaKey || event.altKey || !(event.key in ACTIONS))
		return;
	event.preventDefault();
	ACTIONS[event.key]();
});
$("search").addEventListener("keydown", event => {
	if (event.key === "Enter")
		step(event.shiftKey ? -1 : 1);
	else if (event.key === "Escape" && $("search").value)
		clear_filters();
	else if (event.key === "Escape")
		time.canvas.focus();
	else
		return;
	event.preventDefault();
});
$("search").addEventListener("input", () => {
	filter.text = $("search").value.trim();
	filter_again();
});
for (const [id, key] of [["first", "Home"], ["back", "ArrowLeft"], ["play", " "], ["next", "ArrowRight"],
	["last", "End"], ["farther", "-"], ["nearer", "+"], ["whole", "0"], ["ask", "?"], ["clear", "Escape"]])
	$(id).addEventListener("click", () => { if (now.p) ACTIONS[key](); });
$("understood").addEventListener("click", () => $("help").close());
$("axis").addEventListener("change", toggle_axis);
$("process").addEventListener("change", () => choose_process(Number($("process").value)));
$("caller").addEventListener("change", () => {
	filter.caller = $("caller").value === "" ? null : Number($("caller").value);
	filter_again();
});
$("maps").addEventListener("toggle", show_maps);

// ---- at the pointer --------------------------------------------------------------

function show_tip(text, x, y)
{
	const tip = $("tip");

	tip.textContent = text;
	tip.hidden = false;
	tip.style.left = Math.max(4, Math.min(x + 14, document.documentElement.clientWidth - tip.offsetWidth - 8)) + "px";
	tip.style.top = y + 18 + "px";
}

function hide_tip() { $("tip").hidden = true; }

time.canvas.addEventListener("pointermove", event => {
	const y = event.clientY - time.canvas.getBoundingClientRect().top, x = time_x(event);
	const k = !time.drag && x >= time.left ? event_at(x, y) : -1;

	if (k >= 0)
		show_tip(`${number_text(k + 1)}  +${time_text(WHEN[now.p.events[k]] - WHEN[now.p.events[0]])}\n` +
			event_words(now.p.events[k]).slice(0, 300), event.clientX, event.clientY);
	else
		hide_tip();
});
time.canvas.addEventListener("pointerleave", hide_tip);

// ---- colours, sizes, paper -------------------------------------------------------

function take_colours()
{
	const dark = is_dark();

	time.dark = dark;
	for (const name of ["line", "text", "faint", "focus", "absent", "empty"])
		time.ink[name] = space.ink[name] = css("--map-" + name);
	time.ink.chosen = css("--chosen");
	for (const how of ["made", "changed", "gone"])
		space.ink[how] = css("--" + how);
	space.weak = T.purposes.map(purpose => purpose_colour(purpose, false, dark));
	space.strong = T.purposes.map(purpose => purpose_colour(purpose, true, dark));
	space.colours = SIGNS.map(sign => sign.name === "dropped" ? space.ink.absent :
		STATES.find(state => state.name === sign.state).colour);
}

function new_colours()
{
	take_colours();
	if (!now.p)
		return;
	draw_legend();
	draw_kinds();
	redraw_time();
	show_moment();
	filter_again();
}

on_colours(new_colours);
addEventListener("resize", () => {
	if (now.p) {
		resize_time();
		resize_space();
		draw_rows(true);
	}
});
addEventListener("beforeprint", () => {
	document.documentElement.dataset.print = "1";
	if (!now.p)
		return;
	take_colours();
	resize_time();
	draw_time();
	space.box.scrollTop = 0;
	resize_space();
	draw_space();
	put_rows(0, Math.min(now.shown.length, PRINTED_MAX));
	$("printed").textContent = now.shown.length > PRINTED_MAX ?
		`The first ${PRINTED_MAX} of ${number_text(now.shown.length)} events.` : "";
});
addEventListener("afterprint", () => {
	delete document.documentElement.dataset.print;
	if (now.p)
		resize_time();
	new_colours();
});

// ---- begin -----------------------------------------------------------------------

take_colours();
draw_title();
draw_processes();
if (EVENTS)
	choose_process(0);
else
	$("sums").textContent = "Nothing happened while it was looked at.";
live.textContent = "";
document.documentElement.dataset.ready = "1";
