/* nearest.c: what was meant by a name that the form does not have */
#include <string.h>

#include "ascii.h"
#include "form.h"

enum { NAME_MAX_LENGTH = 40 };

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
  unsigned least = a < b ? a : b;
  return least < c ? least : c;
}

static bool is_swapped(const char *a, const char *b)
{
  return dcc_ascii_lower(a[0]) == dcc_ascii_lower(b[1]) &&
         dcc_ascii_lower(a[1]) == dcc_ascii_lower(b[0]);
}

/* Letters to change, add, drop or swap with a neighbour to make a into b
 * (optimal string alignment). Both have at most NAME_MAX_LENGTH letters. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
  unsigned rows[3][NAME_MAX_LENGTH + 1];
  unsigned *before = rows[0], *above = rows[1], *row = rows[2];
  for (size_t j = 0; j <= nb; j++)
    above[j] = (unsigned)j;
  for (size_t i = 1; i <= na; i++) {
    unsigned *spare = before;
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= nb; j++) {
      bool same = dcc_ascii_lower(a[i - 1]) == dcc_ascii_lower(b[j - 1]);
      row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + !same);
      if (i > 1 && j > 1 && is_swapped(a + i - 2, b + j - 2) &&
          before[j - 2] + 1 < row[j])
        row[j] = before[j - 2] + 1;
    }
    before = above;
    above = row;
    row = spare;
  }
  return above[nb];
}

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Writes a name in small letters without what is between its words. */
static size_t squeeze(char to[NAME_MAX_LENGTH + 1], const char *name,
                      size_t length)
{
  size_t n = 0;
  for (size_t i = 0; i < length && n < NAME_MAX_LENGTH; i++)
    if (is_letter(dcc_ascii_lower(name[i])))
      to[n++] = dcc_ascii_lower(name[i]);
  to[n] = '\0';
  return n;
}

/* Words that people have for fields, squeezed. Where a word is here twice the
 * first row that is below the object counts. */
