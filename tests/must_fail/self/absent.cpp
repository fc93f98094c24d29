// For the harness itself: fails, but without the sentence.
// expect: a sentence that no compiler prints
static_assert(sizeof(int) == 0, "another sentence");
