; Integer loop in flat 32-bit protected mode with 4 KiB paging.
%include "bench.inc"
%include "loop.inc"
bench_start
DIRECTORY equ 0x100000
TABLES    equ 0x101000          ; identity for the first 4 MiB

main:
    mov edi, DIRECTORY
    xor eax, eax
    mov ecx, 1024
    rep stosd
    mov dword [DIRECTORY], TABLES + 3
    mov edi, TABLES
    mov eax, 3
.entry:
    mov [edi], eax
    add edi, 4
    add eax, 0x1000
    cmp edi, TABLES + 0x1000
    jb .entry
    mov eax, DIRECTORY
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    jmp .paged
.paged:
    integer_loop
    ret
    rom_end
