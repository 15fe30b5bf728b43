/* rawserver.c: a server on loopback that does exactly what it is told
 *
 *   rawserver [--ca FILE] [--host NAME] [--flaw WORD] [--said FILE]
 *             ACTION...
 *
 * prints "port N" once it listens, carries the actions out in order, and,
 * told to finish, prints what it has seen. With --ca it makes a CA and a
 * certificate for 127.0.0.1 and localhost (--host: for NAME instead) and
 * writes the CA's certificate to FILE. Its TLS may have a flaw: "expired"
 * (the certificate), "self-signed", "old" (TLS 1.0 alone), or be one that
 * speaks HTTP/2: "h2". Actions:
 *
 *   accept     waits for a connection: the current one from then on
 *   use N      the N-th connection is the current one from then on
 *   tls        the server's side of a TLS handshake on it
 *   read       reads one request: header lines and Content-Length bytes
 *   until TEXT reads until TEXT has come
 *   data       waits until there is something to read
 *   send TEXT  sends; escapes: \r \n \0 \\ \xHH
 *   flood TEXT sends it again and again until the other side closes
 *   drip TEXT  the same, slowly
 *   fill N     sends N bytes 'x', or as many as the other side takes
 *   close      closes, under TLS with a close_notify
 *   cut        closes, under TLS without one
 *   reset      closes with a TCP reset
 *   gone       waits until the other side has closed
 *   say WORD   prints the word, and adds it to the file of --said
 *   wait       waits for a byte 'g' on standard input
 *
 * A byte 'q' on standard input, or its end, finishes: whatever still lies in
 * the backlog or in a connection is read and counted, then come the lines
 * "connections N", "request CONNECTION LENGTH TEXT" (percent-escaped, the
 * first KEEP bytes), "end". Every wait ends after LIFETIME seconds. */
#define _GNU_SOURCE /* memmem */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum {
  CONNECTIONS = 64,
  REQUESTS = 256,
  KEEP = 16384,
  LIFETIME = 60,
  SEND_WAIT_MS = 10000,
  DRIP_MS = 20
};

typedef struct connection {
  int fd; /* -1: closed */
  SSL *ssl;
} connection;

typedef struct request {
  int connection; /* from 1 */
  size_t length;
  size_t kept;
  char text[KEEP];
} request;

static connection connections[CONNECTIONS];
static int connection_count;
static int current_place; /* from 1; 0: there is none */
static request *requests[REQUESTS];
static int request_count;
static int listener;
static SSL_CTX *context;
static const char *flaw = "";
static const char *said_file; /* NULL: none */
static int go_count;
static bool finished;

static _Noreturn void die(const char *what)
{
  fprintf(stderr, "rawserver: %s\n", what);
  exit(2);
}

/* --- certificates --- */

static X509 *certificate(const char *name, EVP_PKEY *key, X509 *issuer,
                         EVP_PKEY *issuer_key, int extension,
                         const char *value)
{
  X509 *x = X509_new();
  X509_NAME *subject = X509_get_subject_name(x);
  X509V3_CTX v3;
  X509_EXTENSION *e;
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), (long)getpid() * 2 + !issuer);
  X509_gmtime_adj(X509_getm_notBefore(x), -60);
  X509_gmtime_adj(X509_getm_notAfter(x), 24L * 60 * 60);
  if (issuer != NULL && strcmp(flaw, "expired") == 0) {
    X509_gmtime_adj(X509_getm_notBefore(x), -48L * 60 * 60);
    X509_gmtime_adj(X509_getm_notAfter(x), -24L * 60 * 60);
  }
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             (const unsigned char *)name, -1, -1, 0);
  X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : subject);
  X509_set_pubkey(x, key);
  X509V3_set_ctx(&v3, issuer ? issuer : x, x, NULL, NULL, 0);
  e = X509V3_EXT_conf_nid(NULL, &v3, extension, value);
  if (e == NULL || !X509_add_ext(x, e, -1))
    die("certificate extension");
  X509_EXTENSION_free(e);
  if (!X509_sign(x, issuer_key, EVP_sha256()))
    die("certificate signature");
  return x;
}

static int choose_h2(SSL *ssl, const unsigned char **chosen,
                     unsigned char *length, const unsigned char *offered,
                     unsigned int n, void *unused)
{
  (void)ssl, (void)offered, (void)n, (void)unused;
  *chosen = (const unsigned char *)"h2";
  *length = 2;
  return SSL_TLSEXT_ERR_OK;
}

