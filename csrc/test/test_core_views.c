/* test_core_views.c: the bodies that are views of the form: reissues,
 * duplicates and new organizations. */
#include "../core/order.h"
#include "test.h"
#include "test_order.h"

static dcc_options options_for(dcc_view view)
{
  dcc_options result = options;
  result.view = view;
  return result;
}

#define CERTIFICATE BASE_BEGIN BASE_CSR

static const step certificate[] = {
  {"certificate.common_name", "www.example.com", 0, false},
  {"certificate.csr", CSR, 0, false},
  {"certificate.signature_hash", "sha256", 0, false}, {0}};

static const step details[] = {
  {"organization.name", "Example Inc.", 0, false},
  {"organization.country", "us", 0, false},
  {"organization.address", "1 Street", 0, false},
  {"organization.city", "Lehi", 0, false},
  {"organization.state", "Utah", 0, false},
  {"organization.zip", "84043", 0, false},
  {"organization.telephone", "801-555-0100", 0, false},
  {"organization.organization_contact.first_name", "Jill", 0, false},
  {"organization.organization_contact.last_name", "Valentine", 0, false},
  {"organization.organization_contact.email", "jill@example.com", 0, false},
  {0}};
#define DETAILS "{" DETAILS_END
#define DETAILS_END "\"name\":\"Example Inc.\",\"country\":\"us\"," \
  "\"address\":\"1 Street\",\"city\":\"Lehi\",\"state\":\"Utah\"," \
  "\"zip\":\"84043\",\"telephone\":\"801-555-0100\"," \
  "\"organization_contact\":{\"first_name\":\"Jill\"," \
  "\"last_name\":\"Valentine\",\"email\":\"jill@example.com\"}"

/* What is set, and what is found: "path code", each with a comma behind it;
 * without problems the body. */
