/* once.c: preloaded beside a sanitizer, keeps it to the process that it was
 * meant for: what that process starts is not watched. */
#include <stdlib.h>

__attribute__((constructor)) static void once(void)
{
  unsetenv("LD_PRELOAD");
}
