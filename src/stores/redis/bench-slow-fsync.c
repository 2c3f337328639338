/* Makes every fsync and fdatasync of a program take SLOW_FSYNC_MS longer, as on a disk that does not lie, and counts them
 * in the first 8 bytes of the file FSYNC_COUNT.
 * cc -shared -fPIC -o slow-fsync.so bench-slow-fsync.c -ldl, then LD_PRELOAD=./slow-fsync.so */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int64_t *count;

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("FSYNC_COUNT");
  const int file = path ? open(path, O_RDWR | O_CREAT, 0600) : -1;
  if (file < 0 || ftruncate(file, sizeof *count) != 0) return;
  void *shared = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (shared != MAP_FAILED) count = shared;
  close(file);
}

static int slowly(const char *name, int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  const int result = real(file);
  const char *given = getenv("SLOW_FSYNC_MS");
  const double ms = given ? atof(given) : 0;
  const struct timespec wait = {(time_t)(ms / 1000), (long)((ms - 1000 * (long)(ms / 1000)) * 1e6)};
  if (ms > 0) nanosleep(&wait, NULL);
  if (count) __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
  return result;
}

int fsync(int file) { return slowly("fsync", file); }
int fdatasync(int file) { return slowly("fdatasync", file); }