static const struct {
  const char *what;
  dcc_view view;
  const step *base;
  step more[4];
  bool allow_unknown;
  const char *problems, *warnings, *body;
} cases[] = {
  {"a reissue", DCC_VIEW_REISSUE, certificate, {{0}}, false, "", "",
   CERTIFICATE "}"},
  {"a duplicate", DCC_VIEW_DUPLICATE, certificate, {
     {"skip_approval", NULL, 1, true},
     {"certificate_dcv_scope", "fqdn", 0, false},
     {"comments", "x", 0, false}}, false, "", "",
   CERTIFICATE ",\"comments\":\"x\",\"skip_approval\":true,"
   "\"certificate_dcv_scope\":\"fqdn\"}"},
  {"the same as an order", DCC_VIEW_ORDER, certificate, {{0}}, false,
   "order_validity missing,organization missing,", "", NULL},
  {"an empty reissue", DCC_VIEW_REISSUE, NULL, {{0}}, false,
   "certificate missing,", "", NULL},
  {"an order's fields in a reissue", DCC_VIEW_REISSUE, certificate, {
     {"payment_method", "card", 0, false},
     {"organization.contacts[1].email", "x", 0, false},
     {"order_validity.years", NULL, 9, false},
     {"custom_fields[1].value", "x", 0, false}}, false,
   "order_validity unknown,payment_method unknown,organization unknown,"
   "custom_fields unknown,", "", NULL},
  {"neighbours in a reissue", DCC_VIEW_REISSUE, certificate, {
     {"credit_card.number", "x", 0, false},
     {"billing_address.zip", "x", 0, false},
     {"vat_number", "x", 0, false},
     {"dcv_method", "x", 0, false}}, false,
   "credit_card unknown,billing_address unknown,vat_number unknown,"
   "dcv_method unknown,", "", NULL},
  {"the same, let through", DCC_VIEW_REISSUE, certificate, {
     {"payment_method", "card", 0, false},
     {"organization.contacts[1].user_id", NULL, 5, false},
     {"custom_fields[1].value", "x", 0, false}}, true, "",
   "payment_method unknown,organization unknown,custom_fields unknown,",
   CERTIFICATE ",\"payment_method\":\"card\",\"organization\":{\"contacts\":"
   "[{\"user_id\":5}]},\"custom_fields\":[{\"value\":\"x\"}]}"},
  {"the same, of the wrong type", DCC_VIEW_REISSUE, certificate, {
     {"payment_method", NULL, 5, false},
     {"organization.contacts[1].email", NULL, 5, false}}, true,
   "payment_method type,organization.contacts[1].email type,",
   "payment_method unknown,organization unknown,", NULL},
  {"rules of a certificate", DCC_VIEW_REISSUE, certificate, {
     {"certificate.cert_validity.days", NULL, 300, false},
     {"certificate.cert_validity.years", NULL, 1, false},
     {"certificate.dns_names[1]", "www.example.com", 0, false}}, false, "",
   "certificate.dns_names[1] duplicate,"
   "certificate.cert_validity.years overridden,"
   "certificate.cert_validity.days limit,",
   BASE_BEGIN "\"dns_names\":[\"www.example.com\"],\"csr\":\"" CSR_JSON
   "\",\"signature_hash\":\"sha256\",\"cert_validity\":{\"years\":1,"
   "\"days\":300}}}"},
  {"a new organization", DCC_VIEW_ORGANIZATION, details, {{0}}, false, "",
   "", DETAILS "}"},
  {"an empty organization", DCC_VIEW_ORGANIZATION, NULL, {
     {"organization.skip_duplicate_org_check", NULL, 1, true},
     {"organization.city", "", 0, false}}, false,
   "name missing,country missing,address missing,city missing,"
   "state missing,zip missing,telephone missing,"
   "organization_contact missing,", "", NULL},
  {"an organization with an id", DCC_VIEW_ORGANIZATION, details, {
     {"organization.id", NULL, 5, false},
     {"organization.contacts[1].user_id", NULL, 5, false},
     {"comments", "x", 0, false},
     {"organization.organization_contact.email", "x", 0, false}}, false,
   "comments unknown,id unknown,contacts unknown,"
   "organization_contact.email format,", "", NULL},
  {"the same, let through but for what is no part of it",
   DCC_VIEW_ORGANIZATION, details, {
     {"organization.id", NULL, 5, false},
     {"organization.contacts[1].user_id", NULL, 5, false},
     {"comments", "x", 0, false}}, true, "comments unknown,",
   "id unknown,contacts unknown,", NULL},
  {"the same without it", DCC_VIEW_ORGANIZATION, details, {
     {"organization.id", NULL, 5, false}}, true, "", "id unknown,",
   "{\"id\":5," DETAILS_END "}"},
  {"an organization in an order", DCC_VIEW_ORDER, details, {
     {"organization.zip", "", 0, false}}, false,
   "certificate missing,order_validity missing,organization.zip missing,",
   "", NULL},
};

static void add_paths(char *to, size_t size, const dcc_problem *list,
                      size_t count)
{
  *to = '\0';
  for (size_t i = 0; i < count; i++) {
    size_t at = strlen(to);
    snprintf(to + at, size - at, "%s %s,", list[i].path, list[i].code);
  }
}

static void set_all(dcc_order *order, const step *steps, size_t most,
                    const char *what)
{
  for (size_t i = 0; steps != NULL && i < most && steps[i].path != NULL; i++)
    expect(set(order, &steps[i]), "%s: set %s", what, steps[i].path);
}

static void test_cases(void)
{
  dcc_order *order = new_order(); /* one for all, whatever its last view */
  for (size_t i = 0; i < COUNT(cases); i++) {
    dcc_options as = options_for(cases[i].view);
    const dcc_problem *list;
    const char *json;
    char found[1024];
    size_t count;
    as.allow_unknown = cases[i].allow_unknown;
    dcc_order_clear(order);
    set_all(order, cases[i].base, SIZE_MAX, cases[i].what);
    set_all(order, cases[i].more, COUNT(cases[i].more), cases[i].what);
    dcc_order_check(order, &as);
    list = dcc_order_problems(order, &count);
    add_paths(found, sizeof found, list, count);
    expect(same(found, cases[i].problems), "%s: problems, got %s",
           cases[i].what, found);
    list = dcc_order_warnings(order, &count);
    add_paths(found, sizeof found, list, count);
    expect(same(found, cases[i].warnings), "%s: warnings, got %s",
           cases[i].what, found);
    json = json_of(order);
    expect(same(json, cases[i].body), "%s: the body, got %s", cases[i].what,
           json == NULL ? "none" : json);
  }
  dcc_order_free(order);
}

