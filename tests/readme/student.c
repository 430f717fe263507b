/* The student's program of the README: it touches one page too many. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *buffer = mmap(NULL, 32 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (buffer == MAP_FAILED)
		return 1;
	printf("buffer %p\n", (void *)buffer);
	fflush(stdout);
	for (size_t i = 0; i <= 2; i++)
		buffer[i * page] = 1;
	printf("touched\n");
	fflush(stdout);
	return 0;
}
