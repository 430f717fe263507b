// SPDX-License-Identifier: GPL-2.0
// search.js - finds an address, a symbol, or a VMA by its name, purpose or access.

const SEARCH_MAX = 40;
const search = { input: document.getElementById("search"), list: document.getElementById("found"),
	found: [], at: -1 };

function find_address(text)
{
	const range = text.match(/^(?:0x)?([0-9a-f]{1,16})(?:-(?:0x)?[0-9a-f]{1,16})?$/i);

	if (!range || !(/^0x/i.test(text) || /\d/.test(text) || text.length >= 6))
		return [];
	const page = Number(BigInt("0x" + range[1]) / BigInt(PAGE)), i = vma_of(page);

	return [{ kind: "address", text: "0x" + range[1].toLowerCase(), page,
		more: i < 0 ? "nothing is mapped there" : vma_words(i) }];
}

// How well a name answers: 0 is the same word, above 2 it does not.
function rank(name, word)
{
	const low = name.toLowerCase();

	return name === word ? 0 : low.startsWith(word.toLowerCase()) ? 1 : low.includes(word.toLowerCase()) ? 2 : 3;
}

function find_symbols(word)
{
	const found = [];

	for (const object of OBJECTS) {
		for (let k = 0; k < object.symbols.length; k++) {
			const order = rank(object.symbols[k], word);

			if (order > 2)
				continue;
			const address = BigInt(object.base) * BigInt(PAGE) + BigInt(object.symbol_at[k]);

			found.push({ order, kind: "symbol", text: shown(object.symbols[k]),
				more: `${object.short} 0x${address.toString(16)}`, page: Number(address / BigInt(PAGE)) });
		}
	}
	return found.sort((a, b) => a.order - b.order || a.text.length - b.text.length).slice(0, SEARCH_MAX);
}

function find_vmas(word)
{
	const found = [];

	for (let i = 0; i < COUNT && found.length < 4 * SEARCH_MAX; i++) {
		const name = vma_name(i), base = name.replace(/.*\/(?=.)/, "");
		const order = Math.min(rank(name, word), rank(base, word), rank(base.replace(/^\[|\]$|\.so.*$/g, ""), word),
			rank(vma_purpose(i), word), perms(i) === word ? 0 : 3);

		if (order < 3)
			found.push({ order, kind: "VMA", text: vma_words(i), vma: i, page: START[i],
				more: `${hex(START[i])} ${size_text(PAGES[i] * PAGE)} ${perms(i)}` });
	}
	return found.sort((a, b) => a.order - b.order).slice(0, SEARCH_MAX);
}

// The exact ones of all kinds first; of the others VMAs before symbols.
function find(word)
{
	const all = [...find_address(word), ...find_vmas(word), ...find_symbols(word)];
	const exact = all.filter(f => !f.order), others = all.filter(f => f.order);

	return [...exact, ...others].slice(0, SEARCH_MAX);
}

function close_search()
{
	search.list.hidden = true;
	search.input.setAttribute("aria-expanded", "false");
	search.input.removeAttribute("aria-activedescendant");
}

function mark_found(at)
{
	search.at = at;
	[...search.list.children].forEach((item, k) => item.setAttribute("aria-selected", String(k === at)));
	if (at >= 0) {
		search.input.setAttribute("aria-activedescendant", "found-" + at);
		search.list.children[at].scrollIntoView({ block: "nearest" });
	}
}

function list_found()
{
	const word = search.input.value.trim();

	search.found = word ? find(word) : [];
	search.list.replaceChildren(...search.found.map((f, k) => {
		const item = make("li", { role: "option", id: "found-" + k, "aria-selected": "false" },
			make("span", { class: "kind" }, f.kind), make("b", null, f.text), make("span", { class: "more" }, f.more));

		item.addEventListener("pointerdown", event => { event.preventDefault(); take_found(k); });
		return item;
	}));
	if (word && !search.found.length)
		search.list.replaceChildren(make("li", { class: "none" }, no_match(word)));
	search.list.hidden = !word;
	search.input.setAttribute("aria-expanded", String(!!word));
	search.at = -1;
	if (search.found.length)
		mark_found(0);
	if (word)
		say(search.found.length ? `${search.found.length} found, first ${search.found[0].text}` : no_match(word));
}

function no_match(word)
{
	const out = R.symbols_left_out ? [`${number_text(R.symbols_left_out)} symbols are not in this report`] : [];

	if (R.objects_unread)
		out.push(`objects whose file could not be read: ${R.objects_unread}`);
	return `nothing is called ${shown(word)}` + (out.length ? ` (${out.join("; ")})` : "");
}

function take_found(k)
{
	const f = search.found[k];

	if (!f)
		return;
	close_search();
	if (f.kind === "VMA")
		show_vma(f.vma);
	else
		show_page(f.page);
	choose_page(f.page);
	map.canvas.focus({ preventScroll: true });
	document.getElementById("picture").scrollIntoView({ block: "nearest" });
}

search.input.addEventListener("input", list_found);
search.input.addEventListener("focus", () => { if (search.input.value.trim()) list_found(); });
search.input.addEventListener("blur", close_search);
search.input.addEventListener("keydown", event => {
	const n = search.found.length;

	if (event.key === "ArrowDown" && n)
		mark_found((search.at + 1) % n);
	else if (event.key === "ArrowUp" && n)
		mark_found((search.at + n - 1) % n);
	else if (event.key === "Enter")
		take_found(Math.max(0, search.at));
	else if (event.key === "Escape")
		search.list.hidden ? map.canvas.focus() : close_search();
	else
		return;
	event.preventDefault();
	event.stopPropagation();
});
