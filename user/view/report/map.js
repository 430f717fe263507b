// SPDX-License-Identifier: GPL-2.0
// map.js - the picture: rows of a strip that is one line through the address space,
// as a text is through its lines.  Over each row stand the VMAs, in it the pages:
// many of them to a column, or a cell for each as soon as there is room.

const CELL = 5, SIGN = 9, WORDS = 90;	// pixels of a page from which it is drawn so

const map = {
	canvas: document.getElementById("map"), mini: document.getElementById("mini"),
	from: 0,		// place of the first column of the first row
	scale: 1,		// units a column
	width: 0, left: 0, rows: 12, row: 38, band: 0, strip: 14, cell: 18,
	cursor: null,		// page that is chosen, or null
	hover: null,
	shown: null,		// states that are not dimmed, or null: all
	base: document.createElement("canvas"), stale: true, asked: false, dark: false, ink: {}, patterns: [],
	before_draw: null, counts: new Float64Array(STATES.length),
};

// ---- colours --------------------------------------------------------------------

// A tile that tells a state from others of like colour.
function make_pattern(context, state)
{
	const tile = document.createElement("canvas"), p = tile.getContext("2d");
	const name = STATES[state].name;

	tile.width = tile.height = 6;
	p.fillStyle = STATES[state].colour;
	p.fillRect(0, 0, 6, 6);
	p.fillStyle = p.strokeStyle = map.ink.pattern;
	p.beginPath();
	switch (name) {
	case "shared":	 p.rect(0, 1, 6, 1); p.rect(0, 4, 6, 1); p.fill(); break;
	case "resident": p.rect(1, 1, 1, 1); p.rect(4, 4, 1, 1); p.fill(); break;
	case "locked":	 p.moveTo(3, 0); p.lineTo(6, 3); p.lineTo(3, 6); p.lineTo(0, 3); p.fill(); break;
	case "swapped":	 p.moveTo(0, 0); p.lineTo(6, 6); p.moveTo(-1, 5); p.lineTo(1, 7); p.moveTo(5, -1);
		p.lineTo(7, 1); p.stroke(); break;
	case "cached":	 p.moveTo(0, 6); p.lineTo(6, 0); p.moveTo(-1, 1); p.lineTo(1, -1); p.moveTo(5, 7);
		p.lineTo(7, 5); p.stroke(); break;
	case "zero":	 p.rect(2, 2, 2, 2); p.fill(); break;
	case "poisoned": p.rect(2, 0, 2, 6); p.fill(); break;
	case "special":	 p.rect(2, 0, 1, 6); p.rect(0, 2, 6, 1); p.fill(); break;
	case "guard":	 p.rect(2, 0, 1, 6); p.fill(); break;
	}
	return context.createPattern(tile, "repeat");
}

// As a pixel has it: the same colour as a number.
function pixel_of(colour, alpha)
{
	const c = map.canvas.getContext("2d"), parts = new Uint8ClampedArray(4);

	c.fillStyle = colour;
	for (let i = 0; i < 3; i++)
		parts[i] = parseInt(c.fillStyle.slice(1 + 2 * i, 3 + 2 * i), 16);
	parts[3] = 255 * alpha;
	return new Uint32Array(parts.buffer)[0];
}

function alpha_of(state) { return STATES[state].name === "cached" ? 0.6 : 1; }

function take_colours()
{
	const context = map.canvas.getContext("2d");

	map.dark = css("--dark") === "1";
	for (const name of ["back", "empty", "line", "text", "faint", "focus", "pattern", "absent"])
		map.ink[name] = css("--map-" + name);
	map.patterns = STATES.map((s, i) => make_pattern(context, i));
	map.state_pixel = STATES.map((s, i) => pixel_of(s.colour, alpha_of(i)));
	map.empty_pixel = pixel_of(map.ink.empty, 1);
	map.line_pixel = pixel_of(map.ink.line, 1);
	map.weak = R.purposes.map(p => purpose_colour(p, false, map.dark));
	map.strong = R.purposes.map(p => purpose_colour(p, true, map.dark));
	map.purpose_pixel = map.strong.map(colour => pixel_of(colour, 1));
	redraw();
}

