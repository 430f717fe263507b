/* SPDX-License-Identifier: GPL-2.0 */
/*
 * table.h - tables with chosen columns, drawn by libsmartcols.
 * A verb has an enum of columns and one row of struct view_column for each:
 * it drives the header, -o and --help.
 */
#ifndef MMSCOPE_TABLE_H
#define MMSCOPE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view_column {
	const char *name;	/* "START"; NULL ends the table of columns */
	unsigned int flags;	/* VIEW_* */
	const char *help;	/* one line */
};

#define VIEW_RIGHT	(1U << 0)	/* numbers */
#define VIEW_TRUNC	(1U << 1)	/* may lose its left part on a narrow terminal */
#define VIEW_WRAP	(1U << 2)	/* a list that may take several lines there */

struct view_table;

struct view_options {
	const char *columns;	/* -o: "A,B", or "+A" to add to the default; or NULL */
	const char *defaults;	/* the columns without -o: "A,B" */
	bool noheadings;
	bool bytes;		/* sizes as plain numbers */
};

/*
 * Whether column `id` is in the list of columns that will be shown by these
 * options: what is not shown need not be asked for.
 */
bool view_columns_have(const struct view_column *columns,
		       const struct view_options *options, unsigned int id);
/*
 * Starts a table on stdout.  NULL if options->columns is wrong: then `wrong`
 * holds the word that names no column.
 */
struct view_table *view_table_new(const struct view_column *columns,
				  const struct view_options *options, char wrong[32]);
/* Whether column `id` is drawn: what is not need not be made. */
bool view_table_has(const struct view_table *table, unsigned int id);
/* A new line; the cells set next are in it, those not set stay empty. */
void view_table_line(struct view_table *table);
void view_table_text(struct view_table *table, unsigned int id, const char *text);
void view_table_address(struct view_table *table, unsigned int id, uint64_t address);
void view_table_number(struct view_table *table, unsigned int id, uint64_t number);
/* Bytes: as people read them, or as a number with --bytes. */
void view_table_size(struct view_table *table, unsigned int id, uint64_t bytes);
/* The whole line in a colour of libsmartcols; none off a terminal. */
void view_table_colour(struct view_table *table, const char *colour);
/* Draws what is left and frees the table. */
void view_table_end(struct view_table *table);

/*
 * Draws the lines so far and goes on: the table is held in memory until it is
 * drawn.  What comes may need wider columns; none gets narrower.
 */
void view_table_flush(struct view_table *table);
/* From the next flush on that column has room for so many cells of a terminal. */
void view_table_at_least(struct view_table *table, unsigned int id, size_t cells);

/*
 * A long table, drawn as it is made, in columns that fit all of it: make it twice.
 * What is set between the first of these and the second is measured only.
 */
void view_table_measure(struct view_table *table);
void view_table_measured(struct view_table *table);
/* Frees it undrawn; NULL is fine. */
void view_table_drop(struct view_table *table);

/* Whether stdout wants colours: a terminal, and NO_COLOR is not set. */
bool view_colours(void);

#endif
