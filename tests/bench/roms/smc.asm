; Self-modifying code: rewrites the immediate of an instruction of the loop it runs in. One unit is 20000 rounds.
%include "bench.inc"
bench_start
main:
    repeat_count
.repeat:
    mov ebx, 20000
    xor edx, edx
.round:
    mov [AT(.patched) + 1], ebx
    nop
.patched:
    mov eax, 0x11111111
    add edx, eax
    xor edx, ebx
    dec ebx
    jnz .round
    dec ecx
    jnz .repeat
    ret
    rom_end