static const struct synonym {
  const char *word;
  uint8_t field;
} synonyms[] = {
  {"cn", DCC_COMMON_NAME}, {"domain", DCC_COMMON_NAME},
  {"domainname", DCC_COMMON_NAME}, {"fqdn", DCC_COMMON_NAME},
  {"host", DCC_COMMON_NAME}, {"hostname", DCC_COMMON_NAME},
  {"subject", DCC_COMMON_NAME}, {"primarydomain", DCC_COMMON_NAME},
  {"subjectcommonname", DCC_COMMON_NAME},
  {"san", DCC_DNS_NAMES}, {"sans", DCC_DNS_NAMES},
  {"sanlist", DCC_DNS_NAMES}, {"altname", DCC_DNS_NAMES},
  {"altnames", DCC_DNS_NAMES}, {"alternativenames", DCC_DNS_NAMES},
  {"alternatenames", DCC_DNS_NAMES}, {"subjectaltname", DCC_DNS_NAMES},
  {"subjectaltnames", DCC_DNS_NAMES},
  {"subjectalternativename", DCC_DNS_NAMES},
  {"subjectalternativenames", DCC_DNS_NAMES},
  {"subjectalternatename", DCC_DNS_NAMES},
  {"subjectalternatenames", DCC_DNS_NAMES},
  {"additionaldomains", DCC_DNS_NAMES}, {"additionalnames", DCC_DNS_NAMES},
  {"additionaldnsnames", DCC_DNS_NAMES}, {"dns", DCC_DNS_NAMES},
  {"dnsname", DCC_DNS_NAMES}, {"domains", DCC_DNS_NAMES},
  {"domainnames", DCC_DNS_NAMES}, {"fqdns", DCC_DNS_NAMES},
  {"hosts", DCC_DNS_NAMES}, {"hostnames", DCC_DNS_NAMES},
  {"names", DCC_DNS_NAMES},
  {"csrpem", DCC_CSR}, {"pem", DCC_CSR}, {"pkcs10", DCC_CSR},
  {"certificaterequest", DCC_CSR}, {"certificatesigningrequest", DCC_CSR},
  {"signingrequest", DCC_CSR},
  {"cert", DCC_CERTIFICATE},
  {"hash", DCC_SIGNATURE_HASH}, {"hashalgorithm", DCC_SIGNATURE_HASH},
  {"digest", DCC_SIGNATURE_HASH}, {"sha", DCC_SIGNATURE_HASH},
  {"ou", DCC_ORGANIZATION_UNITS}, {"ous", DCC_ORGANIZATION_UNITS},
  {"organizationalunit", DCC_ORGANIZATION_UNITS},
  {"organizationalunits", DCC_ORGANIZATION_UNITS},
  {"department", DCC_ORGANIZATION_UNITS},
  {"platform", DCC_SERVER_PLATFORM}, {"server", DCC_SERVER_PLATFORM},
  {"servertype", DCC_SERVER_PLATFORM}, {"software", DCC_SERVER_PLATFORM},
  {"platformid", DCC_SERVER_PLATFORM_ID},
  {"profile", DCC_PROFILE_OPTION}, {"caid", DCC_CA_CERT_ID},
  {"ca", DCC_CA_CERT_ID}, {"ica", DCC_CA_CERT_ID},
  {"issuer", DCC_CA_CERT_ID}, {"intermediate", DCC_CA_CERT_ID},
  {"duration", DCC_ORDER_VALIDITY}, {"duration", DCC_CERT_VALIDITY},
  {"lifetime", DCC_ORDER_VALIDITY}, {"lifetime", DCC_CERT_VALIDITY},
  {"period", DCC_ORDER_VALIDITY}, {"period", DCC_CERT_VALIDITY},
  {"term", DCC_ORDER_VALIDITY}, {"term", DCC_CERT_VALIDITY},
  {"validity", DCC_ORDER_VALIDITY}, {"validity", DCC_CERT_VALIDITY},
  {"validityperiod", DCC_ORDER_VALIDITY},
  {"validityperiod", DCC_CERT_VALIDITY},
  {"year", DCC_ORDER_YEARS}, {"year", DCC_CERT_YEARS},
  {"validityyear", DCC_ORDER_YEARS}, {"validityyears", DCC_ORDER_YEARS},
  {"validityyears", DCC_CERT_YEARS}, {"validyears", DCC_ORDER_YEARS},
  {"day", DCC_ORDER_DAYS}, {"day", DCC_CERT_DAYS},
  {"validitydays", DCC_ORDER_DAYS}, {"validitydays", DCC_CERT_DAYS},
  {"validdays", DCC_ORDER_DAYS}, {"validfor", DCC_ORDER_VALIDITY},
  {"enddate", DCC_ORDER_DATE}, {"enddate", DCC_CERT_DATE},
  {"expiration", DCC_ORDER_DATE}, {"expiration", DCC_CERT_DATE},
  {"expirationdate", DCC_ORDER_DATE}, {"expirationdate", DCC_CERT_DATE},
  {"expires", DCC_ORDER_DATE}, {"expires", DCC_CERT_DATE},
  {"expiry", DCC_ORDER_DATE}, {"expiry", DCC_CERT_DATE},
  {"expirydate", DCC_ORDER_DATE}, {"expirydate", DCC_CERT_DATE},
  {"notafter", DCC_ORDER_DATE}, {"notafter", DCC_CERT_DATE},
  {"validto", DCC_ORDER_DATE}, {"validto", DCC_CERT_DATE},
  {"validuntil", DCC_ORDER_DATE}, {"validuntil", DCC_CERT_DATE},
  {"org", DCC_ORGANIZATION}, {"company", DCC_ORGANIZATION},
  {"organisation", DCC_ORGANIZATION}, {"orgid", DCC_ORGANIZATION_ID},
  {"organisationid", DCC_ORGANIZATION_ID},
  {"companyid", DCC_ORGANIZATION_ID}, {"orgname", DCC_ORG_NAME},
  {"organisationname", DCC_ORG_NAME}, {"companyname", DCC_ORG_NAME},
  {"legalname", DCC_ORG_NAME}, {"name", DCC_ORG_NAME},
  {"name", DCC_COMMON_NAME},
  {"dba", DCC_ORG_ASSUMED_NAME},
  {"address", DCC_ORG_ADDRESS}, {"address1", DCC_ORG_ADDRESS},
  {"address1", DCC_BILLING_STREET}, {"addressline1", DCC_ORG_ADDRESS},
  {"street", DCC_ORG_ADDRESS}, {"streetaddress", DCC_ORG_ADDRESS},
  {"city", DCC_ORG_CITY}, {"town", DCC_ORG_CITY},
  {"locality", DCC_ORG_CITY},
  {"state", DCC_ORG_STATE}, {"province", DCC_ORG_STATE},
  {"country", DCC_ORG_COUNTRY}, {"countrycode", DCC_ORG_COUNTRY},
  {"zip", DCC_ORG_ZIP}, {"zipcode", DCC_ORG_ZIP},
  {"postcode", DCC_ORG_ZIP}, {"postalcode", DCC_ORG_ZIP},
  {"mail", DCC_OC_EMAIL}, {"emailaddress", DCC_OC_EMAIL},
  {"mailaddress", DCC_OC_EMAIL}, {"contactemail", DCC_OC_EMAIL},
  {"phone", DCC_OC_TELEPHONE}, {"phonenumber", DCC_OC_TELEPHONE},
  {"tel", DCC_OC_TELEPHONE}, {"telephonenumber", DCC_OC_TELEPHONE},
  {"mobile", DCC_OC_TELEPHONE}, {"ext", DCC_OC_EXTENSION},
  {"extension", DCC_OC_EXTENSION}, {"phoneextension", DCC_OC_EXTENSION},
  {"givenname", DCC_OC_FIRST_NAME}, {"forename", DCC_OC_FIRST_NAME},
  {"surname", DCC_OC_LAST_NAME}, {"familyname", DCC_OC_LAST_NAME},
  {"title", DCC_OC_JOB_TITLE}, {"position", DCC_OC_JOB_TITLE},
  {"role", DCC_CONTACT_TYPE}, {"type", DCC_CONTACT_TYPE},
  {"contact", DCC_ORGANIZATION_CONTACT},
  {"orgcontact", DCC_ORGANIZATION_CONTACT},
  {"admincontact", DCC_ORGANIZATION_CONTACT},
  {"techcontact", DCC_TECHNICAL_CONTACT},
  {"emails", DCC_ADDITIONAL_EMAILS}, {"mails", DCC_ADDITIONAL_EMAILS},
  {"notify", DCC_ADDITIONAL_EMAILS}, {"recipients", DCC_ADDITIONAL_EMAILS},
  {"notificationemails", DCC_ADDITIONAL_EMAILS},
  {"renew", DCC_AUTO_RENEW}, {"reissue", DCC_AUTO_REISSUE},
  {"renewalof", DCC_RENEWAL_OF_ORDER_ID},
  {"renewedorderid", DCC_RENEWAL_OF_ORDER_ID},
  {"renewalorderid", DCC_RENEWAL_OF_ORDER_ID},
  {"oldorderid", DCC_RENEWAL_OF_ORDER_ID},
  {"previousorderid", DCC_RENEWAL_OF_ORDER_ID},
  {"thumbprint", DCC_RENEWED_THUMBPRINT},
  {"note", DCC_COMMENTS}, {"notes", DCC_COMMENTS},
  {"message", DCC_COMMENTS}, {"description", DCC_COMMENTS},
  {"division", DCC_CONTAINER}, {"divisionid", DCC_CONTAINER_ID},
  {"licenses", DCC_SERVER_LICENSES}, {"licences", DCC_SERVER_LICENSES},
  {"servercount", DCC_SERVER_LICENSES},
  {"dcv", DCC_DCV_METHOD}, {"dcvtype", DCC_DCV_METHOD},
  {"domainvalidation", DCC_DCV_METHOD},
  {"validationmethod", DCC_DCV_METHOD},
  {"scope", DCC_CERTIFICATE_DCV_SCOPE},
  {"dcvscope", DCC_CERTIFICATE_DCV_SCOPE},
  {"payment", DCC_PAYMENT_METHOD}, {"card", DCC_CREDIT_CARD},
  {"cardnumber", DCC_CARD_NUMBER}, {"pan", DCC_CARD_NUMBER},
  {"cvc", DCC_CARD_CVV}, {"cvv2", DCC_CARD_CVV},
  {"securitycode", DCC_CARD_CVV}, {"expmonth", DCC_CARD_MONTH},
  {"month", DCC_CARD_MONTH}, {"expyear", DCC_CARD_YEAR},
  {"cardholder", DCC_CARDHOLDER_NAME}, {"holder", DCC_CARDHOLDER_NAME},
  {"nameoncard", DCC_CARDHOLDER_NAME},
  {"billing", DCC_BILLING_ADDRESS}, {"vat", DCC_VAT_NUMBER},
  {"vatid", DCC_VAT_NUMBER}, {"taxid", DCC_VAT_NUMBER},
  {"lang", DCC_LOCALE}, {"language", DCC_LOCALE},
  {"externalid", DCC_ALTERNATIVE_ORDER_ID},
  {"idempotencykey", DCC_ALTERNATIVE_ORDER_ID},
  {"reference", DCC_ALTERNATIVE_ORDER_ID},
};

