; Integer loop in flat 32-bit protected mode without paging.
%include "bench.inc"
%include "loop.inc"
bench_start
main:
    integer_loop
    ret
    rom_end