static void add_flaw(SSL_CTX *c)
{
  if (strcmp(flaw, "old") == 0) {
    SSL_CTX_set_security_level(c, 0);
    SSL_CTX_set_min_proto_version(c, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(c, TLS1_VERSION);
  } else if (strcmp(flaw, "h2") == 0) {
    SSL_CTX_set_alpn_select_cb(c, choose_h2, NULL);
  }
}

static void make_context(const char *ca_file, const char *host)
{
  bool alone = strcmp(flaw, "self-signed") == 0;
  EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
  char names[300] = "IP:127.0.0.1,DNS:localhost", ca_name[40];
  X509 *ca, *x;
  FILE *f;
  if (host != NULL)
    snprintf(names, sizeof names, "DNS:%s", host);
  snprintf(ca_name, sizeof ca_name, "rawserver CA %ld", (long)getpid());
  ca = certificate(ca_name, ca_key, NULL, ca_key,
                   NID_basic_constraints, "critical,CA:TRUE");
  x = certificate("rawserver", key, alone ? NULL : ca, alone ? key : ca_key,
                  NID_subject_alt_name, names);
  f = fopen(ca_file, "w");
  if (f == NULL || !PEM_write_X509(f, ca) || fclose(f) != 0)
    die("CA file");
  context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate(context, x) != 1
      || SSL_CTX_use_PrivateKey(context, key) != 1)
    die("TLS context");
  add_flaw(context);
  X509_free(x);
  X509_free(ca);
  EVP_PKEY_free(key);
  EVP_PKEY_free(ca_key);
}

/* --- waiting --- */

static void read_control(void)
{
  char c;
  if (read(STDIN_FILENO, &c, 1) != 1 || c == 'q')
    finished = true;
  else if (c == 'g')
    go_count++;
}

/* Waits until fd (-1: none) is ready for `events`; false once finished. */
static bool await(int fd, short events)
{
  while (!finished) {
    struct pollfd p[2] = { { .fd = fd, .events = events },
                           { .fd = STDIN_FILENO, .events = POLLIN } };
    if (poll(p, 2, -1) < 0 && errno != EINTR)
      die("poll");
    if (p[0].revents != 0)
      return true;
    if (p[1].revents != 0) {
      read_control();
      if (fd < 0)
        return !finished;
    }
  }
  return false;
}

/* --- one connection --- */

static connection *current(void)
{
  return current_place > 0 ? &connections[current_place - 1] : NULL;
}

static bool open_now(const connection *c)
{
  return c != NULL && c->fd >= 0;
}

/* As read(2): 0 at the end, below 0 on an error. */
static ssize_t receive(connection *c, char *to, size_t size)
{
  if (c->ssl == NULL)
    return read(c->fd, to, size);
  return SSL_read(c->ssl, to, (int)size);
}

static bool transmit(connection *c, const char *s, size_t n)
{
  while (n > 0) {
    struct pollfd p = { .fd = c->fd, .events = POLLOUT };
    ssize_t done;
    if (poll(&p, 1, SEND_WAIT_MS) < 1)
      return false;
    done = c->ssl ? SSL_write(c->ssl, s, (int)n) : write(c->fd, s, n);
    if (done <= 0)
      return false;
    s += done;
    n -= (size_t)done;
  }
  return true;
}

static void drop(connection *c, bool orderly)
{
  if (c->ssl != NULL) {
    if (orderly)
      SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    c->ssl = NULL;
  }
  if (c->fd >= 0)
    close(c->fd);
  c->fd = -1;
}

static void reset(connection *c)
{
  struct linger now = { .l_onoff = 1, .l_linger = 0 };
  setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  drop(c, false);
}

static connection *take_connection(void)
{
  connection *c = &connections[connection_count];
  if (connection_count == CONNECTIONS)
    die("too many connections");
  c->fd = accept(listener, NULL, NULL);
  c->ssl = NULL;
  if (c->fd < 0)
    die("accept");
  current_place = ++connection_count;
  return c;
}

static void start_tls(connection *c)
{
  if (context == NULL)
    die("'tls' needs --ca");
  if (!await(c->fd, POLLIN))
    return;
  c->ssl = SSL_new(context);
  SSL_set_fd(c->ssl, c->fd);
  if (SSL_accept(c->ssl) != 1)
    drop(c, false);
}

