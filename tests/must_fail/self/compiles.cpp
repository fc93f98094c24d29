// For the harness itself: compiles although it should not.
// expect: anything
int main() {}
