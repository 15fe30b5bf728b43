# prove.mk: what is done to trust the code beyond its tests: fuzzing,
# coverage, threads, a soak and an attack. Part of the Makefile.

.PHONY: fuzz fuzz-short fuzz-programs

# ---- fuzzing ----------------------------------------------------------------

# Seconds for each target of `make fuzz`; inputs for each in `make test`.
FUZZ_SECONDS = 60
export FUZZ_RUNS = 3000
FUZZ_TARGETS = order csr date host headers
FUZZ_BUILD = build/fuzz
FUZZ_PROGRAMS = $(FUZZ_TARGETS:%=$(FUZZ_BUILD)/fuzz_%)
FUZZ_FLAGS = -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
FUZZ_LIBS = -ljansson $(CURL_LIBS) -lssl $(CRYPTO_LIBS) -lpthread

$(FUZZ_BUILD)/fuzz_%: csrc/test/fuzz_%.c $(FUZZ_BUILD)/libdcc.a
	@mkdir -p $(@D)
	clang $(DEFINES) -O1 -g $(WARNINGS) $(FUZZ_FLAGS) -fsanitize=fuzzer \
		$(NOTED) -o $@ $< $(FUZZ_BUILD)/libdcc.a $(FUZZ_LIBS)

fuzz-programs:
	@$(MAKE) -s --no-print-directory BUILD=$(FUZZ_BUILD) CC=clang \
		SANITIZE='$(FUZZ_FLAGS) -fsanitize=fuzzer-no-link' \
		CFLAGS='-O1 -g' HARDENING= $(FUZZ_BUILD)/libdcc.a
	@$(MAKE) -s --no-print-directory $(FUZZ_PROGRAMS)

# Every input that is kept, then new ones. What breaks a promise is left at
# build/fuzz; it belongs in spec/cases/fuzz once the defect is mended.
fuzz: deps-fuzz fuzz-programs
	@FUZZ_BUILD=$(FUZZ_BUILD) sh spec/fuzz.sh -max_total_time=$(FUZZ_SECONDS)

fuzz-short: deps-fuzz fuzz-programs
	@FUZZ_BUILD=$(FUZZ_BUILD) sh spec/fuzz.sh -runs=$(FUZZ_RUNS) -seed=20261124

# Random orders, judged by the code and by a second reading of the page.
ORACLE_COUNT = 100000
.PHONY: fuzz-lua
fuzz-lua: deps-fuzz-lua
	@$(MAKE) -s all
	@seed=$${ORACLE_SEED:-$$(date +%s)}; for abi in lua5.4 lua5.1; do \
		lua=$(LUA); [ $$abi = lua5.4 ] || lua=$(LUAJIT); \
		echo "$(ORACLE_COUNT) orders of seed $$seed, $$lua"; \
		ORACLE_COUNT=$(ORACLE_COUNT) ORACLE_SEED=$$seed \
		CERTCENTRAL_TEST_LUA=$$lua CERTCENTRAL_TEST_BUILD=$(CURDIR)/$(BUILD) \
		LUA_CPATH="$(CURDIR)/$(BUILD)/$$abi/?.so;;" \
		$$lua spec/main.lua spec/order/oracle_spec.lua || exit 1; done

# ---- programs with Lua in them ----------------------------------------------

LIB_lua5.4 = -llua5.4
LIB_lua5.1 = -lluajit-5.1
HOSTS = lua_memory lua_secrets lua_threads lua_finalizers
HOST_PROGRAMS = $(foreach abi,lua5.4 lua5.1,\
	$(HOSTS:%=$(BUILD)/test/%-$(abi))) $(BUILD)/test/preload_malloc.so

# For Lua 5.1 the host is LuaJIT.
INC_HOST_lua5.4 = $(INC_lua5.4)
INC_HOST_lua5.1 = $(call inc,luajit)
define host_rules
$(BUILD)/test/%-$(1): csrc/test/%.c
	@mkdir -p $$(@D)
	$(CC) $(filter-out -fPIC -fvisibility=hidden,$(ALL_CFLAGS)) \
		$$(NOTED) $$(INC_HOST_$(1)) -o $$@ $$< -Wl,-E $(LIB_$(1)) \
		-lm -ldl -lpthread
endef
$(foreach abi,lua5.4 lua5.1,$(eval $(call host_rules,$(abi))))

# What tests preload: no sanitizer's, whose place one of them takes.
$(BUILD)/test/preload_%.so: csrc/test/preload_%.c
	@mkdir -p $(@D)
	$(CC) $(DEFINES) -O2 -g $(WARNINGS) -fno-builtin -fPIC -shared -o $@ $<

# ---- threads, and a soak ----------------------------------------------------

.PHONY: tsan soak
TSAN = build/tsan
tsan: deps-tsan
	@$(MAKE) -s --no-print-directory BUILD=$(TSAN) HARDENING= \
		SANITIZE=-fsanitize=thread CFLAGS='-O1 -g' \
		all $(TSAN)/test/lua_threads-lua5.4
	@$(MAKE) -s all
	@TSAN_OPTIONS=halt_on_error=1:exitcode=66 LUA_CPATH='$(CPATH54)' \
		$(LUA) spec/threads.lua $(TSAN)/test/lua_threads-lua5.4 \
		'$(CURDIR)/$(TSAN)/lua5.4/?.so;;'

SOAK_COUNT = 100000
soak: deps-soak
	@$(MAKE) -s all
	@LUA_CPATH='$(CPATH54)' $(LUA) spec/soak.lua $(SOAK_COUNT)
	@LUA_CPATH='$(CPATH54)' $(LUA) spec/attack.lua $(SOAK_COUNT)

# ---- coverage ---------------------------------------------------------------

.PHONY: coverage
COVERED = build/coverage
coverage: deps-coverage
	@$(MAKE) -s --no-print-directory BUILD=$(COVERED) HARDENING= \
		SANITIZE='--coverage -fprofile-update=atomic' CFLAGS='-O0 -g' \
		all test-programs $(EXAMPLES:$(BUILD)/%=$(COVERED)/%)
	@find $(COVERED) -name '*.gcda' -delete
	@COVERED=$(COVERED) sh spec/coverage.sh

MUTANTS = 40
MUTANTS_SEED = 20261125

mutants: deps-test
	@$(LUA) spec/mutants.lua $(MUTANTS) $(MUTANTS_SEED)