/* --- requests --- */

static request *new_request(int number)
{
  request *r = calloc(1, sizeof *r);
  if (r == NULL || request_count == REQUESTS)
    die("too many requests");
  r->connection = number;
  requests[request_count++] = r;
  return r;
}

static void keep(request *r, const char *s, size_t n)
{
  size_t room = sizeof r->text - r->kept;
  size_t take = n < room ? n : room;
  memcpy(r->text + r->kept, s, take);
  r->kept += take;
  r->length += n;
}

/* Bytes of the body that the header lines announce; header names as libcurl
 * writes them. */
static size_t body_length(const char *head)
{
  const char *found = strstr(head, "\r\nContent-Length: ");
  return found ? strtoul(found + strlen("\r\nContent-Length: "), NULL, 10)
               : 0;
}

/* Nothing is counted of a connection that closes before its first byte. */
static void read_request(connection *c, int number)
{
  static char head[KEEP + 1];
  size_t n = 0, body;
  char bytes[KEEP];
  request *r = NULL;
  while (n < KEEP && !(n >= 4 && memcmp(head + n - 4, "\r\n\r\n", 4) == 0)) {
    if (!(c->ssl && SSL_pending(c->ssl)) && !await(c->fd, POLLIN))
      return;
    if (receive(c, head + n, 1) != 1)
      return;
    r = r ? r : new_request(number);
    keep(r, head + n++, 1);
  }
  head[n] = '\0';
  for (body = body_length(head); body > 0;) {
    ssize_t got;
    if (!(c->ssl && SSL_pending(c->ssl)) && !await(c->fd, POLLIN))
      return;
    got = receive(c, bytes, body < KEEP ? body : KEEP);
    if (got <= 0)
      return;
    keep(r, bytes, (size_t)got);
    body -= (size_t)got;
  }
}

/* Reads until the text has come, as part of one request. */
static void read_until(connection *c, int number, const char *text)
{
  request *r = new_request(number);
  char bytes[KEEP];
  while (r->kept < KEEP && memmem(r->text, r->kept, text, strlen(text))
                             == NULL) {
    ssize_t got;
    if (!(c->ssl && SSL_pending(c->ssl)) && !await(c->fd, POLLIN))
      return;
    got = receive(c, bytes, sizeof bytes);
    if (got <= 0)
      return;
    keep(r, bytes, (size_t)got);
  }
}

/* What came although nobody read it, without waiting for more. */
static void read_rest(connection *c, int number)
{
  char bytes[KEEP];
  request *r = NULL;
  ssize_t got;
  if (c->fd < 0)
    return;
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  while ((got = receive(c, bytes, sizeof bytes)) > 0) {
    r = r ? r : new_request(number);
    keep(r, bytes, (size_t)got);
  }
  drop(c, false);
}

static void await_close(connection *c)
{
  char bytes[KEEP];
  while (await(c->fd, POLLIN))
    if (receive(c, bytes, sizeof bytes) <= 0)
      return;
}

/* --- the script --- */

static int hex(char c)
{
  return isdigit((unsigned char)c) ? c - '0'
                                   : tolower((unsigned char)c) - 'a' + 10;
}

/* Undoes the escapes in place; returns the length. */
static size_t unescape(char *s)
{
  char *to = s, *from = s;
  while (*from != '\0') {
    if (*from != '\\') {
      *to++ = *from++;
      continue;
    }
    from++;
    switch (*from++) {
    case 'r': *to++ = '\r'; break;
    case 'n': *to++ = '\n'; break;
    case '0': *to++ = '\0'; break;
    case '\\': *to++ = '\\'; break;
    case 'x':
      *to++ = (char)(hex(from[0]) * 16 + hex(from[1]));
      from += 2;
      break;
    default: die("unknown escape");
    }
  }
  return (size_t)(to - s);
}

static void fill(connection *c, size_t n)
{
  char block[4096];
  memset(block, 'x', sizeof block);
  while (n > 0) {
    size_t part = n < sizeof block ? n : sizeof block;
    if (!transmit(c, block, part))
      return;
    n -= part;
  }
}

/* Ends when the other side has closed. */
static void flood(connection *c, const char *s, size_t n, int pause_ms)
{
  while (transmit(c, s, n))
    if (pause_ms > 0)
      (void)poll(NULL, 0, pause_ms);
}

/* Actions on a connection that is gone do nothing. Returns how many words
 * were used. */