static bool is_within(unsigned i, unsigned object)
{
  while (i != DCC_ORDER && i != object)
    i = dcc_form[i].parent;
  return i == object;
}

/* The member of `parent` of this name, unless it is deprecated, or 0. */
static unsigned member(const dcc_rows *rows, unsigned parent,
                       const char *name)
{
  for (unsigned i = 0; (i = dcc_rows_next(rows, i + 1)) < DCC_FIELDS;)
    if (dcc_form[i].parent == parent && strcmp(dcc_form[i].name, name) == 0)
      return dcc_form[i].flags & DCC_DEPRECATED ? 0 : i;
  return 0;
}

static unsigned by_synonym(const dcc_rows *rows, unsigned parent,
                           const char *word)
{
  unsigned first = 0, below = 0;
  for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++) {
    unsigned found = synonyms[i].field;
    if (strcmp(synonyms[i].word, word) != 0)
      continue;
    if (member(rows, parent, dcc_form[found].name) != 0)
      return member(rows, parent, dcc_form[found].name);
    if (!dcc_rows_has(rows, found))
      continue;
    if (first == 0)
      first = found;
    if (below == 0 && is_within(found, parent))
      below = found;
  }
  return below != 0 ? below : first;
}

static unsigned depth_of(unsigned i)
{
  unsigned depth = 0;
  for (; i != DCC_ORDER; i = dcc_form[i].parent)
    depth++;
  return depth;
}

