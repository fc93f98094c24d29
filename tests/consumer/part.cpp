// Includes the header of one optional part, with nothing but that part's target linked.
#include UML_PART_HEADER

int main() {}
