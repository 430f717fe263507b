// SPDX-License-Identifier: GPL-2.0
// space.js - where in the picture an address is.  A place is counted in units from the
// lowest address on.  A page is one, but where there are many in one VMA, above all
// where nothing is in them, they are folded to what their number is worth saying, as
// gaps are; or all is true to scale.

const VMA_AT = new Float64Array(COUNT + 1);	// units; the gap before it ends there
const VMA_SIZE = new Float64Array(COUNT);
const GAP_SIZE = new Float64Array(COUNT + 1);
const GAPS = [];
const UNFOLDED = 8192, EMPTY = 512;	// pages of a VMA that are a unit each
const GAP_MOST = 128;			// units: two rows of pages
let space_size = 0;

for (let i = 0; i <= COUNT; i++)
	GAPS.push(gap_before(i));

function folded(n, most) { return n <= most ? n : most * (1 + Math.log2(n / most) / 2); }

function fold_vmas(true_scale)
{
	const counts = new Float64Array(STATES.length);
	let all = 0;

	for (let i = 0; i < COUNT; i++) {
		counts.fill(0);
		count_states(BASE[i], BASE[i + 1], counts);
		const empty = NOT_THERE.reduce((sum, state) => sum + counts[state], 0);

		VMA_SIZE[i] = true_scale ? PAGES[i] :
			Math.round(folded(PAGES[i] - empty, UNFOLDED) + folded(empty, EMPTY));
		all += VMA_SIZE[i];
	}
	return all;
}

function fold_space(true_scale)
{
	const all = fold_vmas(true_scale);
	let weights = 0, factor, at = 0;

	const pages_of = gap => gap.end === null ? 2 ** 20 : gap.end - gap.start;
	for (const gap of GAPS)
		weights += Math.log2(1 + pages_of(gap));
	// All gaps together take a quarter at most, and one no more than what can be read.
	factor = Math.min(0.25 * all / (weights || 1), 0.06 * all / 36);
	GAPS.forEach((gap, i) => {
		const n = pages_of(gap);

		GAP_SIZE[i] = true_scale && !gap.kernel && gap.end !== null ? n :
			Math.round(Math.min(n, GAP_MOST, Math.log2(1 + n) * factor));
	});
	for (let i = 0; i <= COUNT; i++) {
		at += GAP_SIZE[i];
		VMA_AT[i] = at;
		at += i < COUNT ? VMA_SIZE[i] : 0;
	}
	space_size = at || 1;
}

// Units of a page of a VMA.
function unit_of(i) { return VMA_SIZE[i] / PAGES[i]; }

// The place of a page (with a fraction); of one that is in a gap its part of that.
function place_of(page)
{
	let i = above(START, page, 0, COUNT) - 1, gap, pages;

	if (i >= 0 && page < START[i] + PAGES[i])
		return VMA_AT[i] + (page - START[i]) * unit_of(i);
	gap = GAPS[++i];
	pages = gap.end === null ? 2 ** 20 : gap.end - gap.start;
	return VMA_AT[i] - GAP_SIZE[i] * (pages ? Math.max(0, 1 - (page - gap.start) / pages) : 0);
}

// What is at a place: { vma, page }, or in a gap { vma: -1, gap, page }.
function at_place(place)
{
	let i = above(VMA_AT, place, 0, COUNT) - 1, gap, pages, part;

	if (i >= 0 && place < VMA_AT[i] + VMA_SIZE[i]) {
		const page = Math.floor((place - VMA_AT[i]) / unit_of(i) + 1e-6);

		return { vma: i, page: START[i] + Math.max(0, Math.min(page, PAGES[i] - 1)) };
	}
	gap = GAPS[++i];
	pages = gap.end === null ? 2 ** 20 : gap.end - gap.start;
	part = GAP_SIZE[i] ? 1 - (VMA_AT[i] - place) / GAP_SIZE[i] : 0;
	return { vma: -1, gap: i, page: gap.start + Math.floor(Math.max(0, Math.min(part, 0.999999)) * pages) };
}

// The ordinal of mapped pages at a place within or behind the VMA `i`.
function ordinal_at(i, place)
{
	if (i < 0)
		return 0;
	return BASE[i] + Math.min((place - VMA_AT[i]) / unit_of(i), PAGES[i]);
}
