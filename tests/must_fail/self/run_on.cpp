// For the harness itself: an expectation that a formatter has run into the line before it.
// expect: another sentence expect-gcc: a sentence that no compiler prints
static_assert(sizeof(int) == 0, "another sentence");
