// SPDX-License-Identifier: GPL-2.0
// model.js - the data of the page as arrays that are searched fast: VMAs, runs of
// pages, and sums over any range of pages.  Draws nothing.

const DATA = JSON.parse(document.getElementById("data").textContent);
const R = DATA.report, VMAS = R.vmas, MM = DATA.mm, FROM = DATA.provenance;
const PAGE = R.page_size, STATES = R.states, KINDS = R.kinds;
const COUNT = VMAS.start.length;
const START = Float64Array.from(VMAS.start), PAGES = Float64Array.from(VMAS.pages);
const KERNEL = 2 ** 63 / PAGE;		// no page of a process is at or above it

const state_number = {};
STATES.forEach((s, i) => { state_number[s.name] = i; });
// What is there is stacked in this order; of the others a cell only says what is not.
const THERE = ["locked", "dirty", "shared", "resident", "present", "zero", "special", "swapped",
	"migrating", "device", "poisoned", "guard", "cached"].map(n => state_number[n]);
const NOT_THERE = ["unknown", "absent", "untouched"].map(n => state_number[n]);

// Mapped pages are counted through all VMAs: that of VMA i begins at BASE[i].
const BASE = new Float64Array(COUNT + 1);
for (let i = 0; i < COUNT; i++)
	BASE[i + 1] = BASE[i] + PAGES[i];

const RUNS = R.runs.pages.length;
const RUN_END = new Float64Array(RUNS), RUN_KIND = new Uint32Array(RUNS);
const RUN_STATE = new Uint8Array(RUNS);
const BLOCK = 32;			// runs that are not summed up beforehand
const SUMS = new Float64Array((Math.ceil(RUNS / BLOCK) + 1) * STATES.length);
const TOTAL = new Float64Array(STATES.length);

(function sum_up() {
	let at = 0;

	for (let i = 0; i < RUNS; i++) {
		if (i % BLOCK === 0)
			SUMS.set(TOTAL, i / BLOCK * STATES.length);
		at += R.runs.pages[i];
		RUN_END[i] = at;
		RUN_KIND[i] = R.runs.kind[i];
		RUN_STATE[i] = KINDS[RUN_KIND[i]][0];
		TOTAL[RUN_STATE[i]] += R.runs.pages[i];
	}
	SUMS.set(TOTAL, Math.ceil(RUNS / BLOCK) * STATES.length);
	R.runs = null;
})();

function run_at(ordinal) { return Math.min(above(RUN_END, ordinal, 0, RUNS), RUNS - 1); }

// The run of an ordinal that lies behind another one's, mostly not far.
function run_behind(run, ordinal)
{
	let step = 1, from = run;

	while (from + step < RUNS && RUN_END[from + step - 1] <= ordinal) {
		from += step;
		step *= 2;
	}
	return Math.min(above(RUN_END, ordinal, Math.max(0, from - 1), Math.min(RUNS, from + step)), RUNS - 1);
}

// Runs from one on to another, both of them whole or in part.
function add_runs(from, to, first, last, counts)
{
	let at = from;

	for (let i = first; i < last; i++) {
		counts[RUN_STATE[i]] += RUN_END[i] - at;
		at = RUN_END[i];
	}
	if (last >= first && to > at)
		counts[RUN_STATE[last]] += Math.min(to, RUN_END[last]) - at;
}

// Adds to counts[] the pages in each state, of those from one ordinal to another;
// returns the last run of them, to begin the next with.
function count_states(from, to, counts, hint)
{
	const first = hint === undefined ? run_at(from) : run_behind(hint, from);
	const last = run_behind(first, to), n = STATES.length;
	const block = Math.ceil((first + 1) / BLOCK), end = Math.floor(last / BLOCK);

	if (end <= block) {
		add_runs(from, to, first, last, counts);
		return last;
	}
	add_runs(from, to, first, block * BLOCK - 1, counts);
	for (let s = 0; s < n; s++)
		counts[s] += SUMS[end * n + s] - SUMS[block * n + s];
	add_runs(end ? RUN_END[end * BLOCK - 1] : 0, to, end * BLOCK, last, counts);
	return last;
}

