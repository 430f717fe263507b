# SPDX-License-Identifier: GPL-2.0
# The framework of the lessons as a lesson, and a mmscope whose witnesses lie.

LESSON_OUT  := $(BUILD)/tests/lesson
LESSON_OBJ  := $(filter-out $(BUILD)/user/cmd/%,$(TOOL_OBJ))
LESSON_BINS := $(LESSON_OUT)/kit $(LESSON_OUT)/mmscope-liar

$(LESSON_OUT)/kit: tests/lesson/kit.c $(LESSON_OBJ) $(BUILD)/libmmscope.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(USER_CPPFLAGS) $(USER_CFLAGS) -Iuser/lesson -o $@ $^ $(USER_LIBS) $(TOOL_LIBS)

$(LESSON_OUT)/mmscope-liar: user/lib/inquiry.c $(TOOL_OBJ) $(BUILD)/libmmscope.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(USER_CPPFLAGS) $(USER_CFLAGS) -DMMS_TEST_LIES -o $@ $^ $(USER_LIBS) $(TOOL_LIBS)

# They look for the subject beside themselves.
$(LESSON_OUT)/mmscope-subject%: $(BUILD)/mmscope-subject%
	@mkdir -p $(@D)
	ln -sfn ../../$(@F) $@
$(LESSON_OUT)/mmscope-subject: $(BUILD)/mmscope-subject
	@mkdir -p $(@D)
	ln -sfn ../../$(@F) $@

all-tests: $(LESSON_BINS) $(SUBJECTS:$(BUILD)/%=$(LESSON_OUT)/%)
