# certcentral. `make help` lists the targets.
#
# One source, two builds: build/lua5.4 for Lua 5.4, build/lua5.1 for LuaJIT
# and Lua 5.1. All of csrc but csrc/binding knows no Lua and is compiled once.

LUA = lua5.4
LUAJIT = luajit
BUILD = build
PREFIX = /usr/local
DESTDIR =

CC = gcc
CFLAGS = -O2 -g
SANITIZE =
# A flag, where the compiler takes it for this machine.
takes = $(shell echo 'int x;' | $(CC) -Werror $(1) -x c -c -o /dev/null - \
	2>/dev/null && echo $(1))
HARDENING := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
	$(call takes,-fstack-clash-protection) $(call takes,-fcf-protection)
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wformat -Wformat-security
WERROR =
DEFINES = -std=c11 -D_POSIX_C_SOURCE=200809L
ALL_CFLAGS = $(DEFINES) $(CFLAGS) $(HARDENING) $(SANITIZE) $(WARNINGS) \
	$(WERROR) -fPIC -fvisibility=hidden -ffile-prefix-map=$(CURDIR)=.
# nodelete: a thread of libcurl's may outlive the Lua state that loaded it
MODULE = -shared -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now $(LDFLAGS)
LDFLAGS =
STRIP = strip
# The headers that a file includes, noted as it is compiled.
NOTED = -MMD -MP -MF $@.d -MT $@

# What pkg-config says.
inc = $(shell pkg-config --cflags $(1) 2>/dev/null)
INC_lua5.4 = $(call inc,lua5.4)
INC_lua5.1 = $(call inc,lua5.1)
INC_lua5.3 = $(call inc,lua5.3)
INC_lua5.5 = $(call inc,lua5.5)
CURL_LIBS = -lcurl
CRYPTO_LIBS = -lcrypto
# For csrc/suffix, where libc has them not itself.
SUFFIX_LIBS = -ldl -lpthread