static int act_on(connection *c, char **words)
{
  const char *word = words[0];
  bool argument = strcmp(word, "send") == 0 || strcmp(word, "fill") == 0
                  || strcmp(word, "flood") == 0
                  || strcmp(word, "drip") == 0 || strcmp(word, "until") == 0;
  static char nothing[] = "";
  char *text = argument ? words[1] : nothing;
  if (text == NULL)
    die("an argument is missing");
  if (!open_now(c))
    return 1 + argument;
  if (strcmp(word, "tls") == 0)
    start_tls(c);
  else if (strcmp(word, "read") == 0)
    read_request(c, current_place);
  else if (strcmp(word, "send") == 0)
    transmit(c, text, unescape(text));
  else if (strcmp(word, "flood") == 0)
    flood(c, text, unescape(text), 0);
  else if (strcmp(word, "drip") == 0)
    flood(c, text, unescape(text), DRIP_MS);
  else if (strcmp(word, "until") == 0)
    read_until(c, current_place, text);
  else if (strcmp(word, "data") == 0)
    await(c->fd, POLLIN);
  else if (strcmp(word, "fill") == 0)
    fill(c, strtoul(text, NULL, 10));
  else if (strcmp(word, "close") == 0 || strcmp(word, "cut") == 0)
    drop(c, word[1] == 'l');
  else if (strcmp(word, "reset") == 0)
    reset(c);
  else if (strcmp(word, "gone") == 0)
    await_close(c);
  else
    die(word);
  return 1 + argument;
}

static void say(const char *word)
{
  FILE *file = said_file != NULL ? fopen(said_file, "a") : NULL;
  printf("%s\n", word);
  fflush(stdout);
  if (file != NULL) {
    fprintf(file, "%s\n", word);
    fclose(file);
  }
}

static void run(char **words)
{
  while (*words != NULL && !finished) {
    if (strcmp(*words, "accept") == 0) {
      if (await(listener, POLLIN))
        take_connection();
      words++;
    } else if (strcmp(*words, "use") == 0 && words[1] != NULL) {
      current_place = atoi(words[1]);
      if (current_place < 1 || current_place > connection_count)
        die("no such connection");
      words += 2;
    } else if (strcmp(*words, "wait") == 0) {
      while (go_count == 0 && await(-1, 0))
        ;
      go_count--;
      words++;
    } else if (strcmp(*words, "say") == 0 && words[1] != NULL) {
      say(words[1]);
      words += 2;
    } else {
      words += act_on(current(), words);
    }
  }
}

/* --- start and end --- */

static void start(void)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t size = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (void *)&address, size) != 0
      || listen(listener, CONNECTIONS) != 0
      || getsockname(listener, (void *)&address, &size) != 0)
    die("listen");
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
}

static void take_backlog(void)
{
  struct pollfd p = { .fd = listener, .events = POLLIN };
  while (poll(&p, 1, 0) > 0)
    take_connection();
}

static void report(void)
{
  int i;
  size_t at;
  printf("connections %d\n", connection_count);
  for (i = 0; i < request_count; i++) {
    const request *r = requests[i];
    printf("request %d %zu ", r->connection, r->length);
    for (at = 0; at < r->kept; at++)
      if (isalnum((unsigned char)r->text[at]))
        putchar(r->text[at]);
      else
        printf("%%%02X", (unsigned char)r->text[at]);
    putchar('\n');
    free(requests[i]);
  }
  printf("end\n");
}

int main(int argc, char **argv)
{
  const char *ca_file = NULL, *host = NULL;
  char **words = argv + (argc > 0);
  int i;
  while (words[0] != NULL && strncmp(words[0], "--", 2) == 0) {
    if (words[1] == NULL)
      die("an argument is missing");
    if (strcmp(words[0], "--ca") == 0)
      ca_file = words[1];
    else if (strcmp(words[0], "--host") == 0)
      host = words[1];
    else if (strcmp(words[0], "--said") == 0)
      said_file = words[1];
    else
      flaw = words[1];
    words += 2;
  }
  signal(SIGPIPE, SIG_IGN);
  alarm(LIFETIME);
  if (ca_file != NULL)
    make_context(ca_file, host);
  start();
  run(words);
  while (await(-1, 0))
    ;
  take_backlog();
  for (i = 0; i < connection_count; i++)
    read_rest(&connections[i], i + 1);
  report();
  SSL_CTX_free(context);
  return 0;
}
