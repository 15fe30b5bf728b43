-- Host names that are right, and wrong ones by what is wrong with them.

local ONION = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd"

local names = {}

names.good = {
  -- Punycode (RFC 3492 7.1 has more)
  "xn--mnchen-3ya.de", "xn--zckzah.example.com", "xn--z38h.example.com",
  "XN--MNCHEN-3YA.de", "Xn--Mnchen-3yA.de", "a.xn--bcher-kva.b.example.com",
  "xn--egbpdaj6bu4bxfgehfvwxn.example.com",
  "xn--ihqwcrb4cv8a8dqg056pqjye.example.com",
  "xn--3B-ww4c5e180e575a65lsy2b.example.com",
  "xn---with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n.example.com",
  "xn--de-jg4avhby1noc0d.example.com", "xn--j1ay.xn--p1ai",
  "xn--80aaxitdbjk.xn--p1ai", "*.xn--zckzah.example.com",
  "xn--0ca.example.com", "xn--a-ecp.ru", "xn--2i8h.de",
  "xn--h2brj9c3742kpp4at5w.com", "xn--1a18wkp9e3qn.com",
  -- suffixes themselves, and wildcards below names that are none
  "co.uk", "k12.ca.us", "gov.us", "foo.ck", "www.ck", "*.www.ck",
  "*.example.co.uk", "*.example.k12.ca.us", "*.example.gov.us",
  "*.city.kawasaki.jp", "*.example.com", "*.example.com.au", "*.example.de",
  -- private rules
  "*.github.io", "*.uk.com", "*.s3.amazonaws.com", "*.blogspot.com",
  "*.us.com", "*.de.com",
  -- near internal names
  "alt.de", "a.alt.de", "corp.example.com", "home.example.com", "arpa.de",
  "home.arpa.de", "mail.google.com", "www.domain.com", "private.org",
  "intranet.de", "localdomain.net", "a.arpa", "a.homes", "a.mailx.de",
  ONION .. ".onion", "www." .. ONION .. ".onion", "*." .. ONION .. ".onion",
  "WWW." .. ONION:upper() .. ".ONION",
}

-- what = { names, what the message says }
names.bad = {
  punycode = { { "xn--0.example.com", "xn--abc123.example.com",
    "a.xn--0.example.com", "XN--0.example.com", "*.xn--0.example.com",
    "xn--99999999.example.com",
    "xn--zzzzzzzzzzzz.example.com", "xn--9999999999999999.example.com",
    "xn---a.example.com", "xn---bcher.example.com", "xn--a-b-c.example.com",
    "example.xn--0", "xn--mnchen-3y.de",
    "xn--mnchen-3yaa9.de", "xn--" .. ("9"):rep(59) .. ".com",
    "xn--ib9b.example.com", "xn--a-po7g.example.com", -- surrogates
    "xn--en32g.example.com" }, -- beyond U+10FFFF
    "must have valid Punycode (RFC 3492) after 'xn--'" },
  suffix = { { "*.co.uk", "*.com.au", "*.k12.ca.us", "*.CO.UK", "*.co.jp",
    "*.ac.uk", "*.ck.ck", "*.foo.ck", "*.kawasaki.jp", "*.foo.kawasaki.jp",
    "*.xn--55qx5d.cn", "*.in.us", "*.pvt.k12.ma.us", "*.com.br",
    "*.e164.arpa", "*.gob.ar" },
    "must not have '*' directly below a public suffix (by the Public Suffix "
    .. "List)" },
  registry = { { "*.gov.us", "*.GOV.us" },
    "must not have '*' directly below a public suffix (by the built-in list "
    .. "of registries)" },
  top = { { "example.c", "example.c0m", "www.example.123a", "example.a-b",
    "example.co-m", "a.b1", "example.1com" },
    "must end in a top-level domain" },
  internal = { { "example.alt", "www.example.localdomain", "a.home.arpa",
    "home.arpa", "a.corp", "a.home", "mail.mail", "srv.intranet",
    "db.private", "pdc.domain", "*.corp", "*.a.corp", "A.CORP",
    "a.b.localdomain", "x.local", "1.0.10.in-addr.arpa", "0.ip6.arpa" },
    "" },
  onion = { { "zmap.onion", "www.zmap.onion", "*.zmap.onion",
    "facebookcorewwwi.onion", -- version 2
    ONION .. "a.onion", ONION:sub(2) .. ".onion",
    ONION:gsub("^p", "1") .. ".onion", ONION .. ".www.onion" },
    "must have an onion address of version 3 (56 letters and digits) before "
    .. "'.onion'" },
}