// A state's number: whether it is drawn as there, and not dimmed.
function is_shown(state) { return !map.shown || map.shown.has(state); }

// ---- where things are -----------------------------------------------------------

function resize()
{
	const paper = document.documentElement.dataset.print ? 1000 : 0;	// scaled by its width
	const box = paper || map.canvas.parentElement.clientWidth, narrow = box < 560;
	const ratio = paper ? 2 : window.devicePixelRatio || 1, was_whole = is_whole();

	map.left = narrow ? 0 : 124;
	map.strip = narrow ? 12 : 0;	// the address has a line of its own
	map.band = 15;
	map.cell = narrow ? 17 : 19;
	map.row = map.strip + map.band + map.cell + (narrow ? 5 : 6);
	map.rows = narrow ? 9 : 12;
	map.width = Math.max(100, Math.floor(box - map.left));
	for (const [canvas, height] of [[map.canvas, map.rows * map.row], [map.mini, 26]]) {
		canvas.width = Math.max(1, Math.round(box * ratio));	// a window may have no size yet
		canvas.height = Math.round(height * ratio);
		canvas.style.height = height + "px";
		canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
	}
	map.base.width = map.canvas.width;
	map.base.height = map.canvas.height;
	map.mini_done = null;
	if (was_whole)
		map.scale = widest();
	clamp();
}

function columns() { return map.width * map.rows; }
function widest() { return space_size / columns(); }
function is_whole() { return map.scale >= widest() * 0.9999; }

// Pixels that a page has at a place.
function page_pixels(i) { return i < 0 ? 0 : unit_of(i) / map.scale; }

function clamp()
{
	map.scale = Math.min(map.scale, widest());
	map.from = Math.max(0, Math.min(map.from, space_size - columns() * map.scale));
	redraw();
}

// As soon as pages are cells a row holds a power of two of them, and begins with one;
// the page that is at the column `at` stays there.
function snap(place, at)
{
	const i = at_place(place).vma, unit = i < 0 ? 0 : unit_of(i);
	let pages;

	if (i < 0 || unit / map.scale < CELL)
		return;
	pages = 2 ** Math.max(0, Math.round(Math.log2(map.width * map.scale / unit)));
	if (pages > 1 && map.width / pages < CELL)
		pages /= 2;
	map.scale = pages * unit / map.width;
	map.from = VMA_AT[i] + (Math.floor((place - VMA_AT[i]) / unit) - Math.floor(at * map.scale / unit)) * unit;
}

// Zooms so that what is at a column stays there.  factor above 1: nearer.
function zoom(factor, at)
{
	const place = map.from + at * map.scale, i = at_place(place).vma;
	const least = (i < 0 ? space_size / columns() / 1e6 : unit_of(i) / map.width);

	map.scale = Math.min(widest(), Math.max(least, map.scale / factor));
	map.from = place - at * map.scale;
	snap(place, at);
	clamp();
}

function show_range(from, to)
{
	const margin = (to - from) * 0.04;

	map.scale = Math.min(widest(), (to - from + 2 * margin) / columns());
	map.from = from - margin;
	clamp();
}

// So that each has room for its sign.
function cells_a_row() { return map.width >= 64 * SIGN ? 64 : map.width >= 32 * SIGN ? 32 : 16; }

// The whole of a VMA; of a large one it is as near as that allows.
function show_vma(i)
{
	const pages = cells_a_row(), rows = Math.ceil(PAGES[i] / pages), unit = unit_of(i);

	if (rows <= map.rows) {
		map.scale = pages * unit / map.width;
		map.from = VMA_AT[i] - Math.floor((map.rows - rows) / 2) * map.width * map.scale;
		clamp();
		return;
	}
	show_range(VMA_AT[i], VMA_AT[i] + VMA_SIZE[i]);
}

// A page, so that it has a cell with its sign.
function show_page(page)
{
	const i = vma_of(page), place = place_of(page);
	const pages = cells_a_row();
	let row;

	if (i < 0) {
		const gap = at_place(place).gap;

		show_range(VMA_AT[gap] - GAP_SIZE[gap], VMA_AT[gap]);
		return;
	}
	map.scale = pages * unit_of(i) / map.width;
	row = map.width * map.scale;
	map.from = VMA_AT[i] + (Math.floor((page - START[i]) / pages) - (map.rows >> 1)) * row;
	clamp();
}

