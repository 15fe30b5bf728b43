-- luaossl's modules, or what to install.

local HOW = "certcentral.sandbox needs luaossl: apt-get install lua-luaossl, "
  .. "or luarocks install luaossl"

-- The module of that name below "openssl".
return function(name)
  local ok, module = pcall(require, "openssl." .. name)
  if not ok then
    error(HOW .. " (" .. tostring(module):match("^[^\n]*") .. ")", 0)
  end
  return module
end