ABIS = lua5.4 lua5.1
MODULES = core curl x509
CORE = $(patsubst %.c,$(BUILD)/%.o,$(wildcard csrc/core/*.c))
FILES = $(patsubst %.c,$(BUILD)/%.o,$(wildcard csrc/file/*.c))
X509 = $(patsubst %.c,$(BUILD)/%.o,$(wildcard csrc/x509/*.c))
TRANSPORT = $(patsubst %.c,$(BUILD)/%.o,$(wildcard csrc/transport/*.c))
SUFFIX = $(patsubst %.c,$(BUILD)/%.o,$(wildcard csrc/suffix/*.c))
# Of the core: buffers, random names for new files, and what people give in
# place of a CSR.
X509_CORE = $(patsubst %,$(BUILD)/csrc/core/%.o,buffer formats names punycode \
	registries request scan date)

SO = $(foreach abi,$(ABIS),\
	$(foreach m,$(MODULES),$(BUILD)/$(abi)/certcentral/$(m).so))
TEST_PROGRAMS = $(patsubst csrc/test/%.c,$(BUILD)/test/%,\
	$(filter-out csrc/test/fuzz_% csrc/test/lua_% csrc/test/preload_%,\
	$(wildcard csrc/test/*.c)))

LUA_FILES = $(shell find lua spec examples -name '*.lua' 2>/dev/null)

# Modules for Lua programs that run from this directory.
export LUA_PATH = $(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;$(CURDIR)/spec/?.lua;;
CPATH54 = $(CURDIR)/$(BUILD)/lua5.4/?.so;;
CPATH51 = $(CURDIR)/$(BUILD)/lua5.1/?.so;;

.PHONY: all help deps demo test test-quick spec sandbox repl check install \
	uninstall install-c uninstall-c embed clean asan valgrind bench mutants \
	reference messages test-programs install-sandbox rock rock-install \
	sandbox-rock-install
.DEFAULT_GOAL = help

help:
	@echo 'make all       build the modules for Lua 5.4 and LuaJIT'
	@echo 'make demo      place an order in the sandbox and print the answer'
	@echo 'make test      build and run every test (installs what it needs)'
	@echo 'make test-quick  the tests that take less than a minute'
	@echo 'make spec SPEC=spec/order/date_spec.lua [LUA=luajit]  one spec'
	@echo 'make sandbox   start the sandbox on loopback; SANDBOX_PORT fixes the port'
	@echo 'make repl      a Lua prompt with the module loaded'
	@echo 'make check     compiler warnings, linters, the tables against themselves'
	@echo 'make asan      the tests under the address and undefined sanitizers'
	@echo 'make valgrind  the tests under valgrind'
	@echo 'make fuzz      fuzz the C code; FUZZ_SECONDS for each target'
	@echo 'make fuzz-lua  random orders against a second reading of the rules'
	@echo 'make tsan      four threads under the thread sanitizer'
	@echo 'make soak      SOAK_COUNT orders with faults, and an attack'
	@echo 'make mutants   change the code in MUTANTS places, see which test finds it'
	@echo 'make coverage  lines and branches that the tests reach'
	@echo 'make bench     measure, as ratios within one run'
	@echo 'make install   install to PREFIX=$(PREFIX), for ABI=5.4, luajit, 5.3, 5.5 or 5.1'
	@echo 'make install-sandbox  install the sandbox by itself (install has it, too)'
	@echo 'make uninstall remove it from there'
	@echo 'make install-c install the C core: header, libraries, certcentral.pc'
	@echo 'make embed     static libraries for hosts that carry everything inside'
	@echo 'make deps      install the Debian packages that all this needs'
	@echo 'make clean     remove the build'

all: $(SO)

# What a target needs: deps-demo, deps-test and so on; `make deps` is all.
deps:
	@sh spec/deps.sh all

deps-%:
	@sh spec/deps.sh $*

# ---- building ---------------------------------------------------------------

$(BUILD)/csrc/%.o: csrc/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(NOTED) -c -o $@ $<

define abi_rules
$(BUILD)/$(1)/obj/%.o: csrc/binding/%.c Makefile
	@mkdir -p $$(@D)
	$(CC) $(ALL_CFLAGS) $$(NOTED) $$(INC_$(1)) -c -o $$@ $$<
$(BUILD)/$(1)/certcentral/core.so: $$(patsubst %,$(BUILD)/$(1)/obj/lcc_%.o,\
		core answer check date order fields secret system file) $(CORE) $(FILES) $(SUFFIX)
	@mkdir -p $$(@D)
	$(CC) $(SANITIZE) $(MODULE) -o $$@ $$^ $(SUFFIX_LIBS)
$(BUILD)/$(1)/certcentral/x509.so: $$(patsubst %,$(BUILD)/$(1)/obj/lcc_%.o,\
		x509 csr csr_generate chain) $(X509) $(FILES) $(X509_CORE)
	@mkdir -p $$(@D)
	$(CC) $(SANITIZE) $(MODULE) -o $$@ $$^ $(CRYPTO_LIBS)
$(BUILD)/$(1)/certcentral/curl.so: $$(patsubst %,$(BUILD)/$(1)/obj/lcc_%.o,\
		curl curl_values curl_multi) $(TRANSPORT) $(BUILD)/csrc/core/buffer.o
	@mkdir -p $$(@D)
	$(CC) $(SANITIZE) $(MODULE) -o $$@ $$^ $(CURL_LIBS)
endef
$(foreach abi,$(sort $(ABIS) lua5.1 lua5.3 lua5.4 lua5.5),\
	$(eval $(call abi_rules,$(abi))))

# Every csrc/test/*.c is a program of its own. A library, because a test may
# bring a source file of the core with it and then needs all but that one.
$(BUILD)/libdcc.a: $(CORE) $(FILES) $(X509) $(SUFFIX) $(TRANSPORT)
	@rm -f $@
	@ar rc $@ $^
$(BUILD)/test/%: csrc/test/%.c $(BUILD)/libdcc.a
	@mkdir -p $(@D)
	$(CC) $(filter-out -fPIC -fvisibility=hidden,$(ALL_CFLAGS)) $(NOTED) \
		-o $@ $< $(BUILD)/libdcc.a $(CURL_LIBS) -lssl $(CRYPTO_LIBS) $(SUFFIX_LIBS)

test-programs: $(TEST_PROGRAMS)
	@$(MAKE) -s --no-print-directory $(HOST_PROGRAMS)

# The C examples: one with the core alone, one that embeds Lua.
$(BUILD)/examples/validate: examples/embed/validate.c $(CORE) $(X509)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(NOTED) -Icsrc/core -Icsrc/x509 -o $@ $< $(CORE) \
		$(X509) \
		$(CRYPTO_LIBS)
$(BUILD)/examples/host: examples/embed/main.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(INC_lua5.4) -o $@ $< -Wl,-E -llua5.4 -lm -ldl

EXAMPLES = $(BUILD)/examples/validate $(BUILD)/examples/host \
	$(BUILD)/examples/static-lua5.4 $(BUILD)/examples/static-lua5.1

# ---- running ----------------------------------------------------------------

demo: deps-demo
	@$(MAKE) -s all ABIS=lua5.4
	@LUA_CPATH='$(CPATH54)' $(LUA) examples/demo.lua

sandbox: deps-sandbox
	@$(MAKE) -s all ABIS=lua5.4
	@LUA_CPATH='$(CPATH54)' $(LUA) lua/certcentral/sandbox/serve.lua

repl: deps-repl
	@$(MAKE) -s all ABIS=lua5.4
	@LUA_CPATH='$(CPATH54)' $(LUA) -e 'require("certcentral.repl").run()'

# Each Lua that the specs run under has its build.
LUAS = $(shell sh spec/luas.sh)

test: deps-test
	@$(MAKE) -s --no-print-directory all test-programs $(EXAMPLES) \
		fuzz-programs ABIS='$(sort $(patsubst luajit,lua5.1,$(LUAS)))'
	@BUILD=$(BUILD) sh spec/run.sh

# A first look: what takes long is left out.
test-quick: deps-test-quick
	@$(MAKE) -s --no-print-directory all test-programs $(EXAMPLES)
	@BUILD=$(BUILD) MODE=quick sh spec/run.sh

# One spec, or several: make spec SPEC=spec/order/date_spec.lua [LUA=lua5.3]
spec: deps-spec
	$(if $(SPEC),,$(error give SPEC, as SPEC=spec/order/date_spec.lua))
	@$(MAKE) -s --no-print-directory all test-programs $(EXAMPLES) \
		ABIS='$(sort lua5.4 lua5.1 $(filter-out luajit,$(LUA)))'
	@BUILD=$(BUILD) SPEC='$(SPEC)' LUA=$(LUA) sh spec/run.sh

# ---- checking ---------------------------------------------------------------

SAN = $(MAKE) -s --no-print-directory BUILD=build/asan \
	SANITIZE='-fsanitize=address,undefined -fno-omit-frame-pointer' \
	CFLAGS='-O1 -g' HARDENING=

asan: deps-asan
	@$(SAN) all test-programs $(EXAMPLES:$(BUILD)/%=build/asan/%)
	@BUILD=build/asan MODE=asan sh spec/run.sh

valgrind: deps-valgrind
	@$(MAKE) -s --no-print-directory all test-programs $(EXAMPLES)
	@BUILD=$(BUILD) MODE=valgrind sh spec/run.sh

CHECKED = $(filter-out csrc/test/%,$(wildcard csrc/*/*.c))