function move(places)
{
	map.from += places;
	clamp();
}

// Place of a pixel of the canvas; null between the rows' ends.
function place_at(x, y)
{
	const row = Math.max(0, Math.min(map.rows - 1, Math.floor(y / map.row)));
	const at = row * map.width + Math.max(0, Math.min(map.width - 0.01, x - map.left));

	return { at, place: Math.min(map.from + at * map.scale, space_size * (1 - 1e-12)) };
}

// ---- drawing --------------------------------------------------------------------

function label(c, text, x, y, room)
{
	let used = text;

	if (room < 14 || map.band < 10)
		return;
	if (c.measureText(used).width > room) {
		const fit = Math.floor(room / map.letter) - 1;

		if (fit < 3)
			return;
		used = text.slice(0, fit) + "\u2026";
	}
	c.fillText(used, x, y);
}

function vma_label(i, room)
{
	const name = vma_name(i), base = shown(name.replace(/.*\/(?=.)/, ""));
	const words = vma_purpose(i) + (base ? " " + base : "") + (R.purposes[VMAS.purpose[i]] === "" ? perms(i) : "");

	return room > 260 ? `${words}  ${size_text(PAGES[i] * PAGE)}  ${perms(i)}` :
		room > 150 ? `${words}  ${size_text(PAGES[i] * PAGE)}` : words;
}

function gap_label(gap, size, room)
{
	const words = gap.kernel ? "the kernel's part" : size === null ? "to the end of user space" :
		size_text(size) + (room > 130 ? " unmapped" : "");

	return room > 60 ? `\u2026 ${words} \u2026` : words;
}

function draw_vma_band(c, i, from, x, to, y)
{
	if (to - x < 2) {
		put_column(x, 0, map.band, map.purpose_pixel[VMAS.purpose[i]]);
		return;
	}
	c.fillStyle = map.weak[VMAS.purpose[i]];
	c.fillRect(map.left + x, y, to - x, map.band);
	if (VMA_AT[i] > from + (x - 1) * map.scale) {	// it begins here
		c.fillStyle = map.strong[VMAS.purpose[i]];
		c.fillRect(map.left + x, y, to - x > 3 ? 2 : 1, map.band);
	}
	if (to - x < 22)
		return;
	c.fillStyle = map.ink.text;
	label(c, vma_label(i, to - x), map.left + x + 5, y + 11, to - x - 8);
}

function draw_gap_band(c, gap, x, to, y)
{
	if (to - x < 22)
		return;
	c.fillStyle = map.ink.faint;
	label(c, gap_label(gap, gap.end === null ? null : (gap.end - gap.start) * PAGE, to - x),
		map.left + x + 5, y + 11, to - x - 8);
}

// Over the pages of a row: what they are of.
function draw_band(c, from, y)
{
	const end = from + map.width * map.scale;
	let x = 0, i = above(VMA_AT, from, 0, COUNT) - 1;

	while (x < map.width && from + x * map.scale < space_size) {
		const place = from + x * map.scale;
		const column = next => Math.max(x + 1, Math.round((Math.min(end, next) - from) / map.scale));
		let to;

		i = i + 1 < COUNT && VMA_AT[i + 1] <= place ? above(VMA_AT, place, i + 1, COUNT) - 1 : i;
		if (i >= 0 && place < VMA_AT[i] + VMA_SIZE[i] - map.scale * 1e-6) {
			to = column(VMA_AT[i] + VMA_SIZE[i]);
			draw_vma_band(c, i, from, x, to, y);
		} else {
			to = column(VMA_AT[i + 1]);
			draw_gap_band(c, GAPS[i + 1], x, to, y);
		}
		x = to;
	}
}

// ---- single columns, of which there may be ten thousand: pixels of a row --------

const pixels = { canvas: document.createElement("canvas"), image: null, data: null, used: false };