/* What one body takes another may not: the last check counts. */
static void test_checked_again(void)
{
  const dcc_options order_of = options_for(DCC_VIEW_ORDER),
                    reissue = options_for(DCC_VIEW_REISSUE),
                    organization = options_for(DCC_VIEW_ORGANIZATION);
  dcc_order *order = base_order();
  expect(dcc_order_check(order, &order_of) == 0 &&
         same(json_of(order), BASE_JSON), "as an order");
  expect(dcc_order_check(order, &reissue) == 2 && json_of(order) == NULL,
         "as a reissue");
  expect(dcc_order_check(order, &organization) > 2 && json_of(order) == NULL,
         "as an organization");
  expect(dcc_order_check(order, &order_of) == 0 &&
         same(json_of(order), BASE_JSON), "as an order again");
  dcc_order_free(order);
}

/* Members that the client adds are written, and nobody is told of them. */
static void test_own_members(void)
{
  const dcc_options as = options_for(DCC_VIEW_ORGANIZATION);
  dcc_order *order = new_order();
  dcc_extra *extra;
  set_all(order, details, SIZE_MAX, "own members");
  extra = dcc_order_extra(order, dcc_order_scope(order), DCC_ORGANIZATION,
                          "more", 4);
  extra->value = (dcc_value){.type = DCC_BOOLEAN};
  expect(dcc_order_check(order, &as) == 1, "a stranger's member is refused");
  extra->is_own = true;
  expect(dcc_order_check(order, &as) == 0 &&
         same(json_of(order), DETAILS ",\"more\":false}"),
         "one of the client's is written");
  dcc_order_free(order);
}

/* ---- the table against itself ------------------------------------------ */

static bool is_in(const dcc_index *index, dcc_view view, unsigned row)
{
  const dcc_body *body = &index->bodies[view];
  return row == body->root || dcc_rows_has(&body->rows, row);
}

/* A row that stands in a body has its object there. Every row stands in some
 * body; the rows behind a root that are not below it do not. */
static void test_table(void)
{
  static const char *const names[] = {"order", "reissue", "duplicate",
                                      "organization"};
  dcc_order *order = new_order();
  for (unsigned i = 1; i < DCC_FIELDS; i++) {
    char path[96];
    bool anywhere = false;
    dcc_field_path(i, path, sizeof path);
    for (dcc_view view = 0; view < DCC_VIEWS; view++) {
      bool here = i != order->index.bodies[view].root &&
                  is_in(&order->index, view, i);
      expect(!here || is_in(&order->index, view, dcc_form[i].parent),
             "%s stands in a body of %s alone", path, dcc_view_name(view));
      expect(here || (dcc_form[i].required_in >> view & 1) == 0,
             "%s is required of %s, where it does not stand", path,
             dcc_view_name(view));
      anywhere |= here;
    }
    expect(anywhere, "%s stands nowhere", path);
  }
  for (dcc_view view = 0; view < DCC_VIEWS; view++)
    expect(same(dcc_view_name(view), names[view]), "the name of view %d",
           (int)view);
  dcc_order_free(order);
}

/* Shifting a set against looking at each bit. */
static void test_rows_from(void)
{
  uint64_t state = 88172645463325252;
  for (int turn = 0; turn < 200; turn++) {
    dcc_rows rows = {{0, 0}}, from;
    unsigned first = below(&state, 128);
    bool good = true;
    for (int i = 0; i < 60; i++)
      dcc_rows_add(&rows, below(&state, 128));
    from = dcc_rows_from(&rows, first);
    for (unsigned i = 0; i < 128; i++)
      good = good && dcc_rows_has(&from, i) ==
             (i + first < 128 && dcc_rows_has(&rows, i + first));
    expect(good, "rows from %u on", first);
  }
  expect(dcc_rows_from(&(dcc_rows){{1, 2}}, 0).bits[1] == 2 &&
         dcc_rows_from(&(dcc_rows){{1, 2}}, 64).bits[0] == 2 &&
         dcc_rows_from(&(dcc_rows){{1, 3}}, 63).bits[0] == 6,
         "rows from the ends of a word");
}

int main(void)
{
  test_cases();
  test_checked_again();
  test_own_members();
  test_table();
  test_rows_from();
  return end_of_test();
}
