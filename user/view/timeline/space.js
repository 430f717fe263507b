// SPDX-License-Identifier: GPL-2.0
// space.js - in the middle: the map at a moment.  VMAs stand in the order of their
// addresses, as words in lines; how wide one is grows with the logarithm of its size.
// A large gap begins a new line.  What the event made, changed or took away is lit.

const HIGH = 44, GAP_LINE = 18, BIG_GAP = 2 ** 28;	// bytes from which a gap is a line

const space = {
	box: $("space-box"), canvas: $("space"), items: [], high: 0, width: 300, lines: [],
	effect: null, list: [], blocks: null, asked: false, chosen: null, ink: {},
};

// ---- where things are ------------------------------------------------------------

function item_width(pages, many)
{
	const doubled = Math.log2(Math.max(1, pages));

	return many ? 9 + 4 * doubled : 48 + 8 * doubled;
}

// VMAs, and what is gone, by their addresses.
function items_of(list, effect)
{
	const items = list.map(id => ({ id, start: V_START[id], pages: V_PAGES[id],
		how: effect.made.has(id) ? "made" : effect.changed.has(id) ? "changed" : "" }));

	if (!effect.gone.length)
		return items;
	for (const part of effect.gone)
		items.push({ id: part.id, start: part.start, pages: part.pages, how: "gone" });
	return items.sort((a, b) => a.start - b.start);
}

function arrange_space()
{
	const many = space.list.length > 600, items = items_of(space.list, space.effect);
	let x = 0, y = 0, end = items.length ? items[0].start : 0, fresh = true;
	const line_end = () => {
		if (!fresh)
			y += HIGH;
		x = 0;
		fresh = true;
	};

	space.items = [];
	for (const item of items) {
		const gap = (item.start - end) * PAGE, wide = Math.min(space.width, item_width(item.pages, many));

		if (gap >= BIG_GAP) {
			line_end();
			space.items.push({ gap: end, pages: item.start - end, x: 0, y, width: space.width, line: true });
			y += GAP_LINE;
		} else if (gap > 0) {
			const room = many ? 6 : 42;

			if (x + room + wide > space.width)
				line_end();
			space.items.push({ gap: end, pages: item.start - end, x, y, width: room });
			x += room;
			fresh = false;
		}
		if (x + wide > space.width && !fresh)
			line_end();
		space.items.push(Object.assign(item, { x, y, width: wide - 2 }));
		x += wide;
		fresh = false;
		end = item.start + item.pages;
	}
	line_end();
	space.high = Math.max(HIGH, y);
}

function resize_space()
{
	const paper = document.documentElement.dataset.print ? 1000 : 0;
	const box = paper || space.box.clientWidth, ratio = paper ? 2 : window.devicePixelRatio || 1;
	const most = paper || Math.max(240, Math.round(window.innerHeight * 0.62));
	let high;

	space.width = Math.max(120, box);
	arrange_space();
	high = paper ? Math.min(space.high, 6000) : Math.min(space.high, most);
	$("space-high").style.height = Math.max(0, space.high - high) + "px";
	space.box.style.height = high + "px";
	if (space.canvas.width !== Math.round(space.width * ratio) || space.canvas.height !== Math.round(high * ratio)) {
		space.canvas.width = Math.round(space.width * ratio);
		space.canvas.height = Math.round(high * ratio);
		space.canvas.style.height = high + "px";
	}
	space.canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
	soon_space();
}

// To where the event did something, if that is not to be seen.
function show_effect()
{
	const lit = space.items.find(item => item.how);

	if (lit && (lit.y < space.box.scrollTop || lit.y + HIGH > space.box.scrollTop + space.box.clientHeight))
		space.box.scrollTop = Math.max(0, lit.y - space.box.clientHeight / 3);
}

// ---- drawing ---------------------------------------------------------------------

function draw_strip_of(c, item, x, y, w, h)
{
	const cells = item.pages <= w / 4, columns = cells ? item.pages : Math.min(item.pages, Math.floor(w / 2));
	const counts = count_signs(space.blocks, item.start, item.pages, columns), n = SIGNS.length, wide = w / columns;

	c.fillStyle = space.ink.empty;
	c.fillRect(x, y, w, h);
	for (let i = 0; i < columns; i++) {
		const of_it = cells ? 1 : item.pages / columns;
		let at = y + h;

		for (let s = 0; s < n; s++) {
			const count = counts[i * n + s];

			if (!count)
				continue;
			const high = Math.min(at - y, Math.max(2, h * count / of_it));

			c.fillStyle = space.colours[s];
			c.fillRect(x + i * wide, at - high, Math.max(0.8, wide - (cells && wide > 3 ? 1 : 0)), high);
			if (SIGNS[s].name === "dropped" || SIGNS[s].name === "locked") {
				c.fillStyle = "rgba(0,0,0,.55)";
				c.fillRect(x + i * wide, at - high / 2 - 0.5, Math.max(1, wide - 1), SIGNS[s].name === "locked" ? 2 : 1);
			}
			at -= high;
		}
	}
}

