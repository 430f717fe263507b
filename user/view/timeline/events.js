// SPDX-License-Identifier: GPL-2.0
// events.js - the data of the page: events by process, and the list of VMAs at any of
// them.  A list is made from the one beside it, forwards or backwards, or from a list
// that is kept every few hundred events.  Draws nothing.

const DATA = JSON.parse($("data").textContent);
const T = DATA.timeline, E = T.events, TEXTS = T.texts, KINDS = T.kinds;
const PAGE = T.page_size, STATES = T.states;
const KERNEL = 2 ** 63 / PAGE;		// no page of a process is at or above it
const EVENTS = E.kind.length;
const KIND = Object.fromEntries(KINDS.map((name, i) => [name, i]));
const KEPT = 512;			// events between lists that are kept

const V_START = Float64Array.from(T.vmas.start), V_PAGES = Float64Array.from(T.vmas.pages);

// When an event was over, in nanoseconds from the first on.
const WHEN = new Float64Array(EVENTS);
(() => {
	let at = 0;

	for (let e = 0; e < EVENTS; e++)
		WHEN[e] = at += E.time[e];
})();

// ---- VMAs ------------------------------------------------------------------------

function v_end(id) { return V_START[id] + V_PAGES[id]; }
function v_purpose(id) { return T.purposes[T.vmas.purpose[id]]; }
function v_name(id) { return TEXTS[T.vmas.name[id]]; }
function v_short(id) { return shown(v_name(id).replace(/.*\/(?=.)/, "")) || v_purpose(id); }
function v_words(id) { return v_purpose(id) + (v_name(id) ? " " + shown(v_name(id)) : ""); }
function v_perms(id)
{
	const flags = T.vmas.flags[id], known = T.vmas.flags_known[id];
	const letters = ["r", "w", "x"].map((l, bit) => !has(known, bit) ? "?" : has(flags, bit) ? l : "-");

	return letters.join("") + (!has(known, 3) ? "?" : has(flags, 3) ? "s" : "p");
}

const LOCKED_BIT = T.flags.indexOf("locked");
function v_locked(id) { return has(T.vmas.flags[id], LOCKED_BIT); }

// As a line of /proc/PID/maps, but for the device.
function v_line(id)
{
	const part = n => hex(n).slice(2).padStart(8, "0");

	return `${part(V_START[id])}-${part(v_end(id))} ${v_perms(id)} ${part(T.vmas.offset[id])} ` +
		`${T.vmas.inode[id]} ${shown(v_name(id))}`.trim();
}

