#include "registries.h"

#include <string.h>

#include "ascii.h"

/* What registries run directly below a country's domain, of the ICANN part of
 * the Public Suffix List: the commonest. gov.us is no entry there, but its
 * names are for governments to give. */
static const struct {
  char country[3];
  const char *labels; /* each between spaces */
} registries[] = {
  {"ae", " ac co gov mil net org sch "},
  {"ar", " com edu gob gov mil net org "},
  {"at", " ac co gv or "},
  {"au", " asn com edu gov id net org "},
  {"br", " adv com edu gov mil net org "},
  {"cl", " co gob gov mil "},
  {"cn", " ac com edu gov mil net org "},
  {"co", " com edu gov mil net nom org "},
  {"cy", " ac com gov ltd mil net org "},
  {"eg", " com edu gov mil net org "},
  {"es", " com edu gob nom org "},
  {"fr", " asso com gouv nom "},
  {"gr", " com edu gov net org "},
  {"hk", " com edu gov idv net org "},
  {"hu", " co org "},
  {"id", " ac co go mil net or sch "},
  {"il", " ac co gov muni net org "},
  {"in", " ac co com edu gen gov mil net nic org "},
  {"jp", " ac co go ne or "},
  {"ke", " ac co go ne or "},
  {"kr", " ac co go mil ne or re "},
  {"mx", " com edu gob net org "},
  {"my", " com edu gov mil net org "},
  {"ng", " com edu gov mil net org sch "},
  {"nz", " ac co gen govt mil net org school "},
  {"pe", " com edu gob mil net nom org "},
  {"ph", " com edu gov mil net org "},
  {"pl", " com edu gov mil net nom org "},
  {"pt", " com edu gov net org "},
  {"ro", " com nom org "},
  {"sa", " com edu gov net org sch "},
  {"sg", " com edu gov net org "},
  {"th", " ac co go net or "},
  {"tr", " com edu gen gov mil net org "},
  {"tw", " com edu gov idv mil net org "},
  {"ua", " com edu gov net org "},
  {"uk", " ac co gov ltd net nhs org plc police "},
  {"us", " co gov id ne or "},
  {"uy", " com edu gub mil net org "},
  {"ve", " co com edu gob gov mil net nom org "},
  {"vn", " ac com edu gov net org "},
  {"za", " ac co edu gov mil net nic nom org school "},
};

enum { LABEL_MAX = 8 };

/* Whether the label is in a list of such. */
static bool has(const char *labels, const char *s, size_t n)
{
  char word[LABEL_MAX + 3] = " ";
  if (n > LABEL_MAX)
    return false;
  for (size_t i = 0; i < n; i++)
    word[i + 1] = dcc_ascii_lower(s[i]);
  word[n + 1] = ' ';
  word[n + 2] = '\0';
  return strstr(labels, word) != NULL;
}

bool dcc_is_registry(const char *s, size_t n)
{
  const char *dot = memchr(s, '.', n);
  size_t label = dot == NULL ? 0 : (size_t)(dot - s);
  if (label == 0 || n != label + 3)
    return false;
  for (size_t i = 0; i < sizeof registries / sizeof *registries; i++)
    if (registries[i].country[0] == dcc_ascii_lower(dot[1]) &&
        registries[i].country[1] == dcc_ascii_lower(dot[2]))
      return has(registries[i].labels, s, label);
  return false;
}