const HOW_SIGN = { made: "+", changed: "~", gone: "\u2212" };

function frame_item(c, item)
{
	const { x, y, width } = item;

	if (item.how) {
		c.strokeStyle = space.ink[item.how];
		c.lineWidth = 2.5;
		c.setLineDash(item.how === "gone" ? [4, 3] : []);
		c.strokeRect(x + 1.25, y + 1.25, width - 2.5, HIGH - 8.5);
		c.setLineDash([]);
	}
	if (is_chosen(item)) {
		c.strokeStyle = space.ink.focus;
		c.lineWidth = 2;
		c.strokeRect(x + 1, y + HIGH - 5, width - 2, 2);
	}
}

function draw_item(c, item)
{
	const { id, x, y, width, how } = item, purpose = T.vmas.purpose[id], gone = how === "gone";
	const sign = how ? HOW_SIGN[how] + " " : "", room = width - 7;

	if (!gone) {
		c.fillStyle = space.weak[purpose];
		c.fillRect(x, y, width, HIGH - 6);
		c.fillStyle = space.strong[purpose];
		c.fillRect(x, y, Math.min(3, width), HIGH - 6);
		draw_strip_of(c, item, x + Math.min(3, width), y + HIGH - 17, Math.max(1, width - 3), 11);
	}
	c.fillStyle = gone ? space.ink.faint : space.ink.text;
	if (room > 12) {
		c.font = (how ? "bold " : "") + FONT;
		c.fillText(fit(c, sign + v_short(id), room), x + 5, y + 12);
		c.font = "10px " + MONO;
		c.fillStyle = gone ? space.ink.faint : space.ink.text;
		const size = size_text(item.pages * PAGE), both = `${size} ${v_perms(id)}${v_locked(id) ? " locked" : ""}`;

		c.fillText(fit(c, fit(c, both, room) === both ? both : size, room), x + 5, y + 23);
	}
	if (v_locked(id) && !gone) {
		c.fillStyle = space.colours[0];
		c.fillRect(x, y + HIGH - 20, width, 3);
	}
	frame_item(c, item);
}

function draw_gap(c, item)
{
	const words = size_text(item.pages * PAGE);

	c.fillStyle = space.ink.faint;
	c.font = "10px " + MONO;
	if (item.line) {
		c.fillText(item.gap + item.pages >= KERNEL ? "\u2026 the kernel's part \u2026" :
			`\u2026 ${words} unmapped \u2026`, 4, item.y + 12);
		return;
	}
	c.fillRect(item.x + 2, item.y + HIGH - 12, item.width - 6, 1);
	if (item.width > 20)
		c.fillText(fit(c, words, item.width - 4), item.x + 2, item.y + HIGH - 16);
}

function draw_space()
{
	const c = space.canvas.getContext("2d"), top = space.box.scrollTop;
	const ratio = space.canvas.width / space.width, high = space.canvas.height / ratio;

	space.asked = false;
	c.clearRect(0, 0, space.width, high);
	if (!space.list.length && !space.items.length) {
		c.fillStyle = space.ink.faint;
		c.font = FONT;
		c.fillText("No list of VMAs is known here.", 4, 20);
		return;
	}
	c.save();
	c.translate(0, -top);
	for (const item of space.items)
		if (item.y + HIGH > top && item.y < top + high) {
			if (item.gap !== undefined)
				draw_gap(c, item);
			else
				draw_item(c, item);
		}
	c.restore();
}

function soon_space()
{
	if (space.asked)
		return;
	space.asked = true;
	requestAnimationFrame(draw_space);
}

function show_space(list, effect, blocks)
{
	space.list = list;
	space.effect = effect;
	space.blocks = blocks;
	resize_space();
	show_effect();
}

// ---- the VMA that is chosen ------------------------------------------------------

function is_chosen(item) { return space.chosen !== null && item.id === space.chosen; }

function item_at(event)
{
	const box = space.canvas.getBoundingClientRect();
	const x = event.clientX - box.left, y = event.clientY - box.top + space.box.scrollTop;

	return space.items.find(item => item.gap === undefined && x >= item.x && x < item.x + item.width &&
		y >= item.y && y < item.y + HIGH - 4);
}

space.canvas.addEventListener("click", event => {
	const item = item_at(event);

	choose_vma(item ? item.id : null);
});
space.canvas.addEventListener("pointermove", event => {
	const item = item_at(event);

	if (item)
		show_tip(`${v_words(item.id)}\n${hex(item.start)}\u2013${hex(item.start + item.pages)}\n` +
			`${size_text(item.pages * PAGE)} ${v_perms(item.id)}` + (item.how ? ` (${HOW_WORDS[item.how]})` : ""),
			event.clientX, event.clientY);
	else
		hide_tip();
});
space.canvas.addEventListener("pointerleave", () => hide_tip());
space.box.addEventListener("scroll", soon_space);
