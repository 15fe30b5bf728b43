rockspec_format = "3.0"
package = "certcentral-sandbox"
version = "scm-1"
source = {
  url = "git+https://example.invalid/certcentral.git",
}
description = {
  summary = "A stand-in for DigiCert CertCentral, for tests",
  detailed = [[
    Checks orders by its own means, keeps them, issues real certificates from a
    CA of its own, and has faults on demand. In process without a network, or
    over HTTPS with nginx and its Lua module. Works with any client.
  ]],
  homepage = "https://example.invalid/certcentral",
  issues_url = "https://example.invalid/certcentral/issues",
  maintainer = "the certcentral authors",
  license = "MIT",
  labels = { "tls", "certificates", "digicert", "testing" },
}
supported_platforms = { "unix" }
dependencies = {
  "lua >= 5.1, < 5.6",
  "luaossl >= 20220711",
}
build = {
  type = "make",
  build_pass = false,
  install_target = "sandbox-rock-install",
  install_variables = {
    INST_LUADIR = "$(LUADIR)",
  },
}