check: deps-check
	@$(MAKE) -s --no-print-directory BUILD=build/gcc WERROR=-Werror all \
		test-programs build/gcc/examples/validate build/gcc/examples/host
	@echo 'gcc: no warning'
	@$(MAKE) -s --no-print-directory BUILD=build/clang CC=clang \
		WERROR=-Werror all test-programs build/clang/examples/validate \
		build/clang/examples/host
	@echo 'clang: no warning'
	@clang-tidy --quiet $(CHECKED) -- $(DEFINES) $(INC_lua5.4) 2>/dev/null
	@echo 'clang-tidy: nothing found'
	@for f in $(CHECKED); do $(CC) $(DEFINES) -O1 -fanalyzer -Werror \
		$(INC_lua5.4) -c -o /dev/null $$f || exit 1; done
	@echo 'gcc -fanalyzer: nothing found'
	@cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
		--enable=warning,performance,portability \
		--suppress=missingIncludeSystem -D__GNUC__ -D__linux__ \
		-D__SSE2__ -DLIBCURL_VERSION_NUM=0x075801 csrc/core csrc/x509 csrc/file \
		csrc/suffix csrc/transport csrc/binding
	@echo 'cppcheck: nothing found'
	@luacheck --quiet --no-color lua examples spec
	@$(MAKE) -s all
	@LUA_CPATH='$(CPATH54)' $(LUA) spec/check.lua

