/* hang.c: preloaded, it makes every look-up of a name hang */
#include <netdb.h>
#include <unistd.h>

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
  (void)name, (void)service, (void)hints, (void)result;
  for (;;)
    pause();
}
