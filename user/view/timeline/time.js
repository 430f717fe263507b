// SPDX-License-Identifier: GPL-2.0
// time.js - above: figures over time, and a mark for each event in the row of its kind,
// with a shape of its own.  Where there are many in one column it is the higher.

// [ hue, shape ]
const KIND_LOOK = {
	brk: [150, "up"], mmap: [210, "square"], munmap: [0, "hollow"], mremap: [270, "diamond"],
	mprotect: [35, "bar"], madvise: [310, "down"], mlock: [55, "disc"], mlock2: [55, "disc"],
	munlock: [55, "ring"], mlockall: [55, "disc"], munlockall: [55, "ring"], fault: [185, "tick"],
	malloc: [120, "dot"], child: [235, "plus"], exec: [330, "star"], exit: [0, "cross"],
	lost: [0, "cross"], note: [60, "dot"],
};
const MARK_ROW = 13, LANE = 40, AXIS = 18;

const time = {
	canvas: $("time"), base: document.createElement("canvas"), stale: true, asked: false,
	by_time: false, from: 0, to: 1,		// of the axis: places of events
	left: 0, width: 100, high: 100, lanes: [], rows: [], drag: null, ink: {},
};

// ---- where things are ------------------------------------------------------------

function place_of(k) { return time.by_time ? WHEN[now.p.events[k]] : k; }

function whole_axis()
{
	const p = now.p;

	return time.by_time ? [WHEN[p.events[0]], Math.max(WHEN[p.events[p.n - 1]], WHEN[p.events[0]] + 1)] :
		[-0.5, p.n - 0.5];
}

function x_of(place) { return time.left + (place - time.from) / (time.to - time.from) * time.width; }
function place_at(x) { return time.from + (x - time.left) / time.width * (time.to - time.from); }

