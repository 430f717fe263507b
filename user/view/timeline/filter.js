// SPDX-License-Identifier: GPL-2.0
// filter.js - which events are shown: by kind, by caller, by VMA, by what is searched.

const filter = { kinds: new Set(), caller: null, vma: null, text: "" };

// Ranges of pages that an event is about, or did something to.
function touches(p, k, start, end)
{
	const e = p.events[k], about = E.about[e], marks = E.marks[e];

	for (let i = 0; about && i < about.length; i += 2)
		if (about[i] < end && start < about[i] + about[i + 1])
			return true;
	for (let i = 0; marks && i < marks.length; i += 3)
		if (marks[i] < end && start < marks[i] + marks[i + 1])
			return true;
	return own_of(p, k).some(ids => ids.some(id => V_START[id] < end && start < v_end(id)));
}

let low_texts = null;

// Texts that have a word in them, as 0 or 1.
function texts_with(word)
{
	const low = word.toLowerCase();

	low_texts = low_texts || TEXTS.map(text => shown(text).toLowerCase());
	return Uint8Array.from(low_texts, text => text.includes(low) ? 1 : 0);
}

function page_of(word)
{
	const address = word.match(/^0x([0-9a-f]{1,16})$/i) || word.match(/^([0-9a-f]{8,16})$/i);

	return address ? Number(BigInt("0x" + address[1]) / BigInt(PAGE)) : null;
}

function finder(word)
{
	const with_it = texts_with(word), page = page_of(word);

	return (p, k) => {
		const e = p.events[k];

		return [E.what, E.result, E.changes, E.caller].some(c => c[e] !== null && with_it[c[e]]) ||
			(page !== null && touches(p, k, page, page + 1)) || own_of(p, k).some(ids =>
			ids.some(id => with_it[T.vmas.name[id]]));
	};
}

function is_filtered() { return filter.kinds.size > 0 || filter.caller !== null || filter.vma !== null || filter.text !== ""; }

// Numbers of the events that are shown.
function choose_events(p)
{
	const found = filter.text ? finder(filter.text) : null, chosen = [];

	for (let k = 0; k < p.n; k++) {
		const e = p.events[k];

		if ((!filter.kinds.size || filter.kinds.has(E.kind[e])) &&
		    (filter.caller === null || E.caller[e] === filter.caller) &&
		    (filter.vma === null || touches(p, k, filter.vma.start, filter.vma.start + filter.vma.pages)) &&
		    (!found || found(p, k)))
			chosen.push(k);
	}
	return Uint32Array.from(chosen);
}

function filter_words()
{
	const words = [...filter.kinds].map(kind => KINDS[kind]);

	if (filter.caller !== null)
		words.push("by " + shown(TEXTS[filter.caller]));
	if (filter.vma)
		words.push("of " + filter.vma.words);
	if (filter.text)
		words.push(`\u201c${shown(filter.text)}\u201d`);
	return words;
}
