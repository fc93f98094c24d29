// For the harness itself: the sentence comes after another error.
// expect: the second error
// within: 1
static_assert(sizeof(int) == 0, "the first error");
static_assert(sizeof(int) == 0, "the second error");
