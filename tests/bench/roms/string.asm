; REP string operations: one unit moves 16 MiB with MOVSD and MOVSB, fills 16 MiB with STOSD and compares 4 MiB.
%include "bench.inc"
bench_start
SOURCE equ 0x200000
TARGET equ 0x400000
BLOCK  equ 0x100000

main:
    repeat_count
.repeat:
    push ecx
    mov ebx, 16
.pass:
    mov esi, SOURCE
    mov edi, TARGET
    mov ecx, BLOCK / 8
    rep movsd
    mov esi, SOURCE
    mov edi, TARGET
    mov ecx, BLOCK / 2
    rep movsb
    mov edi, TARGET
    mov eax, ebx
    mov ecx, BLOCK / 4
    rep stosd
    mov edi, SOURCE
    mov ecx, BLOCK / 4
    rep stosd
    mov esi, SOURCE
    mov edi, TARGET
    mov ecx, BLOCK / 16
    repe cmpsd
    dec ebx
    jnz .pass
    pop ecx
    dec ecx
    jnz .repeat
    ret
    rom_end