function begin_pixels()
{
	const high = map.band + map.cell;

	if (!pixels.image || pixels.image.width !== map.width || pixels.image.height !== high) {
		pixels.canvas.width = map.width;
		pixels.canvas.height = high;
		pixels.image = new ImageData(map.width, high);
		pixels.data = new Uint32Array(pixels.image.data.buffer);
	} else if (pixels.used) {
		pixels.data.fill(0);
	}
	pixels.used = false;
}

function put_column(x, top, bottom, pixel)
{
	pixels.used = true;
	for (let y = top, at = top * map.width + Math.floor(x); y < bottom; y++, at += map.width)
		pixels.data[at] = pixel;
}

function end_pixels(c, y)
{
	if (!pixels.used)
		return;
	pixels.canvas.getContext("2d").putImageData(pixels.image, 0, 0);
	c.imageSmoothingEnabled = false;
	c.drawImage(pixels.canvas, map.left, y);
}

// A column of pages in several states: as high as each has its share, but to be seen.
function mixed_column(counts, x)
{
	const h = map.cell, bottom = map.band + map.cell;
	let sum = 0, at = bottom;

	for (let s = 0; s < counts.length; s++)
		sum += counts[s];
	for (const state of THERE) {
		if (!counts[state] || !is_shown(state) || at <= map.band)
			continue;
		const high = Math.min(at - map.band, Math.max(2, Math.round(h * counts[state] / sum)));

		put_column(x, at - high, at, map.state_pixel[state]);
		at -= high;
	}
	if (sum)
		put_column(x, map.band, at, map.empty_pixel);
	else
		put_column(x, bottom - 1, bottom, map.line_pixel);
}

// A stretch of pages that are all in one state; plain: its sign will be on it.
function draw_state(c, state, x, y, w, h, plain)
{
	const s = STATES[state];

	if (NOT_THERE.includes(state) || !is_shown(state)) {
		c.fillStyle = map.ink.empty;
		c.fillRect(x, y, w, h);
		if (is_shown(state) && s.name !== "untouched") {
			c.fillStyle = map.ink.absent;
			c.fillRect(x, y + h / 2, w, 1);
		}
		return;
	}
	c.fillStyle = w >= 4 && !plain ? map.patterns[state] : s.colour;
	c.globalAlpha = alpha_of(state);
	c.fillRect(x, y, w, h);
	c.globalAlpha = 1;
}

// The same of a few columns, for the table.
function draw_mixed(c, counts, x, y, w, h)
{
	let sum = 0, at = y + h;

	for (let s = 0; s < counts.length; s++)
		sum += counts[s];
	c.fillStyle = map.ink.empty;
	c.fillRect(x, y, w, h);
	for (const state of THERE) {
		if (!counts[state] || !is_shown(state))
			continue;
		const high = Math.min(at - y, Math.max(2, Math.round(h * counts[state] / sum)));

		c.fillStyle = STATES[state].colour;
		c.globalAlpha = alpha_of(state);
		c.fillRect(x, at - high, w, high);
		c.globalAlpha = 1;
		at -= high;
	}
}

// As many names of symbols as fit.
function symbol_names(page, room)
{
	const object = object_at(page);
	const names = object ? symbols_in(object, page).map(k => shown(object.symbols[k])) : [];

	while (names.length && names.join(" ").length > room)
		names.pop();
	return names.join(" ");
}

function cell_text(state, pixels, page)
{
	const s = STATES[state];

	if (pixels >= 300)
		return `${s.sign} ${s.words}  ${hex(page)}  ${symbol_names(page, pixels / map.letter - 40)}`;
	return pixels >= WORDS ? `${s.sign} ${s.words}` : s.sign;
}

// Pages as cells: those of one run that are in this row.
function draw_cells(c, i, state, first, last, from, y)
{
	const pixels = page_pixels(i), unit = unit_of(i);

	for (let page = first; page < last; page++) {
		const x = map.left + (VMA_AT[i] + (page - START[i]) * unit - from) / map.scale;
		const left = Math.max(map.left, x), right = Math.min(map.left + map.width, x + pixels);
		const gap = pixels >= 8 ? 1 : 0.5;

		if (right - left < 1)
			continue;
		draw_state(c, state, left, y, right - left - gap, map.cell, pixels >= SIGN);
		if (pixels < SIGN || right - left < Math.min(pixels, 24) - 2)
			continue;
		const quiet = NOT_THERE.includes(state) || !is_shown(state);
		const text = cell_text(state, pixels, page), width = c.measureText(text).width;

		c.fillStyle = quiet ? map.ink.faint : "#000";
		if (STATES[state].name !== "dirty" || pixels >= WORDS)
			c.fillText(text, (left + right - gap - width) / 2, y + map.cell / 2 + 4);
	}
}