// The first of a list that ends above a page.
function first_above(list, page)
{
	let low = 0, high = list.length;

	while (low < high) {
		const middle = (low + high) >> 1;

		if (v_end(list[middle]) <= page)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// The place in a list of the VMA that has a page, or -1.
function vma_at(list, page)
{
	const i = first_above(list, page);

	return i < list.length && V_START[list[i]] <= page ? i : -1;
}

function has_any(list, start, end)
{
	const i = first_above(list, start);

	return i < list.length && V_START[list[i]] < end;
}

// ---- from one list to the next ---------------------------------------------------

// A change is { old, list } of all, or of parts: [ at, removed, added ] each.
function forward(list, change)
{
	if (!change)
		return list;
	if (change.list)
		return change.list.slice();
	for (const [at, removed, added] of change)
		splice(list, at, removed.length, added);
	return list;
}

function backward(list, change)
{
	if (!change)
		return list;
	if (change.list)
		return change.old.slice();
	for (let i = change.length; i-- > 0;)
		splice(list, change[i][0], change[i][2].length, change[i][1]);
	return list;
}

function splice(list, at, removed, added)
{
	if (added.length < 1000) {
		list.splice(at, removed, ...added);
		return;
	}
	const rest = list.slice(at + removed);

	list.length = at;
	for (const part of [added, rest])
		for (const id of part)
			list.push(id);
}

function parse_splices(flat)
{
	const parts = [];

	for (let i = 0; flat && i < flat.length; i += 3 + flat[i + 2])
		parts.push([flat[i], flat[i + 1], flat.slice(i + 3, i + 3 + flat[i + 2])]);
	return parts.length ? parts : null;
}

// What the splices take out is known when they are made for the first time.
function apply_first(list, change)
{
	if (!change)
		return list;
	if (change.list) {
		change.old = list.slice();
		return change.list.slice();
	}
	for (const part of change) {
		const removed = list.slice(part[0], part[0] + part[1]);

		splice(list, part[0], part[1], part[2]);
		part[1] = removed;
	}
	return list;
}

// ---- processes -------------------------------------------------------------------

const PROCESSES = T.processes.pid.map((pid, i) => ({ number: i, pid, parent: T.processes.parent[i],
	events: [], ready: false, name: "", path: "" }));
for (let e = 0; e < EVENTS; e++)
	PROCESSES[E.process[e]].events.push(e);

function base_name(path) { return shown(path.replace(/.*\/(?=.)/, "")); }

// The program that it ran last; a child runs that of its parent until it calls exec.
(() => {
	for (const p of PROCESSES)
		p.name = p.parent === null ? base_name(T.program) : "";
	for (let e = 0; e < EVENTS; e++) {
		const p = PROCESSES[E.process[e]];

		if (E.kind[e] === KIND.exec)
			p.name = base_name(TEXTS[E.what[e]].replace(/^exec /, ""));
		else if (!p.name)
			p.name = PROCESSES[p.parent].name;
	}
})();

// Where no list was known, the first that was holds from the beginning of the program on.
function find_changes(p)
{
	let unknown = -1, known = false;

	p.changes = new Array(p.n).fill(null);
	p.before = [];
	for (let k = 0; k < p.n; k++) {
		const e = p.events[k], base = E.base[e];

		if (base && !known && unknown < 0)
			p.before = base;
		else if (base)
			p.changes[unknown < 0 ? k : unknown] = { list: base, old: null };
		if (base)
			known = true;
		if (E.splice[e])
			p.changes[k] = parse_splices(E.splice[e]);
		if (E.kind[e] === KIND.exec) {
			unknown = k;
			known = false;
			p.changes[k] = { list: [], old: null };
		}
	}
}

function sum_pages(list)
{
	let pages = 0;

	for (const id of list)
		if (V_START[id] < KERNEL)
			pages += V_PAGES[id];
	return pages;
}

function change_of_pages(change, list)
{
	let pages = 0;

	for (const part of change) {
		pages -= sum_pages(part[1]);
		pages += sum_pages(part[2]);
	}
	return pages;
}

// Once through all of it: sums, and lists to begin from.
function prepare(p)
{
	let list, mapped, last = 0;

	if (p.ready)
		return;
	p.ready = true;
	p.n = p.events.length;
	p.events = Uint32Array.from(p.events);
	find_changes(p);
	p.mapped = new Float64Array(p.n);
	p.kept = [];
	list = p.before.slice();
	mapped = sum_pages(list);
	for (let k = 0; k < p.n; k++) {
		const change = p.changes[k];

		list = apply_first(list, change);
		if (change)
			mapped = change.list ? sum_pages(list) : mapped + change_of_pages(change, list);
		p.mapped[k] = mapped * PAGE;
		if (k % KEPT === 0 && k - last >= Math.min(list.length / 8, 4 * KEPT)) {
			p.kept.push({ k, list: Uint32Array.from(list) });
			last = k;
		}
	}
	p.heap = held_figure(p, E.heap, true);
	p.resident = held_figure(p, E.resident, true);
	p.at = p.n - 1;
	p.list = list;
}

// A figure that is told by some events holds until another is; NaN: not known yet.
function held_figure(p, column, until_exec)
{
	const figure = new Float64Array(p.n);
	let value = NaN;

	for (let k = 0; k < p.n; k++) {
		const told = column[p.events[k]];

		if (until_exec && E.kind[p.events[k]] === KIND.exec)
			value = NaN;
		if (told !== null)
			value = told;
		figure[k] = value;
	}
	return figure;
}

// The list behind event `k` of a process.
function list_at(p, k)
{
	const kept = p.kept[above(p.kept.map(one => one.k), k, 0, p.kept.length) - 1];

	if (kept && Math.abs(k - p.at) > k - kept.k) {
		p.list = Array.from(kept.list);
		p.at = kept.k;
	}
	while (p.at < k)
		p.list = forward(p.list, p.changes[++p.at]);
	while (p.at > k)
		p.list = backward(p.list, p.changes[p.at--]);
	return p.list;
}

// ---- what an event did -----------------------------------------------------------

// Parts of a VMA that is gone which no VMA of the list has.
function parts_not_in(id, list)
{
	const parts = [];
	let at = V_START[id];

	for (let i = first_above(list, at); i < list.length && V_START[list[i]] < v_end(id); i++) {
		if (V_START[list[i]] > at)
			parts.push({ start: at, pages: V_START[list[i]] - at, id });
		at = v_end(list[i]);
	}
	if (at < v_end(id))
		parts.push({ start: at, pages: v_end(id) - at, id });
	return parts;
}

function own_of(p, k)
{
	const own = E.own[p.events[k]], change = p.changes[k];

	if (own)
		return [own.slice(1, 1 + own[0]), own.slice(1 + own[0])];
	if (!change || change.list)
		return [[], []];
	return [change.flatMap(part => Array.from(part[1])), change.flatMap(part => part[2])];
}

// { made, changed: sets of VMAs in the list, gone: parts of the address space }.
function effect_of(p, k)
{
	const list = list_at(p, k), [removed, added] = own_of(p, k);
	const made = new Set(), changed = new Set(), gone = [];
	const before = new Set(removed), after = new Set(added);

	for (const id of added)
		if (!before.has(id))
			(has_any(removed, V_START[id], v_end(id)) ? changed : made).add(id);
	for (const id of removed)
		if (!after.has(id))
			gone.push(...parts_not_in(id, list));
	return { made, changed, gone };
}

function is_thread_event(e) { return E.tid[e] !== T.processes.pid[E.process[e]]; }
function what_of(e) { return E.what[e] === null ? "" : shown(TEXTS[E.what[e]]); }
function text_of(column, e) { return column[e] === null ? "" : shown(TEXTS[column[e]]); }

function time_text(ns)
{
	const s = ns / 1e9;

	return s < 1e-3 ? `${(s * 1e6).toFixed(0)} \u00b5s` : s < 1 ? `${(s * 1e3).toFixed(s < 0.1 ? 2 : 1)} ms` :
		`${s.toFixed(s < 100 ? 3 : 1)} s`;
}

// In one line, as the trace writes it.
function event_words(e)
{
	const result = text_of(E.result, e), changes = text_of(E.changes, e);

	return what_of(e) + (result ? ` = ${result}` : "") + (changes ? `  ${changes}` : "");
}
