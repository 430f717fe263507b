// SPDX-License-Identifier: GPL-2.0
/*
 * mmscope_crime.c - a module that does one wrong thing, the one it is told to,
 * when it is loaded: to see that a debug kernel notices, and that the lab calls
 * the run a failure. It has nothing to do with mmscope but its name.
 *
 *	insmod mmscope_crime.ko crime=use_after_free
 *
 * Never load it but in a lab VM.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *crime = "none";
module_param(crime, charp, 0);

/* What the compiler must not see through. */
static volatile int nothing, forty = 40;

static void none(void)
{
}

static void use_after_free(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	kfree(p);
	nothing = *(volatile char *)(p + 8);
}

static void beyond_the_end(void)
{
	char *p = kmalloc(40, GFP_KERNEL);

	if (p)
		*(volatile char *)(p + forty) = 1;
	kfree(p);
}

/* On the stack: an array, and what is beside it. */
static void beside_the_stack(void)
{
	volatile char array[40];

	array[0] = 1;
	nothing = *((volatile char *)array + forty);
}

static void sleep_in_atomic(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	msleep(1);
	spin_unlock(&lock);
}

/* Never both at once, so nothing hangs; but the orders contradict each other. */
static void two_orders(void)
{
	static DEFINE_MUTEX(a);
	static DEFINE_MUTEX(b);

	mutex_lock(&a);
	mutex_lock(&b);
	mutex_unlock(&b);
	mutex_unlock(&a);
	mutex_lock(&b);
	mutex_lock(&a);
	mutex_unlock(&a);
	mutex_unlock(&b);
}

static void __rcu *nowhere;

static void rcu_without_lock(void)
{
	nothing = !!rcu_dereference(nowhere);
}

static void leak(void)
{
	int i;

	for (i = 0; i < 8; i++)
		if (kmalloc(100, GFP_KERNEL))
			nothing++;
}

static void shift_too_far(void)
{
	nothing = 1 << forty;
}

static void list_twice(void)
{
	static LIST_HEAD(head);
	static struct list_head item;

	list_add(&item, &head);
	list_add(&item, &head);
}

/* Not on the stack, and plain: who reads and writes it at once, races. */
static unsigned long shared_counter;

static int racer(void *arg)
{
	unsigned long until = jiffies + 10 * HZ;

	while (time_before(jiffies, until)) {
		int i;

		for (i = 0; i < 10000; i++) {
			shared_counter++;
			barrier();
		}
		cond_resched();
	}
	complete(arg);
	return 0;
}

static void race(void)
{
	DECLARE_COMPLETION_ONSTACK(done);
	int i, n = 0;

	for (i = 0; i < 2; i++)
		n += !IS_ERR(kthread_run(racer, &done, "racer%d", i));
	while (n--)
		wait_for_completion(&done);
}

static const struct {
	const char *name;
	void (*commit)(void);
} crimes[] = {
	{ "none", none },
	{ "use_after_free", use_after_free },
	{ "beyond_the_end", beyond_the_end },
	{ "beside_the_stack", beside_the_stack },
	{ "sleep_in_atomic", sleep_in_atomic },
	{ "two_orders", two_orders },
	{ "rcu_without_lock", rcu_without_lock },
	{ "leak", leak },
	{ "shift_too_far", shift_too_far },
	{ "list_twice", list_twice },
	{ "data_race", race },
};

static int __init crime_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(crimes); i++) {
		if (strcmp(crimes[i].name, crime))
			continue;
		crimes[i].commit();
		return 0;
	}
	return -EINVAL;
}

static void __exit crime_exit(void)
{
}

module_init(crime_init);
module_exit(crime_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("One wrong thing, to see that it is noticed; never load it outside a lab");
MODULE_AUTHOR("The mmscope authors");