// The VMA that covers a page, or -1.
function vma_of(page)
{
	const i = above(START, page, 0, COUNT) - 1;

	return i >= 0 && page < START[i] + PAGES[i] ? i : -1;
}

const TASK_SIZE = MM.task_size ? parse_hex(MM.task_size) / PAGE : null;

// What lies between: before the VMA i, and behind the last.  end: null is not known.
function gap_before(i)
{
	const start = i ? START[i - 1] + PAGES[i - 1] : 0;
	let end = i < COUNT ? START[i] : TASK_SIZE;

	if (start >= KERNEL || (end !== null && end <= start))
		end = start;
	return { start, end, kernel: i < COUNT && START[i] >= KERNEL };
}

function column(name, i) { return VMAS[name] ? VMAS[name][i] : null; }
function counted(category, i)
{
	const pages = VMAS.count[category] ? VMAS.count[category][i] : null;

	return pages === null ? null : pages * PAGE;
}

function perms(i)
{
	const letters = ["r", "w", "x"].map((letter, bit) =>
		!has(VMAS.flags_known[i], bit) ? "?" : has(VMAS.flags[i], bit) ? letter : "-");

	return letters.join("") + (!has(VMAS.flags_known[i], 3) ? "?" : has(VMAS.flags[i], 3) ? "s" : "p");
}

function vma_name(i) { return R.files[VMAS.file[i]].name; }
function vma_purpose(i) { return R.purposes[VMAS.purpose[i]]; }
function vma_words(i)
{
	const name = vma_name(i);

	return vma_purpose(i) + (name ? " " + shown(name) : "");
}
function dirty_of(i)
{
	const a = column("shared_dirty", i), b = column("private_dirty", i);

	return a === null || b === null ? null : a + b;
}

// Bytes that are locked: of pages, or of whole VMAs where that is all that is told.
function locked_of(i)
{
	const bit = R.flags.indexOf("locked");

	if (!R.locked_vmas)
		return counted("mlocked", i);
	if (!has(VMAS.flags_known[i], bit))
		return null;
	return has(VMAS.flags[i], bit) ? PAGES[i] * PAGE : 0;
}

const THREADS_OF = new Map();
(R.threads || []).forEach(thread => {
	const i = thread.sp ? vma_of(Math.floor(parse_hex(thread.sp) / PAGE)) : -1;

	if (i >= 0)
		THREADS_OF.set(i, (THREADS_OF.get(i) || []).concat(thread.tid));
});

// ---- objects and symbols -------------------------------------------------------

const OBJECTS = R.objects || [];
const SYMBOL_TYPES = ["label", "function", "object", "ifunc", "tls"];
OBJECTS.forEach(o => { o.short = shown(o.path.replace(/.*\/(?=.)/, "")); });

function section_at(object, offset)
{
	return object.sections.find(s => s.at <= offset && offset < s.at + s.size);
}

// What has a byte in [offset, offset + length): the names of sections.
function sections_in(object, offset, length)
{
	return object.sections.filter(s => s.at < offset + length && offset < s.at + s.size);
}

// Objects may lie between each other's VMAs: that of an address has a section there.
function object_at(page)
{
	return OBJECTS.find(o => page >= o.base && sections_in(o, (page - o.base) * PAGE, PAGE).length);
}

// Indices of symbols with a byte in a page.  Those before may reach into it.
function symbols_in(object, page)
{
	const from = (page - object.base) * PAGE, found = [];
	let i = above(object.symbol_at, from, 0, object.symbols.length);

	for (let back = i; back-- > 0 && i - back < 64;)
		if (object.symbol_at[back] + object.symbol_size[back] > from)
			found.unshift(back);
	for (; i < object.symbols.length && object.symbol_at[i] < from + PAGE; i++)
		found.push(i);
	return found;
}
