; Port I/O round trips to a register of the southbridge: IN and OUT of port 61h (NMI status and control).
; One unit is 100000 round trips.
%include "bench.inc"
bench_start
main:
    repeat_count
.repeat:
    mov ebx, 50000
.trip:
    in al, 0x61
    out 0x61, al
    dec ebx
    jnz .trip
    dec ecx
    jnz .repeat
    ret
    rom_end
