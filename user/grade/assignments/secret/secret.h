/* Given to students: a secret, as it lies in memory: not at the start of a page. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define SECRET_SIZE	8500

char secret[SECRET_SIZE] __attribute__((aligned(8192))) = "";
