// SPDX-License-Identifier: GPL-2.0
// list.js - below: the events as a table.  Of 200,000 rows only those that are to be
// seen exist; what is filtered out is not among them.

const PRINTED_MAX = 300;
const ROW = 27;

const list = { box: $("rows"), body: $("body"), drawn: "" };

function row_cells(k)
{
	const e = now.p.events[k], changes = text_of(E.changes, e), result = text_of(E.result, e);
	const what = make("td", { class: "what" }, shape_of(E.kind[e]), " ", make("code", null, what_of(e)),
		result ? make("code", { class: E.failed[e] ? "failed" : "faint" }, ` = ${result}`) : "");

	return [make("td", { class: "number num" }, number_text(k + 1)),
		make("td", { class: "when num" }, "+" + time_text(WHEN[e] - WHEN[now.p.events[0]])),
		make("td", { class: "tid num" }, String(E.tid[e])), what,
		make("td", { class: "changes" }, changes), make("td", { class: "caller" }, text_of(E.caller, e))];
}

function make_row(i)
{
	const k = now.shown[i], here = k === now.k;
	const row = make("tr", { "data-event": k, "aria-rowindex": i + 2, tabindex: here ? 0 : -1 }, ...row_cells(k));

	if (here)
		row.setAttribute("aria-selected", "true");
	return row;
}

function filler(height)
{
	const row = make("tr", { class: "filler", "aria-hidden": "true" });

	row.style.height = height + "px";
	return row;
}

function put_rows(first, last)
{
	const rows = [filler(first * ROW)];

	for (let i = first; i < last; i++)
		rows.push(make_row(i));
	rows.push(filler((now.shown.length - last) * ROW));
	list.body.replaceChildren(...rows);
}

function draw_rows(anew)
{
	const first = Math.max(0, Math.floor(list.box.scrollTop / ROW) - 6);
	const last = Math.min(now.shown.length, first + Math.ceil((list.box.clientHeight || 400) / ROW) + 12);
	const drawn = `${first} ${last}`, focused = document.activeElement && document.activeElement.closest("#body tr");

	if (!anew && drawn === list.drawn)
		return;
	list.drawn = drawn;
	put_rows(first, last);
	if (focused) {
		const row = list.body.querySelector("tr[aria-selected]");

		(row || list.box).focus({ preventScroll: true });
	}
}

// The place of the moment among the events that are shown; or of the first behind it.
function place_shown(k) { return above(now.shown, k - 0.5, 0, now.shown.length); }

function follow_list()
{
	const i = place_shown(now.k), high = list.box.clientHeight - ROW - 6;

	if (i * ROW < list.box.scrollTop)
		list.box.scrollTop = Math.max(0, i * ROW - ROW);
	else if ((i + 1) * ROW > list.box.scrollTop + high)
		list.box.scrollTop = (i + 2) * ROW - high;
	draw_rows(true);
}

function draw_count()
{
	const n = now.shown.length;

	$("count").textContent = n === now.p.n ? `${number_text(n)} events` :
		`${number_text(n)} of ${number_text(now.p.n)} events`;
	list.box.firstElementChild.setAttribute("aria-rowcount", n + 1);
}

list.body.addEventListener("click", event => {
	const row = event.target.closest("tr[data-event]");

	if (row)
		go(Number(row.dataset.event));
});
list.box.addEventListener("keydown", event => {
	if ((event.key !== "ArrowDown" && event.key !== "ArrowUp") || !event.target.closest("tr[data-event]"))
		return;
	event.preventDefault();
	step(event.key === "ArrowDown" ? 1 : -1);
});
list.box.addEventListener("scroll", () => draw_rows(false));
