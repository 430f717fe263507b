/* SPDX-License-Identifier: GPL-2.0 */
/*
 * people.h - who asks, and who is asked about: functions that make the calling
 * process somebody, for good. They exit if it cannot be done, 91 where the
 * kernel may refuse it with good reason.
 */
#ifndef TESTS_PEOPLE_H
#define TESTS_PEOPLE_H

#include "kit.h"

#define ALICE	1000
#define BOB	1001

struct who {
	const char *name;
	void (*become)(void);
};

void become(uid_t uid, gid_t gid);
void be_root(void);
void be_root_without_ptrace(void);
void be_root_without_any(void);
void be_alice(void);
void be_bob(void);
void be_alice_in_bobs_group(void);
void be_bob_with_ptrace(void);
void be_bob_with_admin(void);
void be_bob_with_perfmon(void);
void be_bob_with_dac(void);
void be_userns_root_alice(void);
void be_userns_root_bob(void);
void be_alice_by_fsuid(void);	/* the check of open() goes by file system ids */
void be_alice_effective(void);
void be_alice_landlocked(void);
/* In a mount namespace with a /proc of its own. */
void be_root_hidepid_invisible(void);
void be_alice_hidepid_invisible(void);
void be_bob_hidepid_noaccess(void);
void be_bob_hidepid_invisible(void);
void be_bob_hidepid_ptraceable(void);
void be_bob_subset_pid(void);

/*
 * Copies of the running program. Called so, it does what its first word says,
 * in role_of_copy(): pause, cat (standard input to output), say TEXT (to
 * standard output). main() calls role_of_copy() first.
 */
#define SETUID_COPY	"/tmp/mmscope-setuid"		/* of root */
#define CAPABLE_COPY	"/tmp/mmscope-capable"		/* has CAP_NET_RAW */
#define UNREADABLE_COPY	"/tmp/mmscope-unreadable"
#define PLAIN_COPY	"/tmp/mmscope-plain"
void make_copies(void);
void role_of_copy(int argc, char **argv);
void run_copy(const char *copy, const char *role);	/* exec; 92 if that fails */

void pause_for_ever(void);
/* Starts a child that becomes somebody and stays; waits until it has. */
pid_t stay_as(void (*become)(void));
void end(pid_t pid);			/* kills and reaps */

#endif /* TESTS_PEOPLE_H */
