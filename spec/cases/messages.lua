-- Texts of the sources that spec/messages.lua does not hear and no spec has
-- word for word: file -> text -> why.
local R = {
  "misuse within the package, a failing system, or asserted in parts",
  "the tests with failing memory reach it",
  "spec/cases/curl asserts parts of it",
  "it takes a host without the package library",
  "chains and inspection: asserted in parts",
  "of a static assertion",
  "it takes a failing file system",
  "the specs of the transport assert parts of it, or it takes a " ..
  "broken libcurl",
  "a slow spec asserts parts of it",
  "a pattern",
  "the specs of nginx assert parts of it",
  "the specs of nginx assert parts of it, or it takes another nginx",
}

return {
  ["csrc/binding/lcc_chain.c"] = {
    [
      "it is a symbolic link of another user's, or one that leads in a " ..
      "circle"
    ] = R[1],
    ["not enough memory"] = R[2],
    ["too many files"] = R[1],
    ["unknown error"] = R[1],
  },
  ["csrc/binding/lcc_check.c"] = {
    ["lcc_slot ends at a free slot"] = R[1],
    ["no view of the form"] = R[1],
    ["not enough memory"] = R[2],
  },
  ["csrc/binding/lcc_core.c"] = {
    ["not enough memory"] = R[2],
  },
  ["csrc/binding/lcc_csr.c"] = {
    ["not enough memory"] = R[2],
  },
  ["csrc/binding/lcc_csr_generate.c"] = {
    ["list expected as 'dns_names'"] = R[1],
    ["unknown error"] = R[1],
  },
  ["csrc/binding/lcc_curl_values.c"] = {
    ["'%s' must not contain a NUL byte"] = R[3],
    ["a name in 'headers' must be a string, got %s"] = R[3],
    ["a table of name = value"] = R[3],
    ["a value in 'headers' must be a string, got %s"] = R[3],
  },
  ["csrc/binding/lcc_file.c"] = {
    ["be replaced"] = R[1],
    ["path without NUL expected"] = R[1],
    ["the lock was released"] = R[1],
    ["unknown error"] = R[1],
  },
  ["csrc/binding/lcc_order.c"] = {
    ["a cdata"] = R[1],
    ["a key that is not a string"] = R[1],
    ["a light userdata"] = R[1],
    ["a table nested too deeply"] = R[1],
    ["a table that is too large"] = R[1],
    ["a table whose metatable has __pairs"] = R[1],
    ["a table with keys that are not strings"] = R[1],
  },
  ["csrc/binding/lcc_preload.c"] = {
    ["certcentral_preload: the package library is not open"] = R[4],
  },
  ["csrc/binding/lcc_secret.c"] = {
    ["not enough memory"] = R[2],
  },
  ["csrc/binding/lcc_x509.c"] = {
    ["not enough memory"] = R[2],
    ["the secret was wiped"] = R[1],
  },
  ["csrc/core/check.c"] = {
    ["a name that is not UTF-8"] = R[5],
    ["a number that is not finite"] = R[5],
    ["a string that is not UTF-8"] = R[5],
    ["must be a JSON value, got %s"] = R[5],
  },
  ["csrc/core/form.h"] = {
    ["dcc_rows has a bit for each row"] = R[6],
  },
  ["csrc/file/append.c"] = {
    ["be flushed with its directory"] = R[7],
  },
  ["csrc/file/lock.c"] = {
    ["be locked"] = R[7],
  },
  ["csrc/file/look.c"] = {
    ["realpath() needs as much"] = R[7],
  },
  ["csrc/transport/curl_failure.c"] = {
    ["'url' is not a URL: %R"] = R[8],
    ["CA file '%s' cannot be read by user '%s': %s"] = R[8],
    ["libcurl %s does not accept its option %s: %s"] = R[8],
    ["no HTTP response from %H: %R"] = R[8],
    ["no address found for the proxy"] = R[8],
    ["out of memory while reading the response from %s"] = R[2],
    ["the connection to %H broke while reading: %R"] = R[8],
    ["the connection to %H broke while sending: %R"] = R[8],
    ["the connection to %H closed before a response arrived"] = R[8],
    [
      "the response from %H has more or longer header fields than " ..
      "libcurl accepts: %R"
    ] = R[8],
    ["the system's CA certificates cannot be read: %R"] = R[8],
  },
  ["csrc/transport/curl_handle.c"] = {
    ["libcurl cannot be initialised: %s"] = R[8],
    ["libcurl must be 7.87.0 or newer, got %s"] = R[8],
    [
      "the API key contains a control character, which is not allowed in " ..
      "a header"
    ] = R[8],
    ["this libcurl is built without TLS"] = R[8],
  },
  ["csrc/transport/curl_internal.h"] = {
    [
      "libcurl 7.87.0 or newer is needed (QUICK_EXIT, CA_CACHE_TIMEOUT)"
    ] = R[8],
  },
  ["csrc/transport/curl_keylog.c"] = {
    [
      "$SSLKEYLOGFILE is set, and libcurl with %s cannot be kept from " ..
      "writing to it: unset it"
    ] = R[8],
  },
  ["csrc/transport/curl_renew.c"] = {
    [
      "the process was forked while the request was in progress, and " ..
      "this is the new process: the original one gets the response"
    ] = R[8],
  },
  ["csrc/transport/curl_request.c"] = {
    ["'method' must be GET, POST, PUT or DELETE"] = R[8],
    ["a header's name must be an HTTP token"] = R[8],
    ["a request has at most %d headers"] = R[8],
    ["has no host"] = R[8],
    [
      "header '%.*s' must not contain a line break or control character"
    ] = R[8],
    ["header '%s' is set by the transport and must not be given"] = R[8],
    ["is not a URL"] = R[8],
    [
      "must begin with https://: plain http is allowed only to a " ..
      "loopback address"
    ] = R[8],
    ["must not contain a user name or password"] = R[8],
  },
  ["csrc/x509/chain.c"] = {
    [
      "%zu of the certificates are not CA certificates, and the order " ..
      "does not say which one is its own"
    ] = R[5],
    ["a PEM block is broken"] = R[5],
    ["a PKCS#7 bundle cannot be read"] = R[5],
    ["at most %d bytes were expected, got %zu"] = R[5],
    ["there are more than %d certificates"] = R[5],
    ["there is no server certificate among them"] = R[5],
  },
  ["csrc/x509/facts.c"] = {
    ["names that cannot be read"] = R[5],
  },
  ["csrc/x509/generate.c"] = {
    ["the key's text"] = R[5],
    ["there is no key of this kind"] = R[5],
  },
  ["lua/certcentral/account/advice.lua"] = {
    [
      "%s, and the order has %s left, in which a new certificate is part " ..
      "of the plan"
    ] = R[9],
    ["; the order is set to do so by itself"] = R[9],
  },
  ["lua/certcentral/account/certificate.lua"] = {
    [
      "options 'key_file' and 'private_key' to '%s' exclude each other"
    ] = R[9],
  },
  ["lua/certcentral/account/organizations.lua"] = {
    ["the organization's registration"] = R[9],
  },
  ["lua/certcentral/account/preflight.lua"] = {
    ["its validation"] = R[9],
  },
  ["lua/certcentral/account/renew.lua"] = {
    ["bad option 'renew_early' to 'renew' (boolean expected, got %s)"] = R[9],
  },
  ["lua/certcentral/budget.lua"] = {
    [
      "'budget.shared' is for nginx with its Lua module: there is no " ..
      "ngx.shared here"
    ] = R[9],
    [
      "bad argument #1 to 'budget.shared' (name of a shared dict " ..
      "expected, got %s)"
    ] = R[9],
  },
  ["lua/certcentral/client/ensure.lua"] = {
    ["orders with this name exist, but cannot be read: %s"] = R[9],
  },
  ["lua/certcentral/account/names.lua"] = {
    ["%s was not sent: order %d could not be read: %s"] = R[1],
  },
  ["lua/certcentral/client/reissues.lua"] = {
    [
      "'certificate.csr' must be that of one reissue, got %d: %s"
    ] = R[1],
    ["the order's reissues whose CSR cannot be read"] = R[1],
  },
  ["lua/certcentral/client/journal_lines.lua"] = {
    ["there are reissues whose CSR cannot be read: "] = R[1],
    [
      "it was not found, and its time cannot be true: a clock was wrong"
    ] = R[9],
    ["it was not found, and may still be in progress"] = R[9],
    [
      "it was not found, and the journal does not say which account it " ..
      "was sent with"
    ] = R[9],
    ["its entry is invalid: "] = R[9],
    ["no random bytes from the system"] = R[9],
  },
  ["lua/certcentral/client/object.lua"] = {
    ["returned a body that is not a string"] = R[9],
    ["self.signed certificate"] = R[10],
  },
  ["lua/certcentral/client/options.lua"] = {
    [": not a file with content"] = R[9],
    [
      "options 'api_key' and 'api_key_file' to 'new' exclude each other"
    ] = R[9],
    ["options 'base_url' and 'region' to 'new' exclude each other"] = R[9],
  },
  ["lua/certcentral/client/orders.lua"] = {
    ["no random bytes from the system"] = R[9],
  },
  ["lua/certcentral/error.lua"] = {
    ["the order has %d problems, of which %d are listed"] = R[9],
  },
  ["lua/certcentral/journal/entries.lua"] = {
    [
      "bad '%s' in the entry to 'write' (integer below 2^53 expected, " ..
      "got %s)"
    ] = R[9],
    [
      "bad '%s' in the entry to 'write' (string, integer or boolean " ..
      "expected, got %s)"
    ] = R[9],
    ["bad entry to 'write' (table expected, got %s)"] = R[9],
    [
      "bad name in the entry to 'write' (a-z, 0-9 and _, and not 'sum', " ..
      "expected, got %s)"
    ] = R[9],
  },
  ["lua/certcentral/journal/file.lua"] = {
    ["bad argument 'path' to 'file' (path expected, got %s)"] = R[9],
    ["it has no line end"] = R[9],
    ["it is not a JSON object"] = R[9],
    ["its checksum has another name"] = R[9],
  },
  ["lua/certcentral/journal/scan.lua"] = {
    ["unreadable entry %d"] = R[9],
  },
  ["lua/certcentral/json.lua"] = {
    ["neither text nor list nor boolean nor id"] = R[9],
  },
  ["lua/certcentral/many/place_orders.lua"] = {
    [
      "bad argument #1 to 'place_orders' (list without holes expected, " ..
      "got none at %d)"
    ] = R[9],
  },
  ["lua/certcentral/many/queue.lua"] = {
    ["certcentral ticket %s (%s)"] = R[9],
  },
  ["lua/certcentral/many/run.lua"] = {
    ["out of memory while it was in progress"] = R[2],
    [
      "the order may or may not have been placed: it is left to the " ..
      "process that this one was forked from"
    ] = R[9],
  },
  ["lua/certcentral/order/defaults.lua"] = {
    ["a %1"] = R[10],
    ["an ([bs])"] = R[10],
  },
  ["lua/certcentral/order/schedule.lua"] = {
    ["number of seconds since 1970"] = R[9],
  },
  ["lua/certcentral/store/dict.lua"] = {
    [
      "'store.dict' is for nginx with its Lua module: there is no " ..
      "ngx.shared here"
    ] = R[11],
    ["another worker"] = R[11],
    [
      "bad argument #1 to 'store.dict' (name of a shared dict expected, " ..
      "got %s)"
    ] = R[11],
    ["certcentral.store (lua_shared_dict %s)"] = R[11],
    ["lua_shared_dict %s is in use for too long"] = R[11],
  },
  ["lua/certcentral/store/file.lua"] = {
    ["bad argument 'dir' to 'store.file' (directory expected, got %s)"] = R[9],
    ["is in use by others for too long"] = R[9],
  },
  ["lua/certcentral/store/memory.lua"] = {
    ["certcentral.store (memory)"] = R[2],
  },
  ["lua/certcentral/transport/init.lua"] = {
    [
      ", and nothing else is available: install lua-resty-http, or allow " ..
      "it with transport = 'curl'"
    ] = R[12],
    [
      "transport '%s' is for nginx with its Lua module: there is no " ..
      "'ngx' here"
    ] = R[12],
    [
      "transport 'resty' needs lua-resty-http, which cannot be loaded: " ..
      "install it, or give transport = 'thread'"
    ] = R[12],
    [
      "transport 'thread' needs an nginx that was built with threads and " ..
      "a Lua module of 0.10.21 or newer: install lua-resty-http and give " ..
      "transport = 'resty'"
    ] = R[12],
  },
  ["lua/certcentral/transport/light.lua"] = {
    ["nginx ended the request or timer of this exchange"] = R[12],
  },
  ["lua/certcentral/transport/resty.lua"] = {
    [
      "'ca_file' cannot be used with transport 'resty': write " ..
      "'lua_ssl_trusted_certificate FILE;' in nginx.conf and leave " ..
      "'ca_file' out, or give transport = 'thread'"
    ] = R[12],
    ["'url' is not a URL"] = R[12],
    [
      "'url' must begin with https://: plain http is allowed only to " ..
      "127.0.0.1, [::1] and localhost"
    ] = R[12],
    [
      "certificate of %s refused: %s (lua_ssl_trusted_certificate and " ..
      "lua_ssl_verify_depth of nginx.conf say what is accepted)"
    ] = R[12],
    ["it is longer than %d bytes"] = R[12],
    ["lua-resty-http cannot be loaded: "] = R[12],
    ["lua-resty-http raised: %s"] = R[12],
    [
      "no address found for %s: write 'resolver ADDRESS;' in the http " ..
      "block of nginx.conf"
    ] = R[12],
    ["no final response from %s, but status %d"] = R[12],
    ["no resolver defined"] = R[12],
    ["no socket: %s"] = R[12],
    [
      "the handshake failed; is its certificate one that " ..
      "lua_ssl_trusted_certificate of nginx.conf accepts?"
    ] = R[12],
    [
      "transport 'resty' takes only a proxy of the form http://HOST:PORT"
    ] = R[12],
  },
  ["lua/certcentral/transport/thread.lua"] = {
    [": set lua_package_path in nginx.conf"] = R[12],
    ["^module '.-' not found"] = R[10],
    ["^module ('.-') not found"] = R[10],
    ["^no available Lua vm"] = R[10],
    ["^thread pool .* not found"] = R[10],
    ["all Lua states of nginx's threads were in use for %g seconds: "] = R[12],
    ["nginx runs no thread here: "] = R[12],
    ["nginx's threads cannot load "] = R[12],
    [
      "nginx.conf defines no thread pool '%s': write '%s' in its main " ..
      "block, or install lua-resty-http"
    ] = R[12],
    [
      "this nginx has no worker threads for Lua: install lua-resty-http"
    ] = R[12],
    [
      "write 'lua_worker_thread_vm_pool_size 100;' in the http block of " ..
      "nginx.conf, or a larger number"
    ] = R[12],
  },
}