/* Whether a word is the end of a field's path: of its last `parts` names. */
static bool is_end(unsigned i, unsigned parts, const char *word)
{
  char end[NAME_MAX_LENGTH + 1];
  size_t length = strlen(word);
  for (; parts > 0; parts--, i = dcc_form[i].parent) {
    size_t n;
    if (i == DCC_ORDER || length == 0 ||
        dcc_form[i].name[dcc_form[i].name_length - 1] != word[length - 1])
      return false;
    n = squeeze(end, dcc_form[i].name, dcc_form[i].name_length);
    if (n > length || memcmp(word + length - n, end, n) != 0)
      return false;
    length -= n;
  }
  return length == 0;
}

/* The field whose path ends in these `parts` names: best below `parent`, then
 * as near to the top as can be. */
static unsigned by_end(const dcc_rows *rows, unsigned parent, unsigned parts,
                       const char *word)
{
  unsigned best = 0, least = 0;
  for (unsigned i = 0; (i = dcc_rows_next(rows, i + 1)) < DCC_FIELDS;) {
    unsigned far = depth_of(i) + (is_within(i, parent) ? 0 : DCC_DEPTH_MAX);
    if ((best == 0 || far < least) && is_end(i, parts, word)) {
      best = i;
      least = far;
    }
  }
  return best;
}

/* The letters of a name, a bit for each of 32 kinds. */
static uint32_t letters_of(const char *s, size_t n)
{
  uint32_t letters = 0;
  for (size_t i = 0; i < n; i++)
    letters |= UINT32_C(1) << ((unsigned char)dcc_ascii_lower(s[i]) & 31);
  return letters;
}

static unsigned count_bits(uint32_t bits)
{
  unsigned count = 0;
  for (; bits != 0; bits &= bits - 1)
    count++;
  return count;
}

/* A distance that a name has at least: what only one of the two has takes a
 * change each. */
static unsigned least_distance(const dcc_field *f, size_t length,
                               uint32_t letters)
{
  uint32_t its = letters_of(f->name, f->name_length);
  size_t least = length > f->name_length ? length - f->name_length
                                         : f->name_length - length;
  unsigned ours = count_bits(letters & ~its);
  unsigned others = count_bits(its & ~letters);
  unsigned more = ours > others ? ours : others;
  return least > more ? (unsigned)least : more;
}

/* The member of `parent` that is spelled nearly so. */
static unsigned by_spelling(const dcc_rows *rows, unsigned parent,
                            const char *name, size_t length)
{
  unsigned best = 0, limit = (unsigned)length / 3 + 1;
  const uint32_t letters = letters_of(name, length);
  for (unsigned i = 0; (i = dcc_rows_next(rows, i + 1)) < DCC_FIELDS;) {
    const dcc_field *f = &dcc_form[i];
    unsigned d;
    if (f->parent != parent || least_distance(f, length, letters) >= limit)
      continue;
    d = distance(name, length, f->name, f->name_length);
    if (d < limit) {
      limit = d;
      best = i;
    }
  }
  return best;
}

unsigned dcc_form_nearest(const dcc_body *body, unsigned parent,
                          const char *name, size_t length)
{
  const dcc_rows *rows = &body->rows;
  char word[NAME_MAX_LENGTH + 1];
  unsigned found;
  if (length == 0 || length > NAME_MAX_LENGTH)
    return 0;
  if (squeeze(word, name, length) == 0)
    return 0;
  found = by_synonym(rows, parent, word);
  for (unsigned parts = 2; found == 0 && parts <= DCC_DEPTH_MAX; parts++)
    found = by_end(rows, parent, parts, word);
  if (found == 0)
    found = by_spelling(rows, parent, name, length);
  return found != 0 ? found : by_end(rows, parent, 1, word);
}
