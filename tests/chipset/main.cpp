// Test programs of SystemC modules: GoogleTest inside sc_main. SystemC elaborates once a process, so each
// case runs in a process of its own (ctest does that) or in a program that never calls sc_start.
#include <gtest/gtest.h>

#include <cstdlib>
#include <systemc>

int sc_main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}

int main(int argc, char** argv) {
    // The banner would end up in the list of tests that ctest asks for.
    setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
    return sc_core::sc_elab_and_sim(argc, argv);
}
