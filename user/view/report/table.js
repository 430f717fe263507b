// SPDX-License-Identifier: GPL-2.0
// table.js - the VMAs as a table that sorts.  Of 60,000 rows only those that are to
// be seen exist; what is filtered out is not among them.

const COLUMNS = [
	{ id: "start", name: "Start", text: i => hex(START[i]).slice(2), key: i => START[i], class: "hex" },
	{ id: "size", name: "Size", text: i => size_text(PAGES[i] * PAGE), key: i => PAGES[i], class: "num" },
	{ id: "perm", name: "Perm", text: perms, key: perms, class: "mono wide" },
	{ id: "rss", name: "Resident", text: i => amount(column("rss", i)), key: i => column("rss", i), class: "num" },
	{ id: "swap", name: "Swapped", text: i => amount(column("swap", i)), key: i => column("swap", i), class: "num wide" },
	{ id: "locked", name: "Locked", text: i => amount(locked_of(i)), key: locked_of, class: "num wide" },
	{ id: "dirty", name: "Dirty", text: i => amount(dirty_of(i)), key: dirty_of, class: "num wide" },
	{ id: "purpose", name: "Purpose", text: vma_purpose, key: vma_purpose, class: "broad purpose" },
	{ id: "pages", name: "Pages", draw: true, class: "wider" },
	{ id: "name", name: "Name", text: i => shown(vma_name(i)), key: vma_name, class: "broad name" },
	{ id: "what", name: "Purpose", text: what_of, key: vma_purpose, class: "small-only name" },
];
const PRINTED_MAX = 400;
const ROW = 27;

const table = {
	box: document.getElementById("rows"), head: document.getElementById("head"),
	body: document.getElementById("body"), count: document.getElementById("count"),
	order: [], sort: "start", down: false, text: "", purpose: "", active: 0, drawn: "",
};

function what_of(i) { return vma_purpose(i) + " " + shown(vma_name(i).replace(/.*\/(?=.)/, "")); }
// Empty: not known.
function amount(bytes) { return bytes === null ? "" : size_text(bytes); }

function has_shown_state(i)
{
	const counts = map.counts;

	if (!map.shown)
		return true;
	counts.fill(0);
	count_states(BASE[i], BASE[i + 1], counts);
	return [...map.shown].some(s => counts[s]);
}

function is_wanted(i)
{
	const text = table.text.toLowerCase();

	return (!table.purpose || vma_purpose(i) === table.purpose) && has_shown_state(i) &&
		(!text || vma_words(i).toLowerCase().includes(text) || perms(i) === text || hex(START[i]).includes(text));
}

function compare(a, b)
{
	return a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1;
}

function arrange()
{
	const key = COLUMNS.find(c => c.id === table.sort).key, keys = new Map();

	table.order = [];
	for (let i = 0; i < COUNT; i++)
		if (is_wanted(i)) {
			table.order.push(i);
			keys.set(i, key(i));
		}
	table.order.sort((a, b) => {
		const x = keys.get(a), y = keys.get(b);

		// What is not known stands last, whichever way.
		return (x === null || y === null || !table.down ? 1 : -1) * compare(x, y) || a - b;
	});
	table.active = Math.min(table.active, Math.max(0, table.order.length - 1));
	table.count.textContent = table.order.length === COUNT ? `${number_text(COUNT)} VMAs` :
		`${number_text(table.order.length)} of ${number_text(COUNT)} VMAs`;
	table.box.firstElementChild.setAttribute("aria-rowcount", table.order.length + 1);
	draw_rows(true);
}

function draw_head()
{
	table.head.replaceChildren(...COLUMNS.map(c => {
		const sorted = c.id === table.sort;
		const cell = make("th", { scope: "col", class: c.class,
			"aria-sort": !c.key ? "none" : sorted ? table.down ? "descending" : "ascending" : "none" });
		const button = c.key ? make("button", { type: "button", "data-sort": c.id },
			c.name, make("span", { class: "arrow", "aria-hidden": "true" }, sorted ? table.down ? "\u25be" : "\u25b4" : "")) :
			c.name;

		cell.append(button);
		return cell;
	}));
}

