/* crc32.c: the checksum of a line of the journal (ISO 3309, as in gzip):
 * it finds every change of one byte, and all but one in 2^32 of others. */
#include "crc32.h"

/* The CRC of each half of a byte: small, and fast enough beside the reading
 * of a line of JSON. */
static const uint32_t halves[16] = {
  0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
  0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
  0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t dcc_crc32(const char *s, size_t n)
{
  uint32_t crc = 0xffffffff;
  for (size_t i = 0; i < n; i++) {
    crc ^= (unsigned char)s[i];
    crc = crc >> 4 ^ halves[crc & 15];
    crc = crc >> 4 ^ halves[crc & 15];
  }
  return ~crc;
}
