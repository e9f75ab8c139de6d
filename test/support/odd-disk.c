/* Preloaded into a process: makes each sync of a file slow, or each write fail, as a file says that ODD_DISK names. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* "ok", "sync MILLISECONDS" or "read-only". */
static void order(char *text, size_t size) {
  memset(text, 0, size);
  const char *path = getenv("ODD_DISK");
  int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t got = read(fd, text, size - 1);
  if (got < 0) text[0] = 0;
  close(fd);
}

static int slow_sync(int fd, long call) {
  char text[32];
  order(text, sizeof text);
  if (strncmp(text, "sync ", 5) == 0) {
    long ms = atol(text + 5);
    struct timespec wait = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&wait, NULL);
  }
  return syscall(call, fd);
}

int fsync(int fd) { return slow_sync(fd, SYS_fsync); }
int fdatasync(int fd) { return slow_sync(fd, SYS_fdatasync); }

static ssize_t put(int fd, const void *bytes, size_t size, off64_t at) {
  char text[32];
  order(text, sizeof text);
  if (strncmp(text, "read-only", 9) == 0) {
    errno = EROFS;
    return -1;
  }
  return syscall(SYS_pwrite64, fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { return put(fd, bytes, size, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) { return put(fd, bytes, size, at); }
