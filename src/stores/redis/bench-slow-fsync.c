/* Makes every fsync and fdatasync of a program take SLOW_FSYNC_MS longer, as on a disk that does not lie.
 * cc -shared -fPIC -o slow-fsync.so bench-slow-fsync.c -ldl, then LD_PRELOAD=./slow-fsync.so */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int slowly(const char *name, int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  const int result = real(file);
  const char *given = getenv("SLOW_FSYNC_MS");
  const double ms = given ? atof(given) : 0;
  const struct timespec wait = {(time_t)(ms / 1000), (long)((ms - 1000 * (long)(ms / 1000)) * 1e6)};
  if (ms > 0) nanosleep(&wait, NULL);
  return result;
}

int fsync(int file) { return slowly("fsync", file); }
int fdatasync(int file) { return slowly("fdatasync", file); }
