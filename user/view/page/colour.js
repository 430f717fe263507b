// SPDX-License-Identifier: GPL-2.0
// colour.js - what purposes of VMAs look like, the letters of pictures, and the theme:
// as the reader's system has it, or light, or dark.

const PURPOSE_HUE = {
	text: 45, code: 45, heap: 150, arena: 150, stack: 195, "thread-stack": 195, data: 265,
	bss: 265, relro: 265, rodata: 230, file: 20, "shared-file": 20, shared: 330, vdso: 300,
	device: 300, hugetlb: 95, anon: 110, guard: -1, reserved: -1, unknown: -1,
};
const MONO = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
const FONT = "11px " + MONO;

function css(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

function purpose_colour(purpose, strong, dark)
{
	const hue = PURPOSE_HUE[purpose];

	if (hue === undefined || hue < 0)
		return dark ? (strong ? "#5a5f66" : "#33373c") : (strong ? "#a9aeb5" : "#dfe2e6");
	if (dark)
		return `hsl(${hue} 38% ${strong ? 42 : 24}%)`;
	return `hsl(${hue} 55% ${strong ? 62 : 86}%)`;
}

function is_dark() { return css("--dark") === "1"; }

const colour_users = [];

// Calls it when colours have become others.
function on_colours(draw) { colour_users.push(draw); }

function tell_colours()
{
	for (const draw of colour_users)
		draw();
}

const THEMES = ["auto", "light", "dark"];
$("theme").addEventListener("click", () => {
	const root = document.documentElement;
	const next = THEMES[(THEMES.indexOf(root.dataset.theme || "auto") + 1) % THEMES.length];

	root.dataset.theme = next;
	$("theme").textContent = `theme: ${next}`;
	tell_colours();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell_colours);