-- Under no public suffix: a warning.
names.unknown = { "x.definitelynotagtld", "example.za", "hi.com.ukei",
  "*.a.notadomain",
  "xn--zckzah.xn--mnchen-3ya" }

-- Blocks of IANA's two registries of special-purpose addresses, with the
-- first and the last address, and multicast.
names.reserved = {
  { "0.0.0.0/8", "0.0.0.0", "0.255.255.255" },
  { "0.0.0.0/32", "0.0.0.0" },
  { "10.0.0.0/8", "10.0.0.0", "10.255.255.255" },
  { "100.64.0.0/10", "100.64.0.0", "100.127.255.255" },
  { "127.0.0.0/8", "127.0.0.0", "127.255.255.255" },
  { "169.254.0.0/16", "169.254.0.0", "169.254.255.255" },
  { "172.16.0.0/12", "172.16.0.0", "172.31.255.255" },
  { "192.0.0.0/24", "192.0.0.0", "192.0.0.255" },
  { "192.0.0.0/29", "192.0.0.7" }, { "192.0.0.8/32", "192.0.0.8" },
  { "192.0.0.9/32", "192.0.0.9" }, { "192.0.0.10/32", "192.0.0.10" },
  { "192.0.0.170/32", "192.0.0.170" }, { "192.0.0.171/32", "192.0.0.171" },
  { "192.0.2.0/24", "192.0.2.0", "192.0.2.255" },
  { "192.31.196.0/24", "192.31.196.0", "192.31.196.1", "192.31.196.255" },
  { "192.52.193.0/24", "192.52.193.0", "192.52.193.255" },
  { "192.88.99.0/24", "192.88.99.0", "192.88.99.2", "192.88.99.255" },
  { "192.168.0.0/16", "192.168.0.0", "192.168.255.255" },
  { "192.175.48.0/24", "192.175.48.0", "192.175.48.255" },
  { "198.18.0.0/15", "198.18.0.0", "198.19.255.255" },
  { "198.51.100.0/24", "198.51.100.0", "198.51.100.255" },
  { "203.0.113.0/24", "203.0.113.0", "203.0.113.255" },
  { "224.0.0.0/4", "224.0.0.0", "239.255.255.255" },
  { "240.0.0.0/4", "240.0.0.0", "255.255.255.254" },
  { "255.255.255.255/32", "255.255.255.255" },
  { "::1/128", "::1" }, { "::/128", "::" },
  { "::ffff:0:0/96", "::ffff:0:0", "::ffff:8.8.8.8", "::ffff:ffff:ffff" },
  { "64:ff9b::/96", "64:ff9b::", "64:ff9b::ffff:ffff" },
  { "64:ff9b:1::/48", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff" },
  { "100::/64", "100::", "100::ffff:ffff:ffff:ffff" },
  { "100:0:0:1::/64", "100:0:0:1::", "100::1:ffff:ffff:ffff:ffff" },
  { "2001::/23", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff" },
  { "2001::/32", "2001::1", "2001:0:ffff::1" },
  { "2001:1::1/128", "2001:1::1" }, { "2001:1::2/128", "2001:1::2" },
  { "2001:1::3/128", "2001:1::3" }, { "2001:2::/48", "2001:2::1" },
  { "2001:3::/32", "2001:3::1" }, { "2001:4:112::/48", "2001:4:112::1" },
  { "2001:10::/28", "2001:10::1" }, { "2001:20::/28", "2001:2f::1" },
  { "2001:30::/28", "2001:3f::1" },
  { "2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" },
  { "2002::/16", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
  { "2620:4f:8000::/48", "2620:4f:8000::",
    "2620:4f:8000:ffff:ffff:ffff:ffff:ffff" },
  { "3fff::/20", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff" },
  { "5f00::/16", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
  { "fc00::/7", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
  { "fe80::/10", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
  { "ff00::/8", "ff00::", "ff0e::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
}

-- The neighbours of those blocks that are inside no other.
names.public = {
  "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
  "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
  "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0",
  "192.0.1.255", "192.0.3.0", "192.31.195.255", "192.31.197.0",
  "192.52.192.255", "192.52.194.0", "192.88.98.255", "192.88.100.0",
  "192.167.255.255", "192.169.0.0", "192.175.47.255", "192.175.49.0",
  "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
  "203.0.112.255", "203.0.114.0", "223.255.255.255", "2000::",
  "2000:ffff::", "2001:200::", "2001:db7:ffff::", "2001:db9::",
  "2001:ffff::", "2003::", "2620:4f:7fff::", "2620:4f:8001::",
  "3ffe:ffff::", "3fff:1000::", "2606:4700::1",
}

return names
