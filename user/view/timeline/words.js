// SPDX-License-Identifier: GPL-2.0
// words.js - the event in words, what it did to which VMAs, and all that is known of
// the VMA that is chosen.

const HOW_WORDS = { made: "new", changed: "changed", gone: "gone" };
const LISTED = 12;		// VMAs of one event; the map shows the others

function pages_text(n) { return `${number_text(n)} page${n === 1 ? "" : "s"}`; }

function vma_button(id, how, start, pages)
{
	const button = make("button", { type: "button", class: "plain vma", "data-vma": id },
		`${v_words(id)}`);

	button.addEventListener("click", () => choose_vma(id));
	return make("li", { class: how }, make("b", null, HOW_SIGN[how] + " " + HOW_WORDS[how]), " ",
		`${size_text(pages * PAGE)} ${v_perms(id)} `, button, " ", make("span", { class: "hex faint" }, hex(start)));
}

function effect_list(effect)
{
	const of = [...[...effect.made].map(id => [id, "made", V_START[id], V_PAGES[id]]),
		...[...effect.changed].map(id => [id, "changed", V_START[id], V_PAGES[id]]),
		...effect.gone.map(part => [part.id, "gone", part.start, part.pages])];
	const list = make("ul", { class: "effects" }, ...of.slice(0, LISTED).map(one => vma_button(...one)));

	if (of.length > LISTED)
		list.append(make("li", { class: "faint" }, `and ${number_text(of.length - LISTED)} more`));
	return of.length ? list : null;
}

// What this event told of pages, by their signs.
function page_words(p, k)
{
	const marks = E.marks[p.events[k]], sums = new Map();

	for (let i = 0; marks && i < marks.length; i += 3) {
		const code = marks[i + 2], pages = marks[i + 1];
		const names = code >= STATE_CODE ? [code > STATE_CODE ? "now " + STATES[code - STATE_CODE].words : "touched"] :
			T.effects.filter((name, bit) => has(code, bit));

		for (const name of names)
			sums.set(name, (sums.get(name) || 0) + pages);
	}
	return [...sums].map(([name, pages]) => `${pages_text(pages)} ${name}`).join(", ");
}

function show_event(p, k, effect)
{
	const e = p.events[k], kind = KINDS[E.kind[e]], caller = text_of(E.caller, e);
	const by = caller ? make("button", { type: "button", class: "plain", title: "only its events" }, caller) : null;

	if (by)
		by.addEventListener("click", () => set_caller(E.caller[e]));
	$("event").replaceChildren(
		make("h3", null, shape_of(E.kind[e]), ` ${kind} `, make("span", { class: "faint" },
			`${number_text(k + 1)} of ${number_text(p.n)}`)),
		make("p", { class: "call" }, make("code", null, what_of(e)),
			E.result[e] !== null ? make("code", { class: E.failed[e] ? "failed" : "" }, ` = ${text_of(E.result, e)}`) : ""),
		terms(make("dl"), [
			[kind === "fault" || kind === "malloc" ? "in" : "changed", text_of(E.changes, e)], ["pages", page_words(p, k)], ["by", by],
			["time", `+${time_text(WHEN[e] - WHEN[p.events[0]])}` + (E.took[e] !== null ? `, took ${time_text(E.took[e])}` : "")],
			["thread", String(E.tid[e]) + (is_thread_event(e) ? "" : " (main)")],
		]), effect_list(effect) || "");
	$("event").dataset.event = k;
	$("event").dataset.kind = kind;
}

function sign_sums(id)
{
	const counts = count_signs(space.blocks, V_START[id], V_PAGES[id], 1);

	return SIGNS.map((sign, s) => counts[s] ? `${number_text(counts[s])} ${sign.words}` : "").filter(Boolean).join(", ");
}

function show_vma_words(id, chosen_range)
{
	const box = $("vma");

	if (id === null) {
		box.replaceChildren(make("p", { class: "faint hint" }, "Choose a VMA in the map for what is known of it."));
		return;
	}
	const only = make("button", { type: "button", id: "only-vma", "aria-pressed": String(!!filter.vma) },
		filter.vma ? "all events" : "only its events");

	only.addEventListener("click", toggle_vma_filter);
	box.replaceChildren(make("h4", null, v_words(id)), terms(make("dl"), [
		["range", make("span", { class: "hex" }, `${hex(V_START[id])}\u2013${hex(v_end(id))}`)],
		["size", `${size_text(V_PAGES[id] * PAGE)}, ${pages_text(V_PAGES[id])}`],
		["access", v_perms(id)],
		["flags", names_of(T.vmas.flags[id], T.flags).filter(name => !["read", "write", "exec", "shared"].includes(name)).join(", ")],
		["in the file", T.vmas.inode[id] ? `from ${hex(T.vmas.offset[id])}` : null],
		["pages told", sign_sums(id) || "of none"],
		["here now", chosen_range ? null : "no: it is gone, or not there yet"],
	]), only);
}