// Columns of the VMA `i` from x on, up to `to`; returns how far it came.
function draw_pages(c, i, from, x, to, y)
{
	const place = from + (x + 1e-3) * map.scale;
	const ordinal = ordinal_at(i, place), run = run_at(ordinal);
	const run_end = Math.min(RUN_END[run], BASE[i + 1]);
	const until = Math.min(to, (VMA_AT[i] + (run_end - BASE[i]) * unit_of(i) - from) / map.scale);
	const state = RUN_STATE[run], pixels = page_pixels(i);

	if (pixels >= CELL) {
		const first = START[i] + Math.floor(ordinal - BASE[i] + 1e-6);
		const row_end = Math.ceil((from + map.width * map.scale - VMA_AT[i]) / unit_of(i) - 1e-6);

		draw_cells(c, i, state, first, START[i] + Math.min(run_end - BASE[i], row_end), from, y);
		return until;
	}
	if (until - x >= 2 || until >= to) {
		const end = until >= to ? to : Math.floor(until);

		if (end - x >= 1 || until >= to) {
			draw_state(c, state, map.left + x, y, Math.max(1, end - x), map.cell);
			return end > x ? end : x + 1;
		}
	}
	return x;
}

// The strip of a row: columns of many VMAs, or stretches of one.
function draw_strip(c, from, y)
{
	let x = 0, i = above(VMA_AT, from, 0, COUNT) - 1;

	while (x < map.width - 1e-6 && from + x * map.scale < space_size) {
		const place = from + (x + 1e-6) * map.scale;
		let end, next;

		i = i + 1 < COUNT && VMA_AT[i + 1] <= place ? above(VMA_AT, place, i + 1, COUNT) - 1 : i;
		end = i < 0 ? 0 : VMA_AT[i] + VMA_SIZE[i];
		if (place >= end && (VMA_AT[i + 1] - place) / map.scale >= 1) {
			next = Math.min(map.width, Math.floor((VMA_AT[i + 1] - from) / map.scale));
			c.fillStyle = map.ink.line;
			c.fillRect(map.left + x, y + map.cell - 1, next - x, 1);
			x = next > x ? next : x + 1;
			continue;
		}
		if (place < end && (end - place) / map.scale >= 1) {
			next = draw_pages(c, i, from, x, Math.min(map.width, (end - from) / map.scale), y);
			if (next > x) {
				x = next;
				continue;
			}
		}
		x = draw_column(i, from, x);
	}
}

// One column, of whatever is in it.
function draw_column(i, from, x)
{
	const next = Math.floor(x) + 1, last_place = from + next * map.scale;
	const last = above(VMA_AT, last_place, Math.max(0, i), COUNT) - 1;

	map.counts.fill(0);
	map.run = count_states(ordinal_at(i, from + x * map.scale), ordinal_at(last, last_place), map.counts, map.run);
	mixed_column(map.counts, x);
	return next;
}

function draw_address(c, from, y)
{
	const at = at_place(Math.min(from, space_size * (1 - 1e-12)));
	const pixels = page_pixels(at.vma);

	c.fillStyle = at.vma < 0 ? map.ink.faint : map.ink.text;
	c.font = "11px " + MONO;
	c.fillText(hex(at.page), 4, map.left ? y + map.band + 13 : y + 10);
	if (!map.left || !pixels)
		return;
	c.fillStyle = map.ink.faint;
	c.fillText("page " + number_text(at.page - START[at.vma] + 1), 4, y + 11);
}

