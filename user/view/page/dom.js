// SPDX-License-Identifier: GPL-2.0
// dom.js - parts of the page, made so that text from outside is only ever text; and
// words for those who listen.

const $ = id => document.getElementById(id);

function make(tag, attributes, ...children)
{
	const element = document.createElement(tag);

	for (const [key, value] of Object.entries(attributes || {}))
		element.setAttribute(key, value);
	element.append(...children.filter(c => c !== null && c !== undefined));
	return element;
}

function state_sign(state)
{
	const sign = make("span", { class: "sign", "aria-hidden": "true" }, STATES[state].sign);

	sign.dataset.state = STATES[state].name;
	sign.style.background = STATES[state].colour;
	return sign;
}

function terms(list, rows)
{
	for (const [term, value] of rows) {
		if (value === null || value === undefined || value === "")
			continue;
		list.append(make("dt", null, term), make("dd", null, ...(Array.isArray(value) ? value : [value])));
	}
	return list;
}

const live = $("live");
let saying = 0;

// Not while keys are held down: what was passed over is not of interest.
function say(text)
{
	clearTimeout(saying);
	saying = setTimeout(() => { live.textContent = text; }, 120);
}
