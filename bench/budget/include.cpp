// The single include, and nothing of it used.
#include "uml/uml.hpp"

int main() {}
