/* crc32.h: a checksum against damage, not against anybody's intent */
#ifndef DCC_CRC32_H
#define DCC_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The CRC-32 (ISO 3309) of n bytes at s. */
uint32_t dcc_crc32(const char *s, size_t n);

#endif
