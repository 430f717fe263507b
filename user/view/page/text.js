// SPDX-License-Identifier: GPL-2.0
// text.js - numbers and names in words, as the command line writes them; and the search
// in what is sorted.
"use strict";

// First index whose value is above `value`, of an ascending array.
function above(array, value, from, to)
{
	while (from < to) {
		const middle = (from + to) >> 1;

		if (array[middle] > value)
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

// Hexadecimal as a number, of which the last digits are lost beyond 2^53: for pages.
function parse_hex(text)
{
	const big = BigInt(text.startsWith("0x") ? text : "0x" + text);

	return Number(big / BigInt(PAGE)) * PAGE + Number(big % BigInt(PAGE));
}

function hex(page, offset)
{
	return "0x" + (BigInt(Math.floor(page)) * BigInt(PAGE) + BigInt(offset || 0)).toString(16);
}

function has(mask, bit) { return Math.floor(mask / 2 ** bit) % 2 === 1; }

function names_of(mask, names)
{
	return names.filter((name, bit) => name && has(mask, bit));
}

// As the command line writes sizes: exact if there is no point.
function size_text(bytes)
{
	const units = ["B", "K", "M", "G", "T", "P", "E"];
	let unit = 0, value = bytes;

	if (bytes === null || bytes === undefined)
		return "?";
	if (bytes === "unlimited" || bytes === 0)
		return String(bytes);
	while (value >= 1024 && unit < units.length - 1) {
		value /= 1024;
		unit++;
	}
	return (Number.isInteger(value) ? value : value.toFixed(1)) + units[unit];
}

function number_text(n) { return String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f"); }

// Text from outside: what would not be seen, or be seen elsewhere, is written out.
function shown(text)
{
	return text.replace(/[\\\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]/g,
		c => c === "\n" ? "\\n" : c === "\t" ? "\\t" : c === "\r" ? "\\r" : c === "\\" ? "\\\\" :
			c < "\u0100" ? "\\x" + c.charCodeAt(0).toString(16).padStart(2, "0") :
			"\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}
