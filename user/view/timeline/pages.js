// SPDX-License-Identifier: GPL-2.0
// pages.js - what calls and faults told of pages, as it was at an event: bits for each
// page, in blocks, with what they were before, so that it goes both ways.

const BLOCK = 512;
const RESIDENT = 1, WRITTEN = 2, LOCKED = 4, ZERO = 8, SWAPPED = 16, DROPPED = 32, GUARDED = 64;
const STATE_CODE = 2 ** 20;

// What is seen of a page, the more important before; 0: nobody told of it.
const SIGNS = [
	{ name: "locked", bit: LOCKED, state: "locked", words: "locked" },
	{ name: "written", bit: WRITTEN, state: "dirty", words: "written" },
	{ name: "zero", bit: ZERO, state: "zero", words: "zero page" },
	{ name: "resident", bit: RESIDENT, state: "present", words: "resident" },
	{ name: "swapped", bit: SWAPPED, state: "swapped", words: "in swap" },
	{ name: "dropped", bit: DROPPED, state: "absent", words: "dropped" },
	{ name: "guarded", bit: GUARDED, state: "guard", words: "guard" },
];
const UNTOLD = SIGNS.length;
const SIGN_OF = new Uint8Array(128).map((_, bits) => {
	const i = SIGNS.findIndex(sign => bits & sign.bit);

	return i < 0 ? UNTOLD : i;
});

const STATE_BITS = { locked: RESIDENT | LOCKED, dirty: RESIDENT | WRITTEN, zero: RESIDENT | ZERO,
	swapped: SWAPPED, guard: GUARDED };
const EFFECT = Object.fromEntries(T.effects.map((name, i) => [name, i]));
// [ effect, bits that go, bits that come ], in the order in which they are taken.
const EFFECT_BITS = [
	["resident", SWAPPED | DROPPED | GUARDED, RESIDENT], ["swapped-in", SWAPPED | DROPPED, RESIDENT],
	["swapped-out", RESIDENT | WRITTEN | ZERO | LOCKED, SWAPPED],
	["dropped", RESIDENT | WRITTEN | ZERO | LOCKED | SWAPPED, DROPPED],
	["swap-freed", SWAPPED, DROPPED], ["unmapped", 127, 0],
	["written", ZERO, RESIDENT | WRITTEN], ["cleaned", WRITTEN, 0], ["locked", 0, LOCKED],
	["unlocked", LOCKED, 0], ["guarded", RESIDENT | WRITTEN | ZERO, GUARDED], ["unguarded", GUARDED, 0],
].map(([name, less, more]) => [EFFECT[name], less, more]);

function bits_after(bits, code)
{
	if (!code)
		return 0;
	if (code >= STATE_CODE)
		return STATE_BITS[STATES[code - STATE_CODE].name] || RESIDENT;
	for (const [effect, less, more] of EFFECT_BITS)
		if (has(code, effect))
			bits = (bits & ~less) | more;
	return bits;
}

// Which signs there ever are of a process.
function signs_of(p)
{
	const codes = new Set();
	let bits = 0;

	for (const e of p.events)
		for (let i = 2; E.marks[e] && i < E.marks[e].length; i += 3)
			codes.add(E.marks[e][i]);
	for (const code of codes)
		for (const before of [0, RESIDENT])
			bits |= bits_after(before, code);
	return SIGNS.map(sign => (bits & sign.bit) !== 0);
}

function pages_new(p) { p.pages = { at: -1, blocks: new Map(), undo: [] }; }

// Blocks of a range that are to be looked at: all, or of what is gone those there are.
function blocks_of(blocks, start, end, only_there)
{
	const first = Math.floor(start / BLOCK), last = Math.floor((end - 1) / BLOCK), found = [];

	if (only_there && last - first > blocks.size) {
		for (const block of blocks.keys())
			if (block >= first && block <= last)
				found.push(block);
		return found;
	}
	for (let block = first; block <= last; block++)
		if (!only_there || blocks.has(block))
			found.push(block);
	return found;
}

// Sets pages, and adds to `undo` runs of what they were: start, pages, bits ...
function mark(blocks, start, pages, code, undo)
{
	const end = start + pages;

	for (const block of blocks_of(blocks, start, end, !code)) {
		const from = Math.max(0, start - block * BLOCK), to = Math.min(BLOCK, end - block * BLOCK);
		let bits = blocks.get(block), run = from;

		if (!bits)
			blocks.set(block, bits = new Uint8Array(BLOCK));
		for (let i = from; i < to; i++)
			if (i + 1 === to || bits[i + 1] !== bits[run]) {
				undo.push(block * BLOCK + run, i + 1 - run, bits[run]);
				run = i + 1;
			}
		for (let i = from; i < to; i++)
			bits[i] = bits_after(bits[i], code);
	}
}

function pages_forward(p, k)
{
	const e = p.events[k], marks = E.marks[e], undo = [];

	if (E.kind[e] === KIND.exec) {
		p.pages.undo[k] = p.pages.blocks;
		p.pages.blocks = new Map();
		return;
	}
	for (let i = 0; marks && i < marks.length; i += 3)
		mark(p.pages.blocks, marks[i], marks[i + 1], marks[i + 2], undo);
	p.pages.undo[k] = undo.length ? undo : null;
}

function pages_backward(p, k)
{
	const undo = p.pages.undo[k];

	p.pages.undo[k] = null;
	if (undo instanceof Map) {
		p.pages.blocks = undo;
		return;
	}
	for (let i = undo ? undo.length - 3 : -1; i >= 0; i -= 3)
		for (let page = undo[i]; page < undo[i] + undo[i + 1]; page++)
			p.pages.blocks.get(Math.floor(page / BLOCK))[page % BLOCK] = undo[i + 2];
}

// The blocks as they were behind event `k`.
function pages_at(p, k)
{
	if (!p.pages)
		pages_new(p);
	while (p.pages.at < k)
		pages_forward(p, ++p.pages.at);
	while (p.pages.at > k)
		pages_backward(p, p.pages.at--);
	return p.pages.blocks;
}

// Of a range, in `columns` parts of it, how many pages have which sign: a flat array.
function count_signs(blocks, start, pages, columns)
{
	const n = SIGNS.length, counts = new Float64Array(columns * n);

	for (const block of blocks_of(blocks, start, start + pages, true)) {
		const bits = blocks.get(block), base = block * BLOCK;
		const from = Math.max(0, start - base), to = Math.min(BLOCK, start + pages - base);

		for (let i = from; i < to; i++) {
			const sign = SIGN_OF[bits[i]];

			if (sign !== UNTOLD)
				counts[Math.floor((base + i - start) / pages * columns) * n + sign]++;
		}
	}
	return counts;
}