// First event whose place is at or above one.
function first_from(place)
{
	let low = 0, high = now.p.n;

	while (low < high) {
		const middle = (low + high) >> 1;

		if (place_of(middle) < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

function row_of_kind(kind) { return time.rows.indexOf(kind); }
function lanes_end() { return AXIS + time.lanes.length * time.lane; }

function arrange_time()
{
	const p = now.p, there = new Set();

	for (const e of p.events)
		there.add(E.kind[e]);
	time.rows = [...there].sort((a, b) => a - b);
	time.lanes = [{ name: "mapped", of: p.mapped, hue: 210 }, { name: "heap", of: p.heap, hue: 150 },
		{ name: "resident", of: p.resident, hue: 25 }].filter(lane => lane.of.some(v => !Number.isNaN(v)));
	resize_time();
}

function resize_time()
{
	const paper = document.documentElement.dataset.print ? 1000 : 0;
	const box = paper || time.canvas.parentElement.clientWidth, narrow = box < 560;
	const ratio = paper ? 2 : window.devicePixelRatio || 1;

	time.left = narrow ? 74 : 124;
	time.lane = narrow ? 32 : LANE;
	time.width = Math.max(80, box - time.left - 8);
	time.high = AXIS + time.lanes.length * time.lane + time.rows.length * MARK_ROW + 4;
	for (const canvas of [time.canvas, time.base]) {
		canvas.width = Math.max(1, Math.round(box * ratio));
		canvas.height = Math.round(time.high * ratio);
		canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
	}
	time.canvas.style.height = time.high + "px";
	redraw_time();
}

function clamp_time()
{
	const [from, to] = whole_axis(), least = time.by_time ? 1000 : 4;
	let size = Math.max(Math.min(least, to - from), Math.min(to - from, time.to - time.from));

	if (!(size > 0))
		size = to - from;
	time.from = Math.max(from, Math.min(to - size, time.from));
	time.to = time.from + size;
	redraw_time();
}

function whole_time()
{
	[time.from, time.to] = whole_axis();
	redraw_time();
}

// factor above 1: nearer; what is at the place stays there.
function zoom_time(factor, place)
{
	time.from = place - (place - time.from) / factor;
	time.to = place + (time.to - place) / factor;
	clamp_time();
}

function move_time(places)
{
	time.from += places;
	time.to += places;
	clamp_time();
}

// So that the moment is to be seen.
function follow_time()
{
	const at = place_of(now.k), size = time.to - time.from;

	if (at < time.from || at > time.to) {
		time.from = at - size / 2;
		time.to = at + size / 2;
		clamp_time();
	}
}

// ---- shapes ----------------------------------------------------------------------

function kind_colour(kind)
{
	const look = KIND_LOOK[KINDS[kind]];

	return time.dark ? `hsl(${look[0]} 62% 66%)` : `hsl(${look[0]} 72% 36%)`;
}

// Within a square from -1 to 1; a line, or what is within it.
const SHAPES = {
	up: ["M0-1L1 .9L-1 .9Z"], down: ["M0 1L1-.9L-1-.9Z"], square: ["M-.85-.85H.85V.85H-.85Z"],
	hollow: ["M-.75-.75H.75V.75H-.75Z", true], diamond: ["M0-1.1L1.1 0L0 1.1L-1.1 0Z"],
	bar: ["M-1-.4H1V.4H-1Z"], disc: ["M-.9 0A.9.9 0 1 1 .9 0A.9.9 0 1 1-.9 0Z"],
	ring: ["M-.8 0A.8.8 0 1 1 .8 0A.8.8 0 1 1-.8 0Z", true], dot: ["M-.55 0A.55.55 0 1 1 .55 0A.55.55 0 1 1-.55 0Z"],
	tick: ["M-.16-1H.16V1H-.16Z"], plus: ["M-1 0H1M0-1V1", true],
	star: ["M0-1.2L.4-.4L1.2 0L.4 .4L0 1.2L-.4 .4L-1.2 0L-.4-.4Z"], cross: ["M-.8-.8L.8 .8M-.8 .8L.8-.8", true],
};
const STROKE = 0.35;
const paths = {};

function shape_name(kind) { return KIND_LOOK[KINDS[kind]][1]; }

function draw_shape(c, kind, x, y, r)
{
	const [path, line] = SHAPES[shape_name(kind)];

	paths[path] = paths[path] || new Path2D(path);
	c.save();
	c.translate(x, y);
	c.scale(r, r);
	c.lineWidth = STROKE;
	c[line ? "stroke" : "fill"](paths[path]);
	c.restore();
}

// The same in the text of the page.
function shape_of(kind)
{
	const [path, line] = SHAPES[shape_name(kind)];
	const shape = $("shape").content.firstElementChild.cloneNode(true);

	for (const [name, value] of [["d", path], ["fill", line ? "none" : "currentColor"],
		["stroke", line ? "currentColor" : "none"], ["stroke-width", STROKE]])
		shape.firstElementChild.setAttribute(name, value);
	shape.style.color = kind_colour(kind);
	return shape;
}

// ---- drawing ---------------------------------------------------------------------

const letters = new Map();		// by font: how wide one is

// As much of a text as there is room for; all letters are alike wide, but for foreign ones.
function fit(c, text, room)
{
	let letter = letters.get(c.font), used = text;

	if (!letter)
		letters.set(c.font, letter = c.measureText("x").width);
	if (/^[ -~]*$/.test(text))
		return text.length * letter <= room ? text : text.slice(0, Math.max(1, Math.floor(room / letter) - 1)) + "\u2026";
	while (used.length > 1 && c.measureText(used + "\u2026").width > room)
		used = used.slice(0, -1);
	return used === text ? text : used + "\u2026";
}

function tick_step(span, most)
{
	const raw = span / most, ten = 10 ** Math.floor(Math.log10(raw));

	return [1, 2, 5, 10].map(n => n * ten).find(step => step >= raw);
}

function draw_axis(c)
{
	const begin = time.by_time ? WHEN[now.p.events[0]] : -1;
	const step = Math.max(time.by_time ? 0 : 1, tick_step(time.to - time.from, Math.max(2, time.width / 110)));
	let at = Math.ceil((time.from - begin) / step) * step;

	c.font = "11px " + MONO;
	for (; at + begin <= time.to; at += step) {
		const x = x_of(at + begin), text = time.by_time ? (at ? "+" + time_text(at) : "0") : number_text(Math.round(at));
		const wide = c.measureText(text).width;

		c.fillStyle = time.ink.line;
		c.fillRect(x, AXIS - 4, 1, time.high);
		c.fillStyle = time.ink.faint;
		c.fillText(text, Math.max(time.left, Math.min(x - wide / 2, time.left + time.width - wide)), 10);
	}
}

// Between which the figure moves in what is to be seen: [ first, last, low, high ].
function lane_span(lane)
{
	const first = Math.max(0, first_from(time.from) - 1), last = Math.min(now.p.n, first_from(time.to) + 1);
	let low = Infinity, high = -Infinity;

	for (let k = first; k < last; k++) {
		low = lane.of[k] < low ? lane.of[k] : low;
		high = lane.of[k] > high ? lane.of[k] : high;
	}
	return [first, last, low, high];
}

// Steps: a figure holds until the next.  Of many in one column, but the first, the last
// and how far they reach.
function trace_lane(c, lane, first, last, y_of)
{
	let column = NaN, low = 0, high = 0, before = NaN;
	const leave = () => {
		if (low < high) {
			c.lineTo(column, y_of(low));
			c.lineTo(column, y_of(high));
		}
		if (!Number.isNaN(before))
			c.lineTo(column, y_of(before));
	};

	for (let k = first; k < last; k++) {
		const value = lane.of[k], x = Math.round(2 * x_of(place_of(k))) / 2;

		if (x !== column) {
			leave();
			if (!Number.isNaN(value))
				c[Number.isNaN(before) ? "moveTo" : "lineTo"](x, y_of(Number.isNaN(before) ? value : before));
			column = x;
			low = high = value;
		} else if (Number.isNaN(before) && !Number.isNaN(value)) {
			c.moveTo(x, y_of(value));
			low = high = value;
		}
		low = value < low ? value : low;
		high = value > high ? value : high;
		before = value;
	}
	leave();
	if (!Number.isNaN(before))
		c.lineTo(x_of(Math.min(time.to, whole_axis()[1])), y_of(before));
}

function draw_lane(c, lane, top)
{
	const [first, last, low, high] = lane_span(lane);
	const y_of = value => top + time.lane - 5 - (high > low ? (value - low) / (high - low) : 0.5) * (time.lane - 11);

	lane.low = low;
	lane.high = high;
	if (high < low)
		return;
	c.save();
	c.beginPath();
	c.rect(time.left, top, time.width, time.lane);
	c.clip();
	c.beginPath();
	trace_lane(c, lane, first, last, y_of);
	c.strokeStyle = time.dark ? `hsl(${lane.hue} 65% 62%)` : `hsl(${lane.hue} 75% 38%)`;
	c.lineWidth = 1.6;
	c.stroke();
	c.restore();
}

function draw_marks(c, top)
{
	const first = first_from(time.from), last = first_from(time.to + 1e-9);
	const dense = (last - first) / time.width > 0.25, columns = Math.ceil(time.width / 2) + 1;

	if (!dense) {
		for (let k = first; k < last; k++) {
			const kind = E.kind[now.p.events[k]];

			c.fillStyle = c.strokeStyle = is_wanted(k) ? kind_colour(kind) : time.ink.absent;
			draw_shape(c, kind, x_of(place_of(k)), top + (row_of_kind(kind) + 0.5) * MARK_ROW, 4.5);
		}
		return;
	}
	const counts = new Float64Array(columns * time.rows.length), row = new Int32Array(KINDS.length).fill(-1);

	time.rows.forEach((kind, i) => { row[kind] = i; });
	for (let k = first; k < last; k++)
		if (is_wanted(k))
			counts[row[E.kind[now.p.events[k]]] * columns + Math.floor((x_of(place_of(k)) - time.left) / 2)]++;
	time.rows.forEach((kind, i) => {
		let most = 0;

		for (let x = 0; x < columns; x++)
			most = Math.max(most, counts[i * columns + x]);
		c.fillStyle = kind_colour(kind);
		for (let x = 0; x < columns; x++) {
			const n = counts[i * columns + x], h = 3 + (MARK_ROW - 5) * Math.log2(1 + n) / Math.log2(1 + most);

			if (n)
				c.fillRect(time.left + 2 * x, top + (i + 1) * MARK_ROW - 1 - h, 1.6, h);
		}
	});
}

function draw_gutter(c, top)
{
	time.rows.forEach((kind, i) => {
		const y = top + (i + 0.5) * MARK_ROW;

		c.fillStyle = c.strokeStyle = kind_colour(kind);
		draw_shape(c, kind, 7, y, 4.5);
		c.fillStyle = time.ink.text;
		c.font = FONT;
		c.fillText(fit(c, KINDS[kind], time.left - 20), 16, y + 4);
	});
}

function draw_base()
{
	const c = time.base.getContext("2d");

	c.save();
	c.setTransform(1, 0, 0, 1, 0, 0);
	c.clearRect(0, 0, time.base.width, time.base.height);
	c.restore();
	draw_axis(c);
	time.lanes.forEach((lane, i) => {
		c.fillStyle = time.ink.line;
		c.fillRect(0, AXIS + (i + 1) * time.lane - 1, time.left + time.width, 1);
		draw_lane(c, lane, AXIS + i * time.lane);
	});
	draw_marks(c, lanes_end());
	draw_gutter(c, lanes_end());
}

// What the figures are at the moment, and between which the line moves.
function draw_values(c)
{
	time.lanes.forEach((lane, i) => {
		const value = lane.of[now.k], top = AXIS + i * time.lane, room = time.left - 6;

		c.font = FONT;
		c.fillStyle = time.dark ? `hsl(${lane.hue} 65% 70%)` : `hsl(${lane.hue} 75% 30%)`;
		c.fillText(lane.name, 2, top + 12);
		c.font = "bold 12px " + MONO;
		c.fillStyle = time.ink.text;
		c.fillText(Number.isNaN(value) ? "?" : size_text(value), 2, top + 26);
		if (time.lane < LANE || !(lane.high >= lane.low))
			return;
		c.font = "10px " + MONO;
		c.fillStyle = time.ink.faint;
		for (const [text, y] of [[size_text(lane.high), top + 10], [size_text(lane.low), top + time.lane - 4]])
			c.fillText(text, room - c.measureText(text).width, y);
	});
}

function draw_cursor(c)
{
	const x = x_of(place_of(now.k));

	if (x < time.left - 1 || x > time.left + time.width + 1)
		return;
	c.fillStyle = time.ink.focus;
	c.fillRect(x - 0.75, AXIS - 6, 1.5, time.high);
	c.beginPath();
	c.moveTo(x - 5, AXIS - 8);
	c.lineTo(x + 5, AXIS - 8);
	c.lineTo(x, AXIS - 1);
	c.fill();
	c.strokeStyle = time.ink.focus;
	c.lineWidth = 2;
	c.beginPath();
	c.arc(x, lanes_end() + (row_of_kind(E.kind[now.p.events[now.k]]) + 0.5) * MARK_ROW, 7, 0, 7);
	c.stroke();
}

function draw_time()
{
	const c = time.canvas.getContext("2d");

	time.asked = false;
	if (time.stale)
		draw_base();
	time.stale = false;
	c.save();
	c.setTransform(1, 0, 0, 1, 0, 0);
	c.clearRect(0, 0, time.canvas.width, time.canvas.height);
	c.drawImage(time.base, 0, 0);
	c.restore();
	draw_values(c);
	if (time.drag && time.drag.moved) {
		c.fillStyle = time.ink.chosen;
		c.fillRect(Math.min(time.drag.x0, time.drag.x), AXIS, Math.abs(time.drag.x - time.drag.x0), time.high);
	}
	draw_cursor(c);
}

function soon_time()
{
	if (time.asked)
		return;
	time.asked = true;
	requestAnimationFrame(draw_time);
}

function redraw_time()
{
	time.stale = true;
	soon_time();
}

// ---- the pointer -----------------------------------------------------------------

function time_x(event) { return event.clientX - time.canvas.getBoundingClientRect().left; }

// The event that is nearest to a pixel; one of the row there, if it is in one.
function event_at(x, y)
{
	const kind = time.rows[Math.floor((y - lanes_end()) / MARK_ROW)];
	const near = first_from(place_at(x)), fits = k => kind === undefined || E.kind[now.p.events[k]] === kind;
	let best = -1;

	for (let k = near; k < now.p.n && best < 0; k++)
		if (fits(k))
			best = k;
	for (let k = near - 1; k >= 0; k--) {
		if (best >= 0 && place_at(x) - place_of(k) > place_of(best) - place_at(x))
			break;
		if (fits(k))
			return k;
	}
	return best;
}

time.canvas.addEventListener("pointerdown", event => {
	const x = time_x(event);

	if (event.button || x < time.left)
		return;
	time.canvas.setPointerCapture(event.pointerId);
	time.drag = { x0: x, x, moved: false };
});
time.canvas.addEventListener("pointermove", event => {
	const x = Math.max(time.left, Math.min(time.left + time.width, time_x(event)));

	if (!time.drag)
		return;
	time.drag.x = x;
	time.drag.moved = time.drag.moved || Math.abs(x - time.drag.x0) > 5;
	soon_time();
});
time.canvas.addEventListener("pointerup", event => {
	const drag = time.drag, y = event.clientY - time.canvas.getBoundingClientRect().top;

	time.drag = null;
	if (!drag)
		return;
	if (!drag.moved) {
		const k = event_at(drag.x0, y);

		if (k >= 0)
			go(k);
		return;
	}
	const from = place_at(Math.min(drag.x0, drag.x)), to = place_at(Math.max(drag.x0, drag.x));

	time.from = from;
	time.to = to;
	clamp_time();
	soon_time();
});
time.canvas.addEventListener("pointercancel", () => { time.drag = null; soon_time(); });
time.canvas.addEventListener("dblclick", () => { whole_time(); });
// Where it cannot be farther the page scrolls.
time.canvas.addEventListener("wheel", event => {
	const [from, to] = whole_axis(), size = time.to - time.from;
	const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;

	if (!sideways && event.deltaY > 0 && size >= (to - from) * 0.9999)
		return;
	event.preventDefault();
	if (sideways)
		move_time((event.deltaX || event.deltaY) / time.width * size);
	else
		zoom_time(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * (event.deltaMode ? 30 : 1))) * 0.003),
			place_at(Math.max(time.left, time_x(event))));
}, { passive: false });
