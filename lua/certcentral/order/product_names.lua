--- The products whose orders have this form, by the names that the API gives
-- them (the pages of "Services API, orders" at dev.digicert.com). An account
-- may have others.

return {
  "ssl_securesite_flex", "ssl_securesite_pro", "ssl_basic",
  "ssl_ev_securesite_flex", "ssl_ev_securesite_pro", "ssl_ev_basic",
  "ssl_plus", "ssl_multi_domain", "ssl_wildcard", "ssl_ev_plus",
  "ssl_ev_multi_domain", "ssl_cloud_wildcard",
  "ssl_securesite", "ssl_securesite_multi_domain", "ssl_securesite_wildcard",
  "ssl_ev_securesite", "ssl_ev_securesite_multi_domain",
  "ssl_geotrust_truebizid", "ssl_thawte_webserver",
  "ssl_ev_geotrust_truebizid", "ssl_ev_thawte_webserver",
  "ssl_dv_geotrust_flex", "ssl_dv_geotrust", "ssl_dv_rapidssl",
  "wildcard_dv_geotrust", "wildcard_dv_rapidssl", "cloud_dv_geotrust",
  "private_ssl_plus", "private_ssl_wildcard", "private_ssl_multi_domain",
  "ssl",
}