# Writes the generated parts of lua/REFERENCE.md, and lua/certcentral/meta.lua.
# Every message for people, each with the test that leads to it.
messages: deps-spec all
	@LUA_CPATH='$(CPATH54)' CERTCENTRAL_TEST_LUA=$(LUA) \
		CERTCENTRAL_TEST_BUILD=$(CURDIR)/$(BUILD) $(LUA) spec/messages.lua

reference: all
	@LUA_CPATH='$(CPATH54)' $(LUA) spec/check.lua write

$(BUILD)/bench/base: spec/bench/base.c
	@mkdir -p $(@D)
	$(CC) $(DEFINES) $(CFLAGS) $(WARNINGS) -o $@ $< $(CURL_LIBS)

$(BUILD)/bench/hang.so: spec/bench/hang.c
	@mkdir -p $(@D)
	$(CC) $(DEFINES) $(CFLAGS) $(WARNINGS) -fPIC -shared -o $@ $<

$(BUILD)/%/bench/thin.so: spec/bench/thin.c
	@mkdir -p $(@D)
	$(CC) $(DEFINES) $(CFLAGS) $(WARNINGS) $(INC_$*) -fPIC -shared -o $@ $< \
		$(CURL_LIBS)

bench: deps-bench
	@$(MAKE) -s --no-print-directory all test-programs $(BUILD)/bench/base \
		$(BUILD)/bench/hang.so $(BUILD)/lua5.4/bench/thin.so \
		$(BUILD)/lua5.1/bench/thin.so
	@BUILD=$(BUILD) sh spec/bench/run.sh

-include spec/prove.mk

