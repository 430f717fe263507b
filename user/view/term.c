// SPDX-License-Identifier: GPL-2.0
/*
 * term.c - a full screen by ncurses, and the signals that have to do with it.
 * They are let in only while we wait: none meets a half-drawn screen, or ncurses in
 * the midst of something.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "table.h"
#include "term.h"
#include "text.h"

/* Behind all else: what these define as macros are words of ours. */
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

#define PAIRS	64

static struct {
	SCREEN *screen;
	FILE *in;			/* keys: standard input, or the terminal itself */
	struct view_ink ink;
	uint8_t pair[PAIRS];		/* their colours */
	int pairs;
	sigset_t before;		/* the mask of signals */
} term;

static volatile sig_atomic_t ended_by, continued;

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define ENDING	(sizeof(ending) / sizeof(ending[0]))

static void on_end(int signal)
{
	ended_by = signal;
}

static void on_continue(int signal)
{
	(void)signal;
	continued = 1;
}

/* ncurses has handlers for SIGTSTP and SIGWINCH already, and these work. */
static void take_signals(void)
{
	struct sigaction action = { .sa_handler = on_end }, old;
	sigset_t held;

	sigemptyset(&held);
	for (size_t i = 0; i < ENDING; i++) {
		sigaction(ending[i], NULL, &old);
		/* Under nohup, say: that stays. */
		if (old.sa_handler != SIG_IGN)
			sigaction(ending[i], &action, NULL);
		sigaddset(&held, ending[i]);
	}
	action.sa_handler = on_continue;
	sigaction(SIGCONT, &action, NULL);
	sigaddset(&held, SIGTSTP);
	sigaddset(&held, SIGWINCH);
	sigaddset(&held, SIGCONT);
	sigprocmask(SIG_BLOCK, &held, &term.before);
}

static void choose_ink(void)
{
	term.ink.unicode = view_unicode();
	term.ink.colours = 0;
	if (!view_colours() || !has_colors() || start_color() == ERR)
		return;
	use_default_colors();
	term.ink.colours = COLORS >= 256 ? 256 : COLORS >= 8 ? 16 : 0;
}

/* A terminal that cannot move its cursor is a printer. */
static bool can_show(void)
{
	char *cup;
	int error;
	bool can;

	if (!isatty(STDOUT_FILENO) || setupterm(NULL, STDOUT_FILENO, &error) != OK)
		return false;
	cup = tigetstr("cup");
	can = cup && cup != (char *)-1;
	/* newterm() makes one of its own. */
	del_curterm(cur_term);
	return can;
}

bool view_term_open(void)
{
	if (!can_show())
		return false;
	term.in = isatty(STDIN_FILENO) ? stdin : fopen("/dev/tty", "re");
	if (!term.in)
		return false;
	use_tioctl(TRUE);
	term.screen = newterm(NULL, stdout, term.in);
	if (!term.screen)
		return false;
	take_signals();
	choose_ink();
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(50);
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	mouseinterval(0);
	return true;
}

void view_term_close(void)
{
	endwin();
	delscreen(term.screen);
	if (term.in != stdin)
		fclose(term.in);
	fflush(stdout);
	for (size_t i = 0; ended_by && i < ENDING; i++)
		if (ending[i] == ended_by)
			signal(ending[i], SIG_DFL);
	if (ended_by)
		raise(ended_by);
	sigprocmask(SIG_SETMASK, &term.before, NULL);
}

void view_term_look(int *rows, int *cols, struct view_ink *ink)
{
	*rows = LINES;
	*cols = COLS;
	*ink = term.ink;
}

/* ---- showing ----------------------------------------------------------------- */

/* Pairs are made as colours occur; 0 is the terminal's own. */
static short pair_of(uint8_t colour)
{
	if (!colour || !term.ink.colours)
		return 0;
	for (int i = 0; i < term.pairs; i++)
		if (term.pair[i] == colour)
			return (short)(i + 1);
	if (term.pairs == PAIRS || term.pairs + 1 >= COLOR_PAIRS ||
	    init_pair((short)(term.pairs + 1), (short)(colour - 1), -1) == ERR)
		return 0;
	term.pair[term.pairs] = colour;
	return (short)++term.pairs;
}