function make_row(k)
{
	const i = table.order[k];
	const row = make("tr", { "data-vma": i, "aria-rowindex": k + 2, tabindex: k === table.active ? 0 : -1 });

	for (const c of COLUMNS) {
		const cell = make("td", { class: c.class });

		if (c.draw) {
			const canvas = make("canvas", { class: "small", "aria-hidden": "true" });

			draw_small(canvas, i);
			cell.append(canvas);
		} else {
			cell.textContent = c.text(i);
			if (c.class.includes("name"))
				cell.title = vma_words(i);
		}
		row.append(cell);
	}
	if (map.cursor !== null && vma_of(map.cursor) === i)
		row.setAttribute("aria-selected", "true");
	return row;
}

function filler(height) { return make("tr", { class: "filler", "aria-hidden": "true", "data-height": height }); }

// Rows from `first` on; those before and behind are one high empty row.
function put_rows(first, last)
{
	const before = filler(first * ROW), behind = filler((table.order.length - last) * ROW), rows = [before];

	before.style.height = first * ROW + "px";
	behind.style.height = (table.order.length - last) * ROW + "px";
	for (let k = first; k < last; k++)
		rows.push(make_row(k));
	rows.push(behind);
	table.body.replaceChildren(...rows);
}

function draw_rows(anew)
{
	const first = Math.max(0, Math.floor(table.box.scrollTop / ROW) - 8);
	const last = Math.min(table.order.length, first + Math.ceil((table.box.clientHeight || 480) / ROW) + 16);
	const drawn = `${first} ${last}`, focused = document.activeElement && document.activeElement.closest("#body tr");

	if (!anew && drawn === table.drawn)
		return;
	table.drawn = drawn;
	put_rows(first, last);
	if (focused && table.active >= first && table.active < last)
		row_of(table.active).focus({ preventScroll: true });
}

function row_of(k) { return table.body.querySelector(`tr[aria-rowindex="${k + 2}"]`); }

function activate(k)
{
	const n = table.order.length, top = table.box.scrollTop, high = table.box.clientHeight - ROW;

	if (!n)
		return;
	table.active = Math.max(0, Math.min(n - 1, k));
	if (table.active * ROW < top)
		table.box.scrollTop = table.active * ROW;
	else if ((table.active + 1) * ROW > top + high)
		table.box.scrollTop = (table.active + 2) * ROW - high;
	draw_rows(true);
	row_of(table.active).focus({ preventScroll: true });
}

function open_row(k)
{
	const i = table.order[k];

	table.active = k;
	show_vma(i);
	choose_page(START[i]);
	draw_rows(true);
	document.getElementById("picture").scrollIntoView({ block: "nearest" });
}

function sort_by(id)
{
	table.down = table.sort === id ? !table.down : ["size", "rss", "swap", "locked", "dirty"].includes(id);
	table.sort = id;
	table.box.scrollTop = 0;
	draw_head();
	arrange();
	say(`sorted by ${COLUMNS.find(c => c.id === id).name}, ${table.down ? "descending" : "ascending"}`);
	table.head.querySelector(`[data-sort="${id}"]`).focus();
}

table.head.addEventListener("click", event => {
	const button = event.target.closest("button");

	if (button)
		sort_by(button.dataset.sort);
});
table.body.addEventListener("click", event => {
	const row = event.target.closest("tr[data-vma]");

	if (row)
		open_row(Number(row.getAttribute("aria-rowindex")) - 2);
});
table.box.addEventListener("keydown", event => {
	const page = Math.floor(table.box.clientHeight / ROW) - 2;
	const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };

	if (!event.target.closest("tr[data-vma]"))
		return;
	if (event.key in steps)
		activate(Math.max(0, Math.min(table.order.length - 1, table.active + steps[event.key])));
	else if (event.key === "Enter" || event.key === " ")
		open_row(table.active);
	else
		return;
	event.preventDefault();
});
table.box.addEventListener("scroll", () => draw_rows(false));
