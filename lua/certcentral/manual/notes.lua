--- What a caller has to know of a function beyond its sentence, its arguments
-- and its options: name -> text.

return {
  ["budget:done"] =
    "Ignored if no request is in progress.",
  ["budget:take"] =
    "It never sleeps. 0: a request may be sent now, and counts until it "
    .. "is done; above 0: ask again after so many seconds.",
  ["certcentral.assert"] =
    "Lua 5.1's own `assert` and nginx say only that an error was a table.",
  ["certcentral.date"] =
    "What cannot be written raises: a date that is nil would leave its "
    .. "field out of an order. A text that is not a date is an error of kind "
    .. "`invalid`.",
  ["certcentral.new"] =
    "The warnings, if there are any, are about the client: a key file "
    .. "that others may read. Without an API key the error's kind is "
    .. "`config`.",
  ["certcentral.order_from_csr"] =
    "`certificate.common_name`, `dns_names`, `csr` and `signature_hash` "
    .. "come from the CSR, all else from the defaults. A CSR that no public "
    .. "CA may sign, or without a name, is an error.",
  ["certcentral.show"] =
    "Results, infos, problems, warnings, orders and DCV data convert to "
    .. "this text by themselves.",
  ["client:cancel"] =
    "Also a pending reissue.",
  ["client:certificate"] =
    "It is put in order and compared with the order: its names, its "
    .. "serial number, the CSR's public key. The formats `default`, "
    .. "`default_pem`, `default_cer` and `apache` are archives, handed on as "
    .. "`body`.",
  ["client:certificates"] =
    'Each has a `kind`: "reissue" or "duplicate".',
  ["client:change_dcv_method"] =
    'The answer has `dcv_random_value` and `expiration_date`; for "email" '
    .. 'it is empty.',
  ["client:close"] =
    "Closes its queues, too. Twice is fine. The garbage collector does "
    .. "it, and Lua 5.4's `<close>`.",
  ["client:dcv"] =
    "A CNAME is `_dnsauth.<domain> CNAME <value>.dcv.digicert.com`, a TXT "
    .. "is at the domain itself, a file below `/.well-known/pki-validation/`.",
  ["client:ensure_order"] =
    "The order needs an `alternative_order_id`. Cancelled, rejected, "
    .. "revoked and expired orders do not count as live; unknown states do. "
    .. "A live order of the name with another common name is `refused`. Any "
    .. "number of processes may call it at once: one places the order, the "
    .. "others wait for it within their deadline and get it with "
    .. "`info.existed`.",
  ["client:find_orders"] =
    "An empty list if there are none. Each has `order_id`, "
    .. "`certificate_id` and `status`.",
  ["client:orders"] =
    'All pages, one after the other: `for order, err in client:orders { '
    .. 'status = "issued" } do`. A filter is a value, a list of values or a '
    .. 'range `{from =, to =}`. `false, err` if a page cannot be had, then '
    .. 'the end.',
  ["client:place_orders"] =
    "Each order goes through the whole policy of `place_order`; one that "
    .. "fails stops no other. The outcomes are in the order given. With "
    .. "`on_outcome` the call returns how many were placed and how many "
    .. "failed.",
  ["client:preflight"] =
    "Asks whether the key's user is active and may skip approvals, "
    .. "whether the product is enabled and its limits allow the order, "
    .. "whether the organization is there and validated, which names need "
    .. "domain control, what costs extra. Buys nothing. Two more warnings: "
    .. "`pending`, to be done before issuance; `unchecked`, the key may not "
    .. "ask.",
  ["client:recover"] =
    "Reissues of `ensure_reissue`, too. Entries of other accounts and "
    .. "services are left alone. Raises if the client has no journal.",
  ["client:reissue"] =
    "Without names it has the order's. Names that differ from the order's "
    .. "are `invalid`, with a `conflict` at `certificate.dns_names`, and "
    .. "nothing is sent: DigiCert revokes all earlier certificates of an "
    .. "order 48 to 72 hours after a reissue that drops a name, and added "
    .. "names cost. What is unclear is not sent again: the error is "
    .. "`unknown`, and says how to look. The info has `status` and "
    .. "`warnings`.",
  ["client:duplicate"] =
    "As with `reissue`; DigiCert refuses other names than the order's.",
  ["client:ensure_reissue"] =
    "Names as with `reissue`; a CSR for other names altogether is `invalid`, "
    .. "too. A reissue for the CSR's public key that is "
    .. "pending or issued is returned, with `info.existed`, as `{id, "
    .. "certificate_id, status, certificate}`: a new certificate needs a new "
    .. "key. A reissue of another key that is pending is `refused`. A lost "
    .. "answer is looked up in the list of reissues and never sent again. Any "
    .. "number of processes may call it at once: see `ensure_order`.",
  ["client:renew"] =
    "An order like the old one with the changes, under the "
    .. "`alternative_order_id` `renewalOf<id>`. Without `certificate.csr` "
    .. "among the changes the old CSR is used, and so the old key. A "
    .. "validity or another organization replaces the old one whole; null "
    .. "takes a member out. `info.existed`: it was there already. An order "
    .. "with more than 30 days left is `refused` and nothing is sent: its "
    .. "certificate is reissued at no cost.",
  ["client:domains"] =
    "All pages, as of `orders`, with validations and tokens.",
  ["client:domain_dcv"] =
    "As `dcv` of an order, for a domain. A token that has expired, or is not "
    .. "there, is replaced.",
  ["client:keep_domains"] =
    "For cron: a list of `{domain, id, ends, action}`, `ends` in seconds since "
    .. "1970. `begin`: its validation ends soon, and a new one was begun; "
    .. "`wait`: one is pending, `domain_dcv` says what it needs; `none`; "
    .. "`error` with `err`, where the others go on. DigiCert uses a validation "
    .. "for 199 days; after that orders and reissues wait for a new one.",
  ["client:keep"] =
    "For cron: one step with each call. What is pending is waited for, what is "
    .. "issued is saved; then the certificate is reissued when "
    .. "`certcentral.schedule` says so, and the order renewed when its plan "
    .. "ends, never before. An order that was renewed is followed to the one "
    .. "that is there now, so that the first id stays good. Before anything is "
    .. "sent it is noted in the `store`: whatever the service answers, there "
    .. "is one purchase or reissue within `floor`. An order that is set to "
    .. "renew or reissue by itself is only waited for. One that is over is "
    .. "`refused`.",
  ["certcentral.schedule"] =
    "Each item has `at`, when to issue, in seconds since 1970, and `days`, "
    .. "how long the certificate lasts. With no more certificates than the "
    .. "fewest, each leaves as many days in hand as it can.",
  ["client:report"] =
    "What is due first comes first: `{order_id, common_name, serial_number, "
    .. "not_after, plan_ends, validation_ends, action, at, reason}`. An order "
    .. "stands there too if the validation of one of its domains ends in time; "
    .. "`validation_ends` is missing if the API key may not read domains.",
  ["client:renewal_advice"] =
    "`reissue` when `certcentral.schedule` says so, `renew` in the last "
    .. "`days` of the order, else `wait`; `at` is when something is due. "
    .. "An order that is over and not expired is `refused`: only a new one "
    .. "helps.",
  ["client:revoke_order"] =
    "Reissues and duplicates included. It cannot be undone. true if it is "
    .. "done, the request if it waits for an approval.",
  ["client:revoke_certificate"] =
    "It cannot be undone. true if it is done, the request if it waits for "
    .. "an approval.",
  ["client:save"] =
    "All files or none, each replaced in one step; what fails leaves the "
    .. "old ones.",
  ["client:status_changes"] =
    "Dates are 'yyyy-MM-dd' or 'yyyy-MM-dd HH:mm:ss', in Mountain time. "
    .. "Each has `order_id`, `certificate_id` and `status`.",
  ["client:wait"] =
    "Looks at growing intervals; the client's `deadline` is for each "
    .. "look. `refused` with `err.order_status` if the order was rejected, "
    .. "canceled, revoked or has expired, or still waits for a person when "
    .. "the time is over (\"needs_approval\", \"needs_csr\"): the error says "
    .. "what has to be done. Else `unavailable` when the time is over.",
  ["client:wipes_memory"] =
    "See Security in the README.",
  ["journal.memory"] =
    "It ends with the process: for tests, and for programs that look "
    .. "after lost answers but not after crashes.",
  ["journal:compact"] =
    "Journals in files have it. Other processes may write and read "
    .. "meanwhile; what is open or cannot be read stays.",
  ["journal:read"] =
    "The oldest first, and how many could not be read.",
  ["journal:write"] =
    "Returns true when the entry is safe.",
  ["log.json"] =
    "The file is opened for each line, so that it may be rotated.",
  ["queue:add"] =
    "The order is checked and written now: later changes of the table do "
    .. "not matter.",
  ["queue:arm"] =
    "A new queue has done it already.",
  ["queue:cancel"] =
    '"no": it is not placed and never will be; "maybe": its outcome is '
    .. '`unknown`, in the journal too; "yes": it was placed before.',
  ["queue:close"] =
    "Never waits. Closing the client does it too.",
  ["queue:fds"] =
    "The list changes with every step.",
  ["queue:next_timeout"] =
    "In how many seconds `step(0)` is due at the latest, if none of the "
    .. "file descriptors is ready before.",
  ["queue:step"] =
    "Returns as soon as an order has its outcome, or after so many "
    .. "seconds. What a callback raised is raised here.",
  ["store.dict"] =
    "Used by default in nginx if `lua_shared_dict certcentral` is "
    .. "declared.",
  ["store.file"] =
    "Used by default elsewhere. The locks are the kernel's, and end with "
    .. "their process. Not for a network file system, where they may not "
    .. "hold.",
  ["store.memory"] =
    "For tests.",
  ["store:lock"] =
    "false, the holder and the seconds that are left if another has it.",
  ["store:set"] =
    "false if the present value is not the expected one.",
  ["ticket:status"] =
    '"queued", "sending", "rate" (waits for the budget), "waiting" '
    .. '(before another attempt or look-up), "done".',
}
