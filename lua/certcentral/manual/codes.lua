--- Codes and kinds, and the environment: lists of rows.

return {
  -- code, what it means
  problems = {
    { "missing", "Required, or required by another field's value." },
    { "unknown", "No such field; `hint` names the nearest one." },
    { "type", "Wrong Lua type, a fraction, a list with holes." },
    { "range", "A number, length or date outside its limits." },
    { "format", "A string that is not in its format." },
    { "choice", "Not one of the allowed values." },
    { "conflict", "Fields that contradict each other." },
    { "csr", "Not a certificate request, a private key in its place, a broken "
      .. "signature, a key that no public CA may sign." },
  },
  warnings = {
    { "deprecated", "The API says so; `hint` names what replaces it." },
    { "ignored", "The API ignores it." },
    { "overridden", "Another field of the same object takes precedence." },
    { "limit", "More than is issued at present." },
    { "duplicate", "A name that is there twice." },
    { "cost", "It costs extra." },
    { "unknown", "An unknown field, with `allow_unknown`; an unknown "
      .. "product." },
    { "csr_mismatch", "A name that only the order or only the CSR has: the "
      .. "API takes names from the order only." },
    { "pending", "From `preflight`: to be done before issuance." },
    { "unchecked", "From `preflight`: the key may not ask." },
    { "exposed", "From `new`: others can read the key file." },
    { "unreadable", "From `new` in nginx's master process: only root can read "
      .. "the CA file, and the workers are another user as a rule." },
  },
  -- kind, when, the order's outcome, whether to try again (where it is not
  -- simply the kind's)
  kinds = {
    { "invalid", "The order has problems; nothing was sent.", "not placed" },
    { "config", "No API key, an unreadable CA file, a bad `base_url`, no "
      .. "store, a journal that cannot be written to; nothing was sent.",
      "not placed" },
    { "denied", "401, 403: the key was not accepted, or a proxy or a firewall "
      .. "in front of CertCentral refused the request; the message says "
      .. "which.", "not placed" },
    { "refused", "Any other 4xx but 408 and 429. Also: an order whose status "
      .. "rules the call out.", "not placed" },
    { "throttled", "429.", "not placed" },
    { "unavailable", "Nothing reached the server.", "not placed",
      "yes, unless its certificate was refused" },
    { "unknown", "408, 3xx, 5xx, a timeout, a lost or unreadable answer.",
      "**unknown**", "no: a person must look" },
    { "protocol", "An unreadable answer to a call that places no order.",
      "" },
  },
  -- name, what it is for
  environment = {
    { "CERTCENTRAL_API_KEY", "The API key, if neither `api_key` nor "
      .. "`api_key_file` is given." },
    { "CERTCENTRAL_BASE_URL", "The API's address, if neither `base_url` nor "
      .. "`region` is given." },
    { "CERTCENTRAL_CA_FILE", "The CAs to trust, if `ca_file` is not given." },
    { "CERTCENTRAL_STATE", "The directory of `store.file()`." },
    { "XDG_STATE_HOME", "Without CERTCENTRAL_STATE: the store is below it, in "
      .. "`certcentral`." },
    { "HOME", "Without both: the store is `~/.local/state/certcentral`; "
      .. "root's is `/var/lib/certcentral`." },
    { "https_proxy", "The proxy, if `proxy` is not given (libcurl reads it, "
      .. "and `no_proxy`)." },
    { "SANDBOX_PORT", "The port of `make sandbox`." },
  },
}
