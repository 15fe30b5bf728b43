# prove.mk: what is done to trust the code beyond its tests: fuzzing,
# coverage, threads, a soak. Part of the Makefile.

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

$(FUZZ_BUILD)/fuzz_%: csrc/test/fuzz_%.c csrc/test/fuzz.h \
		$(FUZZ_BUILD)/libdcc.a
	@mkdir -p $(@D)
	clang $(DEFINES) -O1 -g $(WARNINGS) $(FUZZ_FLAGS) -fsanitize=fuzzer \
		-o $@ $< $(FUZZ_BUILD)/libdcc.a $(FUZZ_LIBS)

fuzz-programs:
	@$(MAKE) -s --no-print-directory BUILD=$(FUZZ_BUILD) CC=clang \
		SANITIZE='$(FUZZ_FLAGS) -fsanitize=fuzzer-no-link' \
		CFLAGS='-O1 -g' HARDENING= $(FUZZ_BUILD)/libdcc.a
	@$(MAKE) -s --no-print-directory $(FUZZ_PROGRAMS)

# Every input that is kept, then new ones. What breaks a promise is left at
# build/fuzz; it belongs in spec/cases/fuzz once the defect is mended.
fuzz: deps fuzz-programs
	@FUZZ_BUILD=$(FUZZ_BUILD) sh spec/fuzz.sh -max_total_time=$(FUZZ_SECONDS)

fuzz-short: deps fuzz-programs
	@FUZZ_BUILD=$(FUZZ_BUILD) sh spec/fuzz.sh -runs=$(FUZZ_RUNS) -seed=20261124
