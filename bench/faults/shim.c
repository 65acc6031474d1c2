/* Preloaded: counts syncs, and lets them fail with EIO while the file named by WAGLAN_SHIM_FAIL exists. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_long syncs, failures;

long shim_syncs(void) { return atomic_load(&syncs); }
long shim_failures(void) { return atomic_load(&failures); }

static int meet(const char *name, int fd) {
    const char *fail = getenv("WAGLAN_SHIM_FAIL");
    if (fail && access(fail, F_OK) == 0) {
        atomic_fetch_add(&failures, 1);
        errno = EIO;
        return -1;
    }
    atomic_fetch_add(&syncs, 1);
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return real(fd);
}

int fsync(int fd) { return meet("fsync", fd); }
int fdatasync(int fd) { return meet("fdatasync", fd); }