static attr_t attributes_of(struct view_style style)
{
	return (style.attributes & VIEW_BOLD ? A_BOLD : 0) |
	       (style.attributes & VIEW_DIM ? A_DIM : 0) |
	       (style.attributes & VIEW_REVERSE ? A_REVERSE : 0);
}

void view_term_show(const struct view_canvas *c)
{
	erase();
	for (int row = 0; row < c->rows && row < LINES; row++)
		for (int col = 0; col < c->cols && col < COLS; col++) {
			const struct view_glyph *g = &c->glyph[row * c->cols + col];

			if (!g->width || (!strcmp(g->text, " ") && !g->style.attributes))
				continue;
			attr_set(attributes_of(g->style), pair_of(g->style.colour), NULL);
			mvaddstr(row, col, g->text);
		}
	attr_set(A_NORMAL, 0, NULL);
	refresh();
}

/* ---- waiting ----------------------------------------------------------------- */

/* Stopped and let go on, it may be another terminal: of another size, and not ours. */
static void come_back(void)
{
	struct winsize size;

	if (!continued)
		return;
	continued = 0;
	reset_prog_mode();
	curs_set(0);
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col &&
	    (size.ws_row != LINES || size.ws_col != COLS))
		resizeterm(size.ws_row, size.ws_col);
	clearok(curscr, TRUE);
	ungetch(KEY_RESIZE);
}

bool view_term_wait(uint64_t ns)
{
	struct timespec time = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) };
	struct pollfd p = { .fd = fileno(term.in), .events = POLLIN };
	int n = ppoll(&p, 1, &time, &term.before);

	if (ended_by || (n < 0 && errno != EINTR))
		return false;
	come_back();
	/* The terminal is gone, and nobody said so by a signal. */
	return n <= 0 || !(p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static struct view_event mouse(void)
{
	struct view_event event = { VIEW_KEY_NONE, 0, 0 };
	MEVENT m;

	if (getmouse(&m) != OK)
		return event;
	event.row = m.y;
	event.col = m.x;
	event.key = m.bstate & BUTTON4_PRESSED ? VIEW_KEY_WHEEL_UP :
		    m.bstate & BUTTON5_PRESSED ? VIEW_KEY_WHEEL_DOWN :
		    m.bstate & BUTTON1_PRESSED ? VIEW_KEY_CLICK : VIEW_KEY_RESIZE;
	return event;
}

static uint32_t special(wint_t key)
{
	static const struct { wint_t curses; uint32_t key; } keys[] = {
		{ KEY_UP, VIEW_KEY_UP }, { KEY_DOWN, VIEW_KEY_DOWN },
		{ KEY_LEFT, VIEW_KEY_LEFT }, { KEY_RIGHT, VIEW_KEY_RIGHT },
		{ KEY_PPAGE, VIEW_KEY_PAGE_UP }, { KEY_NPAGE, VIEW_KEY_PAGE_DOWN },
		{ KEY_HOME, VIEW_KEY_HOME }, { KEY_END, VIEW_KEY_END },
		{ KEY_ENTER, VIEW_KEY_ENTER }, { KEY_BACKSPACE, VIEW_KEY_BACKSPACE },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].curses == key)
			return keys[i].key;
	if (key > KEY_F(0) && key <= KEY_F(12))
		return VIEW_KEY_F0 + (key - KEY_F(0));
	return VIEW_KEY_RESIZE;	/* and what has no meaning here does no harm */
}

struct view_event view_term_event(void)
{
	struct view_event event = { VIEW_KEY_NONE, 0, 0 };
	wint_t key;
	int got = get_wch(&key);

	if (got == KEY_CODE_YES && key == KEY_MOUSE)
		return mouse();
	if (got == KEY_CODE_YES)
		event.key = special(key);
	else if (got == OK)
		event.key = key == '\r' || key == '\n' ? VIEW_KEY_ENTER :
			    key == 27 ? VIEW_KEY_ESCAPE :
			    key == 127 || key == 8 ? VIEW_KEY_BACKSPACE : key;
	return event;
}