// The cell of a page, in each row that it has a part in.
function outline(c, page, colour, width)
{
	const i = vma_of(page), place = place_of(page);
	const size = i < 0 ? 0 : unit_of(i);
	let x = (place - map.from) / map.scale, w = Math.max(3, size / map.scale);

	for (let row = Math.max(0, Math.floor(x / map.width)); row < map.rows && row * map.width < x + w; row++) {
		const left = Math.max(0, x - row * map.width), right = Math.min(map.width, x + w - row * map.width);

		if (right - left < 0.5)
			continue;
		c.strokeStyle = colour;
		c.lineWidth = width;
		c.strokeRect(map.left + left - 0.5, row * map.row + map.strip + map.band - 1,
			right - left, map.cell + 2);
	}
}

function draw_row(c, from, y)
{
	begin_pixels();
	map.run = undefined;
	draw_band(c, from, y);
	draw_strip(c, from, y + map.band);
	end_pixels(c, y);
}

function draw_rows_of_map()
{
	const c = map.base.getContext("2d"), row = map.width * map.scale;

	c.setTransform(map.canvas.getContext("2d").getTransform());
	c.clearRect(0, 0, map.left + map.width, map.rows * map.row);
	c.font = FONT;
	map.letter = c.measureText("x").width;
	for (let r = 0; r < map.rows && map.from + r * row < space_size; r++) {
		draw_address(c, map.from + r * row, r * map.row);
		draw_row(c, map.from + r * row, r * map.row + map.strip);
	}
}

// What does not move with the pointer is kept.
function draw_map()
{
	const c = map.canvas.getContext("2d");

	if (map.stale)
		draw_rows_of_map();
	map.stale = false;
	c.save();
	c.setTransform(1, 0, 0, 1, 0, 0);
	c.clearRect(0, 0, map.canvas.width, map.canvas.height);
	c.drawImage(map.base, 0, 0);
	c.restore();
	if (map.hover !== null && map.hover !== map.cursor)
		outline(c, map.hover, map.ink.faint, 1.5);
	if (map.cursor !== null)
		outline(c, map.cursor, map.ink.focus, 2.5);
}

// The whole space in one line, drawn once; and where the picture is in it.
function draw_mini()
{
	const c = map.mini.getContext("2d"), box = map.left + map.width, h = 18;
	const x = map.from / space_size * box, w = columns() * map.scale / space_size * box;

	if (!map.mini_done) {
		const all = document.createElement("canvas"), a = all.getContext("2d");
		const view = { left: map.left, width: map.width, scale: map.scale, cell: map.cell, band: map.band };

		all.width = map.mini.width;
		all.height = map.mini.height;
		a.setTransform(c.getTransform());
		Object.assign(map, { left: 0, width: box, scale: space_size / box, cell: h - 5, band: 4 });
		draw_row(a, 0, 3);
		Object.assign(map, view);
		map.mini_done = all;
	}
	c.save();
	c.setTransform(1, 0, 0, 1, 0, 0);
	c.clearRect(0, 0, map.mini.width, map.mini.height);
	c.drawImage(map.mini_done, 0, 0);
	c.restore();
	c.strokeStyle = map.ink.focus;
	c.lineWidth = 2;
	c.strokeRect(Math.min(x + 1, box - 4), 1, Math.max(3, Math.min(w, box) - 2), 23);
}

// A row of the table: all pages of a VMA in a small strip.
function draw_small(canvas, i)
{
	const ratio = window.devicePixelRatio || 1, w = 120, h = 12, c = canvas.getContext("2d");

	canvas.width = w * ratio;
	canvas.height = h * ratio;
	c.setTransform(ratio, 0, 0, ratio, 0, 0);
	for (let x = 0; x < w; x += 3) {
		map.counts.fill(0);
		count_states(BASE[i] + x / w * PAGES[i], BASE[i] + (x + 3) / w * PAGES[i], map.counts);
		draw_mixed(c, map.counts, x, 0, 3, h);
	}
}

function frame()
{
	map.asked = false;
	if (map.before_draw)
		map.before_draw();
	draw_map();
	draw_mini();
}

// Before the next frame, however often it is asked for.
function soon()
{
	if (map.asked)
		return;
	map.asked = true;
	requestAnimationFrame(frame);
}

// All of it; soon() is for what has but its marks changed.
function redraw()
{
	map.stale = true;
	soon();
}
