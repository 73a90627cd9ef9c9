# SPDX-License-Identifier: Apache-2.0
# The fuzzers of the image reader, of frames and of what stores say: with drivers of their own
# anywhere, the first with libFuzzer where Clang is.

FUZZ_CLANG = clang

check_PROGRAMS += test/fuzz/image
test_fuzz_image_SOURCES = \
	test/fuzz/driver.c test/fuzz/fuzz.h test/fuzz/image.c test/fuzz/verbs.c \
	test/unit/sample.c test/unit/sample.h
test_fuzz_image_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/test/unit -I$(top_srcdir)/test/fuzz
test_fuzz_image_LDADD = src/librestart.a src/libinspect.a $(TOOL_LIBS) $(UNWIND_LIBS) \
	$(IBERTY_LIBS)

check_PROGRAMS += test/fuzz/frame
test_fuzz_frame_SOURCES = test/fuzz/frame.c test/fuzz/frame_driver.c test/fuzz/fuzz.h \
	test/unit/sample.c test/unit/sample.h
test_fuzz_frame_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/test/unit -I$(top_srcdir)/test/fuzz
test_fuzz_frame_LDADD = $(TOOL_LIBS) $(NET_LIBS)
$(test_fuzz_frame_OBJECTS): $(PROTO_HDRS)

$(test_fuzz_image_OBJECTS): $(PROTO_HDRS)

check_PROGRAMS += test/fuzz/store
test_fuzz_store_SOURCES = test/fuzz/store.c test/unit/sample.c test/unit/sample.h
test_fuzz_store_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/test/unit
test_fuzz_store_LDADD = src/libstore.a $(NET_LIBS) src/libcommon.a $(NANOPB_LIBS) $(LZ4_LIBS) \
	$(XXHASH_LIBS) $(ELF_LIBS) -lpthread

$(test_fuzz_store_OBJECTS): $(PROTO_HDRS)

# What crimage does with images.
check_PROGRAMS += test/fuzz/inspect
test_fuzz_inspect_SOURCES = test/fuzz/inspect.c test/unit/sample.c test/unit/sample.h
test_fuzz_inspect_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/test/unit
test_fuzz_inspect_LDADD = $(crimage_LDADD)
$(test_fuzz_inspect_OBJECTS): $(PROTO_HDRS)

# All in one go, so that what is fuzzed has Clang's coverage and sanitizers.
FUZZ_CLANG_SRCS = test/fuzz/image.c test/fuzz/verbs.c src/restart/check.c \
	$(filter %.c,$(src_libcommon_a_SOURCES) $(src_libobjects_a_SOURCES) \
	$(src_libshape_a_SOURCES) $(src_libinspect_a_SOURCES))
FUZZ_CLANG_FLAGS = -std=gnu11 -O1 -g -fno-omit-frame-pointer \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined

CLEANFILES += test/fuzz/image-libfuzzer

test/fuzz/image-libfuzzer: $(FUZZ_CLANG_SRCS) test/fuzz/fuzz.h src/libcommon.a src/libobjects.a \
		src/libinspect.a src/libplugin.a
	$(AM_V_CCLD)$(MKDIR_P) test/fuzz && $(FUZZ_CLANG) $(DEFS) $(AM_CPPFLAGS) $(CPPFLAGS) \
		-I$(top_srcdir)/test/fuzz $(FUZZ_CLANG_FLAGS) -o $@ \
		$(addprefix $(top_srcdir)/,$(FUZZ_CLANG_SRCS)) \
		$(addprefix $(top_builddir)/,$(nodist_src_libcommon_a_SOURCES)) \
		src/libplugin.a \
		$(NANOPB_LIBS) $(LZ4_LIBS) $(XXHASH_LIBS) $(ELF_LIBS) $(UNWIND_LIBS) \
		$(IBERTY_LIBS) -lpthread

check-fuzz: all test/fuzz/image$(EXEEXT) test/fuzz/frame$(EXEEXT) test/fuzz/store$(EXEEXT) \
		test/fuzz/inspect$(EXEEXT) test/prog/core-threads$(EXEEXT)
	+@$(RUN_ENV) MAKE='$(MAKE)' FUZZ_CLANG='$(FUZZ_CLANG)' $(top_srcdir)/test/fuzz/run

.PHONY: check-fuzz
