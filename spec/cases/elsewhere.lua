-- Which spec has the cases of a public function that has none in
-- cases/endpoints.lua: the file's name without "_spec.lua".

local specs = {
  validate = { "certcentral.validate" },
  encode = { "certcentral.encode", "certcentral.request" },
  place_order = { "certcentral.place_order", "client:place_order" },
  client = { "certcentral.new", "client:close" },
  allocator = { "client:wipes_memory" },
  assert = { "certcentral.assert" },
  form = { "certcentral.fields" },
  help = { "certcentral.help" },
  show = { "certcentral.show" },
  redact = { "certcentral.redact" },
  order_from_csr = { "certcentral.order_from_csr" },
  date = { "certcentral.date" },
  csr_generate = { "certcentral.csr.generate" },
  csr_inspect = { "certcentral.csr.inspect", "certcentral.csr.sha256" },
  csr = { "certcentral.csr.check" },
  policy = { "client:ensure_order" },
  place_orders = { "client:place_orders" },
  recover = { "client:recover" },
  preflight = { "client:preflight" },
  endpoints = { "client:orders", "client:certificates", "client:dcv",
                "client:dcv_records", "client:product_limits" },
  wait = { "client:wait" },
  certificate = { "client:certificate" },
  save = { "client:save" },
  keep = { "client:keep" },
  report = { "client:report" },
  domains = { "client:domains", "client:domain_dcv", "client:keep_domains" },
  ensure_reissue = { "client:ensure_reissue" },
  schedule = { "certcentral.schedule" },
  renew = { "client:renew", "client:renewal_advice" },
  queue = { "client:queue", "queue:add", "queue:step", "queue:await",
            "queue:cancel", "queue:fds", "queue:next_timeout", "queue:close",
            "ticket:status", "ticket:outcome" },
  failures = { "queue:arm" },
  journal = { "journal.file", "journal.memory", "journal:write",
              "journal:read", "journal:open_orders", "journal:close" },
  journal_damage = { "journal:compact" },
  store = { "store.file", "store.memory", "store:lock", "store:keep",
            "store:unlock", "store:get", "store:set" },
  nginx_store = { "store.dict" },
  budget = { "budget.new", "budget:take", "budget:done" },
  budget_shared = { "budget.shared" },
  log = { "log.stderr", "log.json", "log.nginx" },
}

local elsewhere = {}
for spec, names in pairs(specs) do
  for _, name in ipairs(names) do
    elsewhere[name] = spec
  end
end

return elsewhere