-include $(wildcard $(foreach build,$(BUILD) $(FUZZ_BUILD),\
	$(build)/*.d $(build)/*/*.d $(build)/*/*/*.d $(build)/*/*/*/*.d))

# ---- installing -------------------------------------------------------------

# For which Lua. LuaJIT takes what is built for Lua 5.1.
ABI = 5.4
ABI_NAMES = 5.4 luajit 5.3 5.5 5.1
BUILT = $(if $(filter luajit,$(ABI)),lua5.1,lua$(ABI:lua%=%))
LUA_DIR = $(BUILT:lua%=%)
INST_LUADIR = $(PREFIX)/share/lua/$(LUA_DIR)
INST_LIBDIR = $(PREFIX)/lib/lua/$(LUA_DIR)

# Headers of another Lua would make modules that crash it.
has_headers = $(shell printf '\043include <lua.h>\n\043if %s\n\043error\n\043endif\n' \
	'LUA_VERSION_NUM != $(subst .,0,$(LUA_DIR))' | \
	$(CC) $(INC_$(BUILT)) -E -x c - >/dev/null 2>&1 && echo yes)

# Where Lua looks without being told (below /usr: Debian's).
KNOWN_PREFIXES = /usr/local /usr

# luarocks knows what it does.
ifneq ($(BUILT),rock)
ifneq ($(filter install install-sandbox uninstall,$(MAKECMDGOALS)),)
ifeq ($(filter $(ABI_NAMES) $(addprefix lua,$(ABI_NAMES)),$(ABI)),)
$(error ABI must be one of $(ABI_NAMES), got '$(ABI)')
endif
endif
ifneq ($(filter install,$(MAKECMDGOALS)),)
ifneq ($(has_headers),yes)
$(error there are no headers of Lua $(LUA_DIR) here: install them \
	(Debian: lib$(BUILT)-dev), or give INC_$(BUILT)=-I…)
endif
endif
OTHER_PLACE = $(filter-out $(KNOWN_PREFIXES),$(PREFIX))
endif

# What there is of Lua: all of it, or without the sandbox, or only that.
WITHOUT =
lua_files = find $(1) -name '*.lua' $(if $(WITHOUT),\
	-not -path 'certcentral/$(WITHOUT)/*')
install_lua = cd lua && $(call lua_files,$(1)) | while read -r f; do \
	install -D -m 644 "$$f" "$(DESTDIR)$(INST_LUADIR)/$$f"; done

install: $(foreach m,$(MODULES),$(BUILD)/$(BUILT)/certcentral/$(m).so)
	@$(call install_lua,certcentral)
	@for m in $(MODULES); do install -D -m 755 -s --strip-program=$(STRIP) \
		"$(BUILD)/$(BUILT)/certcentral/$$m.so" \
		"$(DESTDIR)$(INST_LIBDIR)/certcentral/$$m.so"; done
	@echo 'installed to $(DESTDIR)$(INST_LUADIR) and $(DESTDIR)$(INST_LIBDIR)'
ifneq ($(OTHER_PLACE),)
	@echo 'Lua does not look there by itself: put into your profile'
	@echo "  export LUA_PATH='$(INST_LUADIR)/?.lua;$(INST_LUADIR)/?/init.lua;;'"
	@echo "  export LUA_CPATH='$(INST_LIBDIR)/?.so;;'"
endif

# The stand-in for CertCentral by itself: it needs neither the client nor C.
install-sandbox:
	@$(call install_lua,certcentral/sandbox)
	@echo 'installed to $(DESTDIR)$(INST_LUADIR)'

uninstall:
	rm -rf "$(DESTDIR)$(INST_LUADIR)/certcentral" \
		"$(DESTDIR)$(INST_LIBDIR)/certcentral"

# The core for programs in C: dcc.h, which links nothing. Its functions, and
# no others, are what the shared library shows.
VERSION = $(shell sed -n 's/^.define DCC_VERSION "\(.*\)"/\1/p' \
	csrc/core/dcc.h)
# Until 1.0 each minor version may break programs.
SONAME = libcertcentral.so.$(shell echo $(VERSION) | \
	sed 's/^0\.\([0-9]*\).*/0.\1/; t; s/\..*//')
SHARED = $(patsubst %.c,$(BUILD)/shared/%.o,$(wildcard csrc/core/*.c))
C_LIBDIR = $(PREFIX)/lib

$(BUILD)/shared/csrc/%.o: csrc/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(NOTED) -fvisibility=default -c -o $@ $<
$(BUILD)/shared/exports: csrc/core/dcc.h
	@mkdir -p $(@D)
	(echo '{ global:'; grep -o '\bdcc_[a-z0-9_]*(' $< | sort -u | \
		sed 's/($$/;/'; echo 'local: *; };') >$@
$(BUILD)/shared/$(SONAME): $(SHARED) $(BUILD)/shared/exports
	$(CC) $(SANITIZE) -shared -Wl,-z,relro -Wl,-z,now \
		-Wl,-soname,$(SONAME) \
		-Wl,--version-script=$(BUILD)/shared/exports -o $@ $(SHARED)
$(BUILD)/shared/libcertcentral.a: $(CORE)
	@mkdir -p $(@D)
	@rm -f $@
	@ar rc $@ $^

install-c: $(BUILD)/shared/$(SONAME) $(BUILD)/shared/libcertcentral.a
	@install -D -m 644 csrc/core/dcc.h "$(DESTDIR)$(PREFIX)/include/dcc.h"
	@install -D -m 644 $(BUILD)/shared/libcertcentral.a \
		"$(DESTDIR)$(C_LIBDIR)/libcertcentral.a"
	@install -D -m 755 $(BUILD)/shared/$(SONAME) \
		"$(DESTDIR)$(C_LIBDIR)/$(SONAME)"
	@ln -sf $(SONAME) "$(DESTDIR)$(C_LIBDIR)/libcertcentral.so"
	@install -d "$(DESTDIR)$(C_LIBDIR)/pkgconfig"
	@printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(C_LIBDIR)' \
		'includedir=$${prefix}/include' '' 'Name: certcentral' \
		'Description: composes and checks orders for DigiCert CertCentral' \
		'Version: $(VERSION)' 'Cflags: -I$${includedir}' \
		'Libs: -L$${libdir} -lcertcentral' \
		>"$(DESTDIR)$(C_LIBDIR)/pkgconfig/certcentral.pc"
	@[ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || true
	@echo 'installed to $(DESTDIR)$(PREFIX)/include and $(DESTDIR)$(C_LIBDIR)'

uninstall-c:
	rm -f "$(DESTDIR)$(PREFIX)/include/dcc.h" \
		"$(DESTDIR)$(C_LIBDIR)/libcertcentral.a" \
		"$(DESTDIR)$(C_LIBDIR)/libcertcentral.so" \
		"$(DESTDIR)$(C_LIBDIR)/$(SONAME)" \
		"$(DESTDIR)$(C_LIBDIR)/pkgconfig/certcentral.pc"

# A host that carries everything inside: one library for each Lua, with the
# Lua files as C, and certcentral.h. Lua, lua-cjson, libcurl and libcrypto are
# the host's to link.
EMBEDDED = $(sort $(shell find lua/certcentral -name '*.lua' \
	-not -path 'lua/certcentral/sandbox/*' -not -name meta.lua))
BINDING = $(patsubst csrc/binding/%.c,%,$(wildcard csrc/binding/*.c))

$(BUILD)/embed/embedded.c: csrc/binding/embed.lua $(EMBEDDED)
	@mkdir -p $(@D)
	@$(LUA) $< $(EMBEDDED) >$@
$(BUILD)/embed/embedded.o: $(BUILD)/embed/embedded.c csrc/binding/lcc_embedded.h
	$(CC) $(ALL_CFLAGS) -Icsrc/binding -c -o $@ $<
$(BUILD)/embed/certcentral.h: csrc/binding/certcentral.h
	@mkdir -p $(@D)
	@cp $< $@
define embed_rules
$(BUILD)/embed/libcertcentral-$(1).a: $(BUILD)/embed/embedded.o \
		$(BINDING:%=$(BUILD)/$(1)/obj/%.o) \
		$(CORE) $(FILES) $(X509) $(SUFFIX) $(TRANSPORT)
	@rm -f $$@
	@ar rc $$@ $$^
$(BUILD)/examples/static-$(1): examples/embed/static.c \
		$(BUILD)/embed/libcertcentral-$(1).a $(BUILD)/embed/certcentral.h
	@mkdir -p $$(@D)
	$(CC) $(ALL_CFLAGS) $$(INC_HOST_$(1)) -I$(BUILD)/embed -o $$@ $$< \
		$(BUILD)/embed/libcertcentral-$(1).a -l:lib$(1)-cjson.a \
		$(STATIC_$(1)) $(CURL_LIBS) $(CRYPTO_LIBS) -lm -ldl -lpthread
endef
STATIC_lua5.4 = -l:liblua5.4.a
STATIC_lua5.1 = -l:libluajit-5.1.a
$(foreach abi,lua5.4 lua5.1,$(eval $(call embed_rules,$(abi))))

embed: $(BUILD)/embed/libcertcentral-lua5.4.a \
		$(BUILD)/embed/libcertcentral-lua5.1.a $(BUILD)/embed/certcentral.h

# For luarocks: one build, for the Lua whose headers it names.
rock:
	rm -rf build/rock
	$(MAKE) all BUILD=build/rock ABIS=rock

rock-install:
	$(MAKE) install BUILD=build/rock ABIS=rock BUILT=rock WITHOUT=sandbox

sandbox-rock-install:
	$(MAKE) install-sandbox BUILT=rock

clean:
	rm -rf build
