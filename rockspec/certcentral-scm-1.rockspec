rockspec_format = "3.0"
package = "certcentral"
version = "scm-1"
source = {
  url = "git+https://example.invalid/certcentral.git",
}
description = {
  summary = "Orders TLS certificates from DigiCert CertCentral",
  detailed = [[
    Composes a Secure Site OV order as a Lua table, validates every field of
    it before anything is sent, and places it over libcurl. The core is C and
    runs in Lua 5.4 and LuaJIT.
  ]],
  homepage = "https://example.invalid/certcentral",
  issues_url = "https://example.invalid/certcentral/issues",
  maintainer = "the certcentral authors",
  license = "MIT",
  labels = { "tls", "certificates", "digicert", "openresty" },
}
supported_platforms = { "unix" }
dependencies = {
  "lua >= 5.1, < 5.6",
  "lua-cjson >= 2.1.0",
}
test_dependencies = {
  "busted >= 2.0",
  "luaossl >= 20220711",
  "luv",
}
-- The headers are found by the compiler: Debian keeps curl's in a directory
-- of the machine's name, where luarocks does not look.
external_dependencies = {
  CURL = { library = "curl" },
  CRYPTO = { library = "crypto" },
}
build = {
  type = "make",
  build_target = "rock",
  build_variables = {
    CFLAGS = "$(CFLAGS)",
    INC_rock = "-I$(LUA_INCDIR)",
    CURL_LIBS = "-L$(CURL_LIBDIR) -lcurl",
    CRYPTO_LIBS = "-L$(CRYPTO_LIBDIR) -lcrypto",
  },
  install_target = "rock-install",
  install_variables = {
    INST_LUADIR = "$(LUADIR)",
    INST_LIBDIR = "$(LIBDIR)",
  },
}
test = {
  type = "command",
  command = "make test",
}
